/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.c: results as clients see them. The order of the keys is part of the interface (docs/api.md); jansson keeps the order
 * of insertion.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "model/result.h"

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text, strlen(text), NULL) : json_null();
}

static json_t *date_or_null(int64_t realtime_ms)
{
    char text[RFC3339_SIZE];
    return realtime_ms > 0 ? json_string(clock_rfc3339(realtime_ms, text)) : json_null();
}

static json_t *exit_code_or_null(int exit_code)
{
    return exit_code >= 0 ? json_integer(exit_code) : json_null();
}

static json_t *signal_or_null(int signal)
{
    return signal > 0 ? json_string(signal_name(signal)) : json_null();
}

/* Bytes in the reader's encoding; *lossy becomes true when some were lost by it. */
static json_t *encoded(const struct buf *bytes, enum encoding encoding, bool *lossy)
{
    const char *data = buf_str(bytes);
    return encoding == ENCODING_BASE64 ? json_base64(data, bytes->len) : json_text(data, bytes->len, lossy);
}

/* stdout and stderr; true when bytes were lost by the encoding. */
static bool put_output(json_t *form, const struct buf *out, const struct buf *err, enum encoding encoding)
{
    static const char *const keys[] = {"stdout", "stderr"};
    const struct buf *const streams[] = {out, err};
    bool lossy = false;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        json_object_set_new(form, keys[i], encoded(streams[i], encoding, &lossy));
    return lossy;
}

static void put_flags(json_t *form, bool truncated, bool lossy)
{
    if (truncated)
        json_object_set_new(form, "truncated", json_true());
    if (lossy)
        json_object_set_new(form, "lossy", json_true());
}

static json_t *collected(const struct test_result *test, enum encoding encoding)
{
    json_t *array = json_array();
    for (size_t i = 0; i < test->file_count; i++) {
        const struct collected_file *file = &test->files[i];
        json_t *form = json_object();
        bool lossy = false;
        json_object_set_new(form, "name", text_or_null(file->name));
        if (file->refused)
            json_object_set_new(form, "error", json_string("not there, not a regular file, or too large"));
        else
            json_object_set_new(form, "content", encoded(&file->content, encoding, &lossy));
        put_flags(form, false, lossy);
        json_array_append_new(array, form);
    }
    return array;
}

json_t *test_result_json(const struct submission *sub, size_t index, const struct test_result *test,
                         enum encoding encoding)
{
    json_t *form = json_object();
    json_object_set_new(form, "name", text_or_null(index < sub->test_count ? sub->tests[index].name : NULL));
    json_object_set_new(form, "verdict", json_string(verdict_name(test->verdict)));
    bool lossy = put_output(form, &test->out, &test->err, encoding);
    json_object_set_new(form, "exit_code", exit_code_or_null(test->exit_code));
    json_object_set_new(form, "signal", signal_or_null(test->signal));
    json_object_set_new(form, "cpu_time_ms", json_ms(test->cpu_ns));
    json_object_set_new(form, "wall_time_ms", json_ms(test->wall_ns));
    json_object_set_new(form, "memory_kb", json_integer(test->memory_kb));
    json_object_set_new(form, "message", text_or_null(test->message));
    if (test->has_points)
        json_object_set_new(form, "points", json_real(test->points));
    json_object_set_new(form, "hints", hint_texts_json(&test->hints));
    if (test->hints.count > 0)
        json_object_set_new(form, "hint_details", hint_details_json(&test->hints));
    if (sub->collect.count > 0)
        json_object_set_new(form, "files", collected(test, encoding));
    put_flags(form, test->truncated, lossy);
    return form;
}

json_t *compile_result_json(const struct compile_result *compile, enum encoding encoding)
{
    if (compile->state == COMPILE_NONE)
        return json_null();
    json_t *form = json_object();
    const char *verdict = compile->state == COMPILE_OK ? "ok" : verdict_name(compile->verdict);
    json_object_set_new(form, "verdict", json_string(verdict));
    json_object_set_new(form, "exit_code", exit_code_or_null(compile->exit_code));
    if (compile->signal > 0)
        json_object_set_new(form, "signal", signal_or_null(compile->signal));
    bool lossy = put_output(form, &compile->out, &compile->err, encoding);
    json_object_set_new(form, "time_ms", json_ms(compile->time_ns));
    json_object_set_new(form, "memory_kb", json_integer(compile->memory_kb));
    json_object_set_new(form, "cached", json_boolean(compile->cached));
    if (compile->message)
        json_object_set_new(form, "message", text_or_null(compile->message));
    put_flags(form, compile->truncated, lossy);
    return form;
}

/* ---- the submission document: one function a key, in the order of the table ---- */

struct view {
    const struct submission *sub;
    enum status status;
    const struct result *result;
    enum encoding encoding;
};

static json_t *token_value(const struct view *v)
{
    return json_string(v->sub->token);
}

static json_t *status_value(const struct view *v)
{
    return json_string(status_name(v->status));
}

static json_t *verdict_value(const struct view *v)
{
    if (v->status == STATUS_FAILED)
        return json_string(verdict_name(VERDICT_INTERNAL_ERROR));
    if (v->status == STATUS_COMPLETED && v->result)
        return json_string(verdict_name(v->result->verdict));
    return json_null();
}

static json_t *message_value(const struct view *v)
{
    return v->status == STATUS_FAILED ? text_or_null(v->result ? v->result->message : NULL) : NULL;
}

