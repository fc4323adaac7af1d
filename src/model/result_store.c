/* SPDX-License-Identifier: Apache-2.0 */
/* result_store.c: the stored form of results, whole or one step of them. See stored.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/result.h"
#include "model/stored.h"

static const char *const compile_states[] = {[COMPILE_NONE] = "none", [COMPILE_OK] = "ok", [COMPILE_FAILED] = "failed"};

/* A refused file has no content. */
static json_t *files_form(const struct test_result *test)
{
    json_t *form = json_array();
    for (size_t i = 0; i < test->file_count; i++) {
        const struct collected_file *file = &test->files[i];
        json_t *item = json_object();
        stored_set_text(item, "name", file->name);
        if (!file->refused)
            stored_set_bytes(item, "content", &file->content);
        json_array_append_new(form, item);
    }
    return form;
}

static void put_test(json_t *form, const struct test_result *test)
{
    stored_set_bool(form, "done", test->done);
    if (!test->done)
        return;
    stored_set_text(form, "verdict", verdict_name(test->verdict));
    stored_set_bytes(form, "out", &test->out);
    stored_set_bytes(form, "err", &test->err);
    stored_set_bool(form, "truncated", test->truncated);
    stored_set_int(form, "exit_code", test->exit_code);
    stored_set_int(form, "signal", test->signal);
    stored_set_int(form, "cpu_ns", test->cpu_ns);
    stored_set_int(form, "wall_ns", test->wall_ns);
    stored_set_int(form, "memory_kb", test->memory_kb);
    stored_set_text(form, "message", test->message);
    stored_set_hints(form, "hints", &test->hints);
    if (test->has_points)
        json_object_set_new(form, "points", json_real(test->points));
    if (test->file_count > 0)
        json_object_set_new(form, "files", files_form(test));
}

static void put_compile(json_t *form, const struct compile_result *compile)
{
    stored_set_text(form, "state", compile_states[compile->state]);
    stored_set_text(form, "verdict", verdict_name(compile->verdict));
    stored_set_int(form, "exit_code", compile->exit_code);
    stored_set_int(form, "signal", compile->signal);
    stored_set_bytes(form, "out", &compile->out);
    stored_set_bytes(form, "err", &compile->err);
    stored_set_bool(form, "truncated", compile->truncated);
    stored_set_int(form, "time_ns", compile->time_ns);
    stored_set_int(form, "memory_kb", compile->memory_kb);
    stored_set_bool(form, "cached", compile->cached);
    stored_set_text(form, "message", compile->message);
}

void test_result_store(const struct test_result *test, struct buf *out)
{
    json_t *root = stored_new();
    put_test(root, test);
    stored_write(root, out);
}

void compile_result_store(const struct compile_result *compile, struct buf *out)
{
    json_t *root = stored_new();
    put_compile(root, compile);
    stored_write(root, out);
}

void result_store(const struct result *result, struct buf *out)
{
    json_t *root = stored_new(), *compile = json_object(), *tests = json_array(), *order = json_array();
    stored_set_text(root, "status", status_name(result->status));
    stored_set_text(root, "verdict", verdict_name(result->verdict));
    stored_set_text(root, "message", result->message);
    stored_set_text(root, "language", result->language);
    stored_set_text(root, "version", result->version);
    stored_set_int(root, "started_ms", result->started_ms);
    stored_set_int(root, "finished_ms", result->finished_ms);
    stored_set_int(root, "queued_ns", result->queued_ns);
    stored_set_int(root, "compile_ns", result->compile_ns);
    stored_set_int(root, "run_ns", result->run_ns);
    put_compile(compile, &result->compile);
    json_object_set_new(root, "compile", compile);
    for (size_t i = 0; i < result->test_count; i++) {
        json_t *test = json_object();
        put_test(test, &result->tests[i]);
        json_array_append_new(tests, test);
        json_array_append_new(order, json_integer(result->order[i]));
    }
    json_object_set_new(root, "tests", tests);
    json_object_set_new(root, "order", order);
    stored_set_hints(root, "hints", &result->hints);
    if (result->hints_follow)
        stored_set_bool(root, "hints_follow", true);
    stored_write(root, out);
}

static enum verdict get_verdict(struct stored_load *load, const json_t *form)
{
    _cleanup_(freep) char *name = NULL;
    enum verdict verdict = VERDICT_INTERNAL_ERROR;
    stored_get_text(load, form, "verdict", &name);
    if (name && verdict_from_name(name, &verdict) < 0)
        stored_damaged(load, "verdict");
    return verdict;
}

static enum status get_status(struct stored_load *load, const json_t *form)
{
    _cleanup_(freep) char *name = NULL;
    enum status status = STATUS_FAILED;
    stored_get_text(load, form, "status", &name);
    if (name && status_from_name(name, &status) < 0)
        stored_damaged(load, "status");
    return status;
}

static enum compile_state get_state(struct stored_load *load, const json_t *form)
{
    _cleanup_(freep) char *name = NULL;
    stored_get_text(load, form, "state", &name);
    for (size_t i = 0; name && i < ARRAY_LEN(compile_states); i++)
        if (strcmp(name, compile_states[i]) == 0)
            return (enum compile_state)i;
    stored_damaged(load, "state");
    return COMPILE_NONE;
}

static int64_t get_number(struct stored_load *load, const json_t *form, const char *key)
{
    return stored_get_int(load, form, key, INT64_MIN, INT64_MAX);
}

