/* SPDX-License-Identifier: Apache-2.0 */
/* submission_store.c: the stored form of a submission. See stored.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/choices.h"
#include "model/names.h"
#include "model/stored.h"
#include "model/strings.h"

static json_t *limits_form(const struct limits *limits)
{
    json_t *form = json_object();
    for (size_t i = 0; i < limit_field_count; i++)
        if (limits_get(limits, &limit_fields[i]) != 0)
            stored_set_int(form, limit_fields[i].name, limits_get(limits, &limit_fields[i]));
    return form;
}

static json_t *files_form(const struct submission *sub)
{
    json_t *form = json_array();
    for (size_t i = 0; i < sub->file_count; i++) {
        json_t *file = json_object();
        stored_set_text(file, "name", sub->files[i].name);
        stored_set_bytes(file, "content", &sub->files[i].content);
        json_array_append_new(form, file);
    }
    return form;
}

static json_t *test_form(const struct test_case *test)
{
    json_t *form = json_object();
    stored_set_text(form, "name", test->name);
    stored_set_bytes(form, "stdin", &test->stdin_data);
    if (test->has_expected)
        stored_set_bytes(form, "expected", &test->expected);
    if (test->has_args)
        stored_set_strings(form, "args", &test->args);
    json_object_set_new(form, "limits", limits_form(&test->limits));
    return form;
}

static void put_program(json_t *form, const struct submission *sub)
{
    stored_set_text(form, "language", sub->language);
    stored_set_text(form, "version", sub->version);
    stored_set_bytes(form, "code", &sub->code);
    json_object_set_new(form, "files", files_form(sub));
    stored_set_strings(form, "compiler_options", &sub->compiler_options);
}

static json_t *checker_form(const struct checker_spec *checker)
{
    json_t *form = json_object();
    if (checker->program)
        put_program(form, checker->program);
    stored_set_text(form, "type", checker_names[checker->type]);
    json_object_set_new(form, "abs", json_real(checker->abs));
    json_object_set_new(form, "rel", json_real(checker->rel));
    return form;
}

void submission_store(const struct submission *sub, struct buf *out)
{
    json_t *root = stored_new(), *tests = json_array();
    stored_set_text(root, "token", sub->token);
    stored_set_int(root, "created_ms", sub->created_ms);
    put_program(root, sub);
    stored_set_strings(root, "args", &sub->args);
    json_object_set_new(root, "limits", limits_form(&sub->limits));
    json_object_set_new(root, "checker", checker_form(&sub->checker));
    stored_set_bool(root, "stop_on_first_failure", sub->stop_on_first_failure);
    if (sub->collect.count > 0)
        stored_set_strings(root, "collect", &sub->collect);
    stored_set_text(root, "encoding", encoding_names[sub->encoding]);
    stored_set_text(root, "webhook_url", sub->webhook_url);
    if (sub->webhook_events != WEBHOOK_EVENTS_DEFAULT)
        stored_set_int(root, "webhook_events", sub->webhook_events);
    stored_set_int(root, "priority", sub->priority);
    if (sub->no_hints)
        stored_set_bool(root, "hints", false);
    if (sub->hint_language)
        stored_set_text(root, "hint_language", sub->hint_language);
    json_object_set(root, "metadata", sub->metadata);
    for (size_t i = 0; i < sub->test_count; i++)
        json_array_append_new(tests, test_form(&sub->tests[i]));
    json_object_set_new(root, "tests", tests);
    stored_write(root, out);
}

static void load_limits(struct stored_load *load, const json_t *object, struct limits *ret)
{
    json_t *form = stored_get_object(load, object, "limits");
    size_t known = 0;
    for (size_t i = 0; i < limit_field_count; i++) {
        const struct limit_field *field = &limit_fields[i];
        if (!json_object_get(form, field->name))
            continue;
        *limits_at(ret, field) = stored_get_int(load, form, field->name, 1, INT64_MAX);
        known++;
    }
    if (known != json_object_size(form))
        stored_damaged(load, "limits"); /* one that would be lost */
}

/* The index of a name in names; 0 on failure. */
static size_t load_choice(struct stored_load *load, const json_t *object, const char *key, const char *const *names,
                          size_t count)
{
    _cleanup_(freep) char *text = NULL;
    stored_get_text(load, object, key, &text);
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    stored_damaged(load, key);
    return 0;
}

static double load_tolerance(struct stored_load *load, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    double tolerance = json_number_value(value);
    if (!json_is_number(value) || !(tolerance >= 0) || !isfinite(tolerance))
        stored_damaged(load, key);
    return tolerance;
}

/* Names are checked again: they become paths. */
static void load_files(struct stored_load *load, const json_t *root, struct submission *sub)
{
    const json_t *form = stored_get_array(load, root, "files", 0, SUBMISSION_FILES_MAX);
    sub->file_count = json_array_size(form);
    sub->files = xcalloc(sub->file_count, sizeof *sub->files);
    for (size_t i = 0; i < sub->file_count; i++) {
        const json_t *file = json_array_get(form, i);
        stored_get_text(load, file, "name", &sub->files[i].name);
        stored_get_bytes(load, file, "content", &sub->files[i].content);
        if (load->code == 0 && source_name_mistake(str_of(sub->files[i].name)))
            stored_damaged(load, "name");
    }
}