static json_t *language_value(const struct view *v)
{
    bool resolved = v->result && v->result->language;
    json_t *form = json_object();
    json_object_set_new(form, "name", text_or_null(resolved ? v->result->language : v->sub->language));
    json_object_set_new(form, "version", text_or_null(resolved ? v->result->version : v->sub->version));
    return form;
}

static json_t *created_value(const struct view *v)
{
    return date_or_null(v->sub->created_ms);
}

static json_t *started_value(const struct view *v)
{
    return date_or_null(v->result ? v->result->started_ms : 0);
}

static json_t *finished_value(const struct view *v)
{
    return date_or_null(v->result && status_final(v->status) ? v->result->finished_ms : 0);
}

static json_t *compile_value(const struct view *v)
{
    return v->result ? compile_result_json(&v->result->compile, v->encoding) : json_null();
}

static json_t *summary_value(const struct view *v)
{
    int64_t passed = 0, cpu_ns = 0, memory_kb = 0;
    for (size_t i = 0; v->result && i < v->result->test_count; i++) {
        const struct test_result *test = &v->result->tests[i];
        if (!test->done)
            continue;
        passed += test->verdict == VERDICT_ACCEPTED;
        cpu_ns = MAX(cpu_ns, test->cpu_ns);
        memory_kb = MAX(memory_kb, test->memory_kb);
    }
    json_t *form = json_object();
    json_object_set_new(form, "total", json_integer((json_int_t)v->sub->test_count));
    json_object_set_new(form, "passed", json_integer(passed));
    json_object_set_new(form, "cpu_time_ms_max", json_ms(cpu_ns));
    json_object_set_new(form, "memory_kb_max", json_integer(memory_kb));
    return form;
}

static json_t *results_value(const struct view *v)
{
    json_t *array = json_array();
    size_t count = v->result ? v->result->test_count : 0, done = 0;
    for (size_t i = 0; i < count; i++)
        done += v->result->tests[i].done;
    for (size_t i = 0; i < count; i++) {
        if (!v->result->tests[i].done)
            continue;
        json_t *form = test_result_json(v->sub, i, &v->result->tests[i], v->encoding);
        if (done < count)
            json_object_set_new(form, "index", json_integer((json_int_t)i));
        json_array_append_new(array, form);
    }
    return array;
}

static json_t *hints_value(const struct view *v)
{
    return v->result ? hint_texts_json(&v->result->hints) : json_array();
}

static json_t *hint_details_value(const struct view *v)
{
    return v->result && v->result->hints.count > 0 ? hint_details_json(&v->result->hints) : NULL;
}

static json_t *timings_value(const struct view *v)
{
    if (!v->result || !status_final(v->status))
        return json_null();
    json_t *form = json_object();
    json_object_set_new(form, "queued_ms", json_ms(v->result->queued_ns));
    json_object_set_new(form, "compile_ms", json_ms(v->result->compile_ns));
    json_object_set_new(form, "run_ms", json_ms(v->result->run_ns));
    return form;
}

static json_t *webhook_value(const struct view *v)
{
    return v->sub->webhook_url ? json_pack("{s:s}", "state", "pending") : NULL;
}

static json_t *metadata_value(const struct view *v)
{
    return json_incref(v->sub->metadata);
}

/* A function that gives NULL leaves its key out. */
static const struct {
    const char *key;
    json_t *(*value)(const struct view *v);
} document_keys[] = {
    {"token", token_value},
    {"status", status_value},
    {"verdict", verdict_value},
    {"message", message_value},
    {"language", language_value},
    {"created_at", created_value},
    {"started_at", started_value},
    {"finished_at", finished_value},
    {"compile", compile_value},
    {"summary", summary_value},
    {"results", results_value},
    {"hints", hints_value},
    {"hint_details", hint_details_value},
    {"timings", timings_value},
    {"webhook", webhook_value},
    {"metadata", metadata_value},
};

json_t *result_document(const struct submission *sub, enum status status, const struct result *result,
                        enum encoding encoding)
{
    const struct view view = {.sub = sub, .status = status, .result = result, .encoding = encoding};
    json_t *document = json_object();
    for (size_t i = 0; i < ARRAY_LEN(document_keys); i++) {
        json_t *value = document_keys[i].value(&view);
        if (value)
            json_object_set_new(document, document_keys[i].key, value);
    }
    return document;
}

static int find_key(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(document_keys); i++)
        if (str_is(name, document_keys[i].key))
            return (int)i;
    return -EINVAL;
}

static int unknown_field(struct str name, struct error *err)
{
    _cleanup_(buf_release) struct buf known = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(document_keys); i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", document_keys[i].key);
    return error_set(err, -EINVAL, "unknown field \"%.*s\" in fields; known: %s", (int)MIN(name.len, (size_t)100),
                     name.data, buf_str(&known));
}

int document_select(json_t *document, const char *fields, struct error *err)
{
    bool wanted[ARRAY_LEN(document_keys)] = {[0] = true}; /* the token */
    for (const char *at = fields; at;) {
        const char *comma = strchrnul(at, ',');
        struct str name = {at, (size_t)(comma - at)};
        int key = find_key(name);
        if (key < 0)
            return unknown_field(name, err);
        wanted[key] = true;
        at = *comma ? comma + 1 : NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(document_keys); i++)
        if (!wanted[i])
            json_object_del(document, document_keys[i].key);
    return 0;
}
