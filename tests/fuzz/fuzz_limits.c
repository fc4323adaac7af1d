/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_limits.c: any bytes as limits. The first byte chooses: the JSON of a request's "limits" (of the submission and of a test case), or
 * the text of a limit on the command line and in the configuration. What is accepted is a limit: never zero or less, after resolving never
 * above its cap, the same after being stored, and written out and read again the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/value.h"
#include "model/submission.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void within(const struct limits *limits, const struct limits *caps)
{
    for (size_t i = 0; i < limit_field_count; i++) {
        int64_t value = limits_get(limits, &limit_fields[i]);
        must(value >= limit_fields[i].least && value <= limits_get(caps, &limit_fields[i]));
    }
}

static void survive(const struct submission *sub)
{
    _cleanup_(submission_freep) struct submission *back = NULL;
    _cleanup_(buf_release) struct buf stored = BUF_INIT;
    submission_store(sub, &stored);
    must(submission_load(stored.data, stored.len, &back, NULL) == 0 && back->test_count == sub->test_count);
    for (size_t i = 0; i < limit_field_count; i++)
        for (size_t t = 0; t < sub->test_count; t++)
            must(limits_get(&back->tests[t].limits, &limit_fields[i]) ==
                 limits_get(&sub->tests[t].limits, &limit_fields[i]));
}

static void as_json(const char *data, size_t size)
{
    _cleanup_(submission_freep) struct submission *sub = NULL;
    struct field_errors errors = {0};
    json_auto_t *limits = NULL;
    const struct limits defaults = limits_default(), caps = limits_cap();
    if (json_parse(data, size, &limits, NULL) < 0)
        return;
    json_auto_t *body = json_pack("{s:s, s:s, s:O, s:[{s:O}, {}]}", "language", "c", "code", "x", "limits", limits,
                                  "test_cases", "limits", limits);
    int r = submission_parse_batch(body, &sub, &errors);
    must((r == 0) == (errors.count == 0));
    if (r == 0 && submission_resolve_limits(sub, &defaults, &caps, &errors) == 0) {
        for (size_t t = 0; t < sub->test_count; t++)
            within(&sub->tests[t].limits, &caps);
        survive(sub);
    }
    field_errors_release(&errors);
}

static bool ends_in(const char *name, const char *end)
{
    return strlen(name) > strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static void as_text(const char *text)
{
    for (size_t i = 0; i < limit_field_count; i++) {
        const char *name = limit_fields[i].name;
        bool duration = ends_in(name, "_ms"), memory = ends_in(name, "_kb");
        int64_t value = 0, again = 0;
        if (value_limit(name, text, &value, NULL) < 0 || (!duration && !memory))
            continue;
        _cleanup_(buf_release) struct buf written = BUF_INIT;
        must(value >= 0);
        if (memory && value > INT64_MAX / 1024)
            continue; /* rounded up to more bytes than can be written; far above any cap */
        if (duration)
            value_print_duration(value, &written);
        else
            value_print_size(value * 1024, &written);
        must(value_limit(name, buf_str(&written), &again, NULL) == 0 && again == value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        as_json((const char *)data + 1, size - 1);
        return 0;
    }
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    as_text(text);
    free(text);
    return 0;
}