static void load_program(struct stored_load *load, const json_t *form, struct submission *sub)
{
    stored_get_text(load, form, "language", &sub->language);
    stored_get_optional_text(load, form, "version", &sub->version);
    stored_get_bytes(load, form, "code", &sub->code);
    load_files(load, form, sub);
    stored_get_strings(load, form, "compiler_options", &sub->compiler_options);
}

static void load_checker(struct stored_load *load, const json_t *root, struct checker_spec *ret)
{
    const json_t *form = stored_get_object(load, root, "checker");
    ret->type = (enum checker_type)load_choice(load, form, "type", checker_names, CHECKER_TYPES);
    ret->abs = load_tolerance(load, form, "abs");
    ret->rel = load_tolerance(load, form, "rel");
    if (load->code < 0 || ret->type < CHECKER_PROGRAM)
        return;
    ret->program = submission_new();
    load_program(load, form, ret->program);
}

/* Forms of before there was collect have none. The names become paths. */
static void load_collect(struct stored_load *load, const json_t *root, struct submission *sub)
{
    if (!json_object_get(root, "collect"))
        return;
    stored_get_strings(load, root, "collect", &sub->collect);
    if (sub->collect.count > SUBMISSION_COLLECT_MAX)
        stored_damaged(load, "collect");
    for (size_t i = 0; i < sub->collect.count; i++)
        if (source_name_mistake(str_of(sub->collect.items[i])))
            stored_damaged(load, "collect");
}

static void load_test(struct stored_load *load, const json_t *form, struct test_case *test)
{
    stored_get_optional_text(load, form, "name", &test->name);
    stored_get_bytes(load, form, "stdin", &test->stdin_data);
    test->has_expected = json_object_get(form, "expected") != NULL;
    if (test->has_expected)
        stored_get_bytes(load, form, "expected", &test->expected);
    test->has_args = json_object_get(form, "args") != NULL;
    if (test->has_args)
        stored_get_strings(load, form, "args", &test->args);
    load_limits(load, form, &test->limits);
}

static void load_tests(struct stored_load *load, const json_t *root, struct submission *sub)
{
    const json_t *form = stored_get_array(load, root, "tests", 1, SUBMISSION_TESTS_MAX);
    sub->test_count = json_array_size(form);
    sub->tests = xcalloc(sub->test_count, sizeof *sub->tests);
    for (size_t i = 0; i < sub->test_count; i++)
        load_test(load, json_array_get(form, i), &sub->tests[i]);
}

static void load_token(struct stored_load *load, const json_t *root, struct submission *sub)
{
    _cleanup_(freep) char *token = NULL;
    stored_get_text(load, root, "token", &token);
    if (!token)
        return;
    if (token[0] != '\0' && !token_valid(token, strlen(token)))
        stored_damaged(load, "token");
    else
        snprintf(sub->token, sizeof sub->token, "%s", token);
}

/* Forms of before there were hints have neither. */
static void load_hints(struct stored_load *load, const json_t *root, struct submission *sub)
{
    if (json_object_get(root, "hints"))
        sub->no_hints = !stored_get_bool(load, root, "hints");
    if (json_object_get(root, "hint_language"))
        stored_get_text(load, root, "hint_language", &sub->hint_language);
}

static void load_metadata(struct stored_load *load, const json_t *root, struct submission *sub)
{
    json_t *metadata = stored_get_object(load, root, "metadata");
    if (!metadata)
        return;
    json_decref(sub->metadata);
    sub->metadata = json_incref(metadata);
}

int submission_load(const void *data, size_t len, struct submission **ret, struct error *err)
{
    struct stored_load load = {.err = err};
    json_auto_t *root = stored_parse(&load, data, len);
    if (!root)
        return load.code;
    _cleanup_(submission_freep) struct submission *sub = submission_new();
    load_token(&load, root, sub);
    sub->created_ms = stored_get_int(&load, root, "created_ms", INT64_MIN, INT64_MAX);
    load_program(&load, root, sub);
    stored_get_strings(&load, root, "args", &sub->args);
    load_limits(&load, root, &sub->limits);
    load_checker(&load, root, &sub->checker);
    sub->stop_on_first_failure = stored_get_bool(&load, root, "stop_on_first_failure");
    load_collect(&load, root, sub);
    sub->encoding = (enum encoding)load_choice(&load, root, "encoding", encoding_names, ENCODINGS);
    stored_get_optional_text(&load, root, "webhook_url", &sub->webhook_url);
    if (json_object_get(root, "webhook_events"))
        sub->webhook_events = (unsigned)stored_get_int(&load, root, "webhook_events", 0, (1 << WEBHOOK_EVENTS) - 1);
    sub->priority = (int)stored_get_int(&load, root, "priority", -SUBMISSION_PRIORITY_MAX, SUBMISSION_PRIORITY_MAX);
    load_hints(&load, root, sub);
    load_metadata(&load, root, sub);
    load_tests(&load, root, sub);
    if (load.code == 0)
        *ret = STEAL(sub);
    return load.code;
}