/* Forms of before files were collected have none. */
static void get_files(struct stored_load *load, const json_t *form, struct test_result *test)
{
    if (!json_object_get(form, "files"))
        return;
    const json_t *files = stored_get_array(load, form, "files", 0, SUBMISSION_COLLECT_MAX);
    test->file_count = json_array_size(files);
    test->files = xcalloc(test->file_count, sizeof *test->files);
    for (size_t i = 0; i < test->file_count; i++) {
        const json_t *item = json_array_get(files, i);
        struct collected_file *file = &test->files[i];
        stored_get_text(load, item, "name", &file->name);
        file->refused = !json_object_get(item, "content");
        if (!file->refused)
            stored_get_bytes(load, item, "content", &file->content);
    }
}

/* Forms of before there were points have none. */
static void get_points(struct stored_load *load, const json_t *form, struct test_result *test)
{
    const json_t *points = json_object_get(form, "points");
    test->has_points = points != NULL;
    test->points = json_number_value(points);
    if (points && !json_is_number(points))
        stored_damaged(load, "points");
}

static void get_test(struct stored_load *load, const json_t *form, struct test_result *test)
{
    test->done = stored_get_bool(load, form, "done");
    if (!test->done)
        return;
    test->verdict = get_verdict(load, form);
    stored_get_bytes(load, form, "out", &test->out);
    stored_get_bytes(load, form, "err", &test->err);
    test->truncated = stored_get_bool(load, form, "truncated");
    test->exit_code = (int)stored_get_int(load, form, "exit_code", INT_MIN, INT_MAX);
    test->signal = (int)stored_get_int(load, form, "signal", INT_MIN, INT_MAX);
    test->cpu_ns = get_number(load, form, "cpu_ns");
    test->wall_ns = get_number(load, form, "wall_ns");
    test->memory_kb = get_number(load, form, "memory_kb");
    stored_get_optional_text(load, form, "message", &test->message);
    stored_get_hints(load, form, "hints", &test->hints);
    get_points(load, form, test);
    get_files(load, form, test);
}

static void get_compile(struct stored_load *load, const json_t *form, struct compile_result *compile)
{
    compile->state = get_state(load, form);
    compile->verdict = get_verdict(load, form);
    compile->exit_code = (int)stored_get_int(load, form, "exit_code", INT_MIN, INT_MAX);
    compile->signal = (int)stored_get_int(load, form, "signal", INT_MIN, INT_MAX);
    stored_get_bytes(load, form, "out", &compile->out);
    stored_get_bytes(load, form, "err", &compile->err);
    compile->truncated = stored_get_bool(load, form, "truncated");
    compile->time_ns = get_number(load, form, "time_ns");
    compile->memory_kb = get_number(load, form, "memory_kb");
    compile->cached = stored_get_bool(load, form, "cached");
    stored_get_optional_text(load, form, "message", &compile->message);
}

int test_result_load(const void *data, size_t len, struct test_result *ret, struct error *err)
{
    struct stored_load load = {.err = err};
    json_auto_t *root = stored_parse(&load, data, len);
    if (!root)
        return load.code;
    struct test_result test = {.exit_code = -1};
    get_test(&load, root, &test);
    if (load.code == 0)
        *ret = test;
    else
        test_result_release(&test);
    return load.code;
}

int compile_result_load(const void *data, size_t len, struct compile_result *ret, struct error *err)
{
    struct stored_load load = {.err = err};
    json_auto_t *root = stored_parse(&load, data, len);
    if (!root)
        return load.code;
    struct compile_result compile = {.exit_code = -1};
    get_compile(&load, root, &compile);
    if (load.code == 0)
        *ret = compile;
    else
        compile_result_release(&compile);
    return load.code;
}

/* Every index exactly once. */
static void get_order(struct stored_load *load, const json_t *root, struct result *result)
{
    const json_t *form = stored_get_array(load, root, "order", result->test_count, result->test_count);
    bool seen[SUBMISSION_TESTS_MAX] = {false};
    for (size_t i = 0; i < json_array_size(form); i++) {
        const json_t *value = json_array_get(form, i);
        int64_t index = json_is_integer(value) ? json_integer_value(value) : -1;
        if (index < 0 || (size_t)index >= result->test_count || seen[index]) {
            stored_damaged(load, "order");
            return;
        }
        seen[index] = true;
        result->order[i] = (uint16_t)index;
    }
}

int result_load(const void *data, size_t len, struct result **ret, struct error *err)
{
    struct stored_load load = {.err = err};
    json_auto_t *root = stored_parse(&load, data, len);
    if (!root)
        return load.code;
    const json_t *tests = stored_get_array(&load, root, "tests", 0, SUBMISSION_TESTS_MAX);
    _cleanup_(result_freep) struct result *result = result_new(json_array_size(tests));
    result->status = get_status(&load, root);
    result->verdict = get_verdict(&load, root);
    stored_get_optional_text(&load, root, "message", &result->message);
    stored_get_optional_text(&load, root, "language", &result->language);
    stored_get_optional_text(&load, root, "version", &result->version);
    result->started_ms = get_number(&load, root, "started_ms");
    result->finished_ms = get_number(&load, root, "finished_ms");
    result->queued_ns = get_number(&load, root, "queued_ns");
    result->compile_ns = get_number(&load, root, "compile_ns");
    result->run_ns = get_number(&load, root, "run_ns");
    get_compile(&load, stored_get_object(&load, root, "compile"), &result->compile);
    for (size_t i = 0; i < result->test_count; i++)
        get_test(&load, json_array_get(tests, i), &result->tests[i]);
    get_order(&load, root, result);
    stored_get_hints(&load, root, "hints", &result->hints);
    result->hints_follow = json_is_true(json_object_get(root, "hints_follow")); /* older forms have none */
    if (load.code == 0)
        *ret = STEAL(result);
    return load.code;
}
