/* SPDX-License-Identifier: Apache-2.0 */
/* submission.c: the life of a submission, its limits, and the list of mistakes found in a request. See submission.h. */
#include "model/submission.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/choices.h"
#include "model/strings.h"

const char *const checker_names[] = {
    [CHECKER_LINES] = "lines", [CHECKER_EXACT] = "exact",     [CHECKER_TOKENS] = "tokens",
    [CHECKER_FLOAT] = "float", [CHECKER_PROGRAM] = "program", [CHECKER_INTERACTOR] = "interactor"};
const char *const encoding_names[] = {[ENCODING_UTF8] = "utf8", [ENCODING_BASE64] = "base64"};

const char *const webhook_event_names[WEBHOOK_EVENTS] = {
    [WEBHOOK_STARTED] = "started",
    [WEBHOOK_TEST] = "test",
    [WEBHOOK_COMPLETED] = "completed",
};

void strings_add(struct string_list *list, struct str item)
{
    /* Grows at powers of two; the capacity need not be kept. */
    if ((list->count & (list->count - 1)) == 0)
        list->items = xrealloc(list->items, (list->count ? 2 * list->count : 1) * sizeof *list->items);
    list->items[list->count++] = str_dup(item);
}

void strings_release(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct string_list){0};
}

void field_errors_add(struct field_errors *errors, const char *field, const char *format, ...)
{
    if (errors->count == FIELD_ERRORS_MAX)
        return;
    char text[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!errors->items)
        errors->items = xcalloc(FIELD_ERRORS_MAX, sizeof *errors->items);
    errors->items[errors->count++] = (struct field_error){.field = xstrdup(field), .message = xstrdup(text)};
}

void field_errors_release(struct field_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        free(errors->items[i].field);
        free(errors->items[i].message);
    }
    free(errors->items);
    *errors = (struct field_errors){0};
}

static void test_case_release(struct test_case *test)
{
    free(test->name);
    buf_release(&test->stdin_data);
    buf_release(&test->expected);
    strings_release(&test->args);
}

struct submission *submission_new(void)
{
    struct submission *sub = xcalloc(1, sizeof *sub);
    sub->metadata = json_object();
    sub->webhook_events = WEBHOOK_EVENTS_DEFAULT;
    return sub;
}

const struct string_list *submission_args(const struct submission *sub, size_t test)
{
    return sub->tests[test].has_args ? &sub->tests[test].args : &sub->args;
}

void submission_free(struct submission *sub)
{
    if (!sub)
        return;
    free(sub->language);
    free(sub->version);
    buf_release(&sub->code);
    for (size_t i = 0; i < sub->file_count; i++) {
        free(sub->files[i].name);
        buf_release(&sub->files[i].content);
    }
    free(sub->files);
    strings_release(&sub->compiler_options);
    strings_release(&sub->args);
    strings_release(&sub->collect);
    for (size_t i = 0; i < sub->test_count; i++)
        test_case_release(&sub->tests[i]);
    free(sub->tests);
    submission_free(sub->checker.program);
    free(sub->webhook_url);
    free(sub->hint_language);
    json_decref(sub->metadata);
    free(sub);
}

/* Reports every given limit that is above its cap; path is what stands before "limits". */
static bool within_caps(const struct limits *given, const struct limits *caps, const char *path,
                        struct field_errors *errors)
{
    bool within = true;
    for (size_t i = 0; i < limit_field_count; i++) {
        const struct limit_field *field = &limit_fields[i];
        if (limits_get(given, field) <= limits_get(caps, field))
            continue;
        within = false;
        _cleanup_(buf_release) struct buf name = BUF_INIT;
        buf_printf(&name, "%slimits.%s", path, field->name);
        field_errors_add(errors, buf_str(&name), "must be at most %" PRId64, limits_get(caps, field));
    }
    return within;
}

/*
 * What was not given comes from defaults, but never above the cap. A wall limit that was not given leaves room for the CPU limit
 * that was: otherwise "cpu_time_ms": 15000 alone would end at the default wall limit of 10 s.
 */
static void fill_limits(struct limits *limits, const struct limits *defaults, const struct limits *caps)
{
    bool wall_given = limits->wall_time_ms != 0;
    limits_fill(limits, defaults);
    if (!wall_given)
        limits->wall_time_ms = MAX(limits->wall_time_ms, 2 * MIN(limits->cpu_time_ms, caps->cpu_time_ms));
    for (size_t i = 0; i < limit_field_count; i++) {
        int64_t *limit = limits_at(limits, &limit_fields[i]);
        *limit = MIN(*limit, limits_get(caps, &limit_fields[i]));
    }
}

int submission_resolve_limits(struct submission *sub, const struct limits *defaults, const struct limits *caps,
                              struct field_errors *errors)
{
    const struct limits given = sub->limits;
    bool within = within_caps(&given, caps, sub->array_form ? "[0]." : "", errors);
    fill_limits(&sub->limits, defaults, caps);
    for (size_t i = 0; i < sub->test_count; i++) {
        struct limits *limits = &sub->tests[i].limits;
        char path[64];
        snprintf(path, sizeof path, sub->array_form ? "[%zu]." : "test_cases[%zu].", i);
        within = within_caps(limits, caps, path, errors) && within;
        limits_fill(limits, &given);
        fill_limits(limits, defaults, caps);
    }
    return within ? 0 : -EINVAL;
}

int64_t submission_output_bytes(const struct submission *sub)
{
    return OUTPUT_TOTAL_KB_MAX * INT64_C(1024) / 2 / (int64_t)MAX(sub->test_count, (size_t)1);
}

int64_t submission_collect_bytes(const struct submission *sub, const struct limits *limits)
{
    int64_t share_kb = COLLECTED_TOTAL_KB_MAX / (int64_t)MAX(sub->test_count, (size_t)1);
    return MIN(MIN(share_kb, (int64_t)COLLECTED_KB_MAX), limits->file_kb) * 1024;
}
