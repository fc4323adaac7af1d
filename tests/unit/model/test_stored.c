/* SPDX-License-Identifier: Apache-2.0 */
/* test_stored.c: stored forms hold every byte exactly, and damaged ones are refused. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/random.h"
#include "model/result.h"
#include "model/strings.h"
#include "model/submission.h"

/* A generator of its own, so that a failure can be repeated. */
static uint64_t seed;

static uint64_t next_random(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* Empty, text, text with NUL, UTF-8, or any bytes. */
static struct buf random_buf(void)
{
    struct buf b = BUF_INIT;
    static const char *const texts[] = {
        "", "plain text\n", "h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "{\"b64\": \"AAAA\"}", "\xc3", "\\u0000\"\x7f"};
    uint64_t kind = next_random(8);
    if (kind < ARRAY_LEN(texts))
        buf_append_str(&b, texts[kind]);
    else
        for (uint64_t left = next_random(300); left > 0; left--)
            buf_append_char(&b, (char)next_random(kind == 6 ? 256 : 128));
    return b;
}

static char *random_text(void)
{
    _cleanup_(buf_release) struct buf b = random_buf();
    return xstrdup(buf_str(&b)); /* up to its first NUL */
}

static void random_strings(struct string_list *list)
{
    for (uint64_t left = next_random(4); left > 0; left--) {
        _cleanup_(freep) char *text = random_text();
        strings_add(list, str_of(text));
    }
}

static void random_limits(struct limits *limits)
{
    for (size_t i = 0; i < limit_field_count; i++)
        *limits_at(limits, &limit_fields[i]) = next_random(2) ? (int64_t)next_random(INT64_MAX) : 0;
}

static struct submission *random_program(void)
{
    struct submission *program = submission_new();
    program->language = random_text();
    program->version = next_random(2) ? random_text() : NULL;
    program->code = random_buf();
    program->file_count = 1;
    program->files = xcalloc(1, sizeof *program->files);
    program->files[0] = (struct source_file){.name = xstrdup("testlib.h"), .content = random_buf()};
    random_strings(&program->compiler_options);
    return program;
}

static struct submission *random_submission(void)
{
    struct submission *sub = submission_new();
    if (next_random(2))
        token_new(sub->token);
    sub->language = random_text();
    sub->version = next_random(2) ? random_text() : NULL;
    sub->code = random_buf();
    sub->file_count = next_random(3);
    sub->files = xcalloc(sub->file_count, sizeof *sub->files);
    for (size_t i = 0; i < sub->file_count; i++)
        sub->files[i] = (struct source_file){.name = xasprintf("dir/f\xc3\xa9%zu", i), .content = random_buf()};
    random_strings(&sub->compiler_options);
    random_strings(&sub->args);
    sub->test_count = 1 + next_random(5);
    sub->tests = xcalloc(sub->test_count, sizeof *sub->tests);
    for (size_t i = 0; i < sub->test_count; i++) {
        struct test_case *test = &sub->tests[i];
        test->name = next_random(2) ? random_text() : NULL;
        test->stdin_data = random_buf();
        test->has_expected = next_random(2);
        if (test->has_expected)
            test->expected = random_buf();
        test->has_args = next_random(2);
        if (test->has_args)
            random_strings(&test->args);
        random_limits(&test->limits);
    }
    random_limits(&sub->limits);
    sub->checker = (struct checker_spec){(enum checker_type)next_random(4),
                                         ldexp((double)next_random(INT64_MAX), -(int)next_random(200)), 0.1};
    if (next_random(3) == 0) {
        sub->checker.type = next_random(2) ? CHECKER_PROGRAM : CHECKER_INTERACTOR;
        sub->checker.program = random_program();
    }
    for (uint64_t i = next_random(3); i > 0; i--) {
        _cleanup_(freep) char *name = xasprintf("dir/%d.txt", (int)i);
        strings_add(&sub->collect, str_of(name));
    }
    sub->stop_on_first_failure = next_random(2);
    sub->no_hints = next_random(2);
    sub->hint_language = next_random(2) ? random_text() : NULL;
    sub->encoding = (enum encoding)next_random(2);
    sub->webhook_url = next_random(2) ? random_text() : NULL;
    sub->webhook_events = (unsigned)next_random(8);
    sub->priority = (int)next_random(21) - 10;
    json_object_set_new(sub->metadata, "k\xc3\xa9", json_stringn("a\0b", 3));
    json_object_set_new(sub->metadata, "n", json_pack("[f,i,n,b]", 0.1, 5, 1));
    sub->created_ms = (int64_t)next_random(INT64_MAX);
    return sub;
}

static void assert_buf_equal(const struct buf *a, const struct buf *b)
{
    assert_true(str_eq(buf_view(a), buf_view(b)));
}

static void assert_text_equal(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void assert_strings_equal(const struct string_list *a, const struct string_list *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->items[i], b->items[i]);
}

static void assert_test_case_equal(const struct test_case *a, const struct test_case *b)
{
    assert_text_equal(a->name, b->name);
    assert_buf_equal(&a->stdin_data, &b->stdin_data);
    assert_int_equal(a->has_expected, b->has_expected);
    assert_buf_equal(&a->expected, &b->expected);
    assert_int_equal(a->has_args, b->has_args);
    assert_strings_equal(&a->args, &b->args);
    assert_memory_equal(&a->limits, &b->limits, sizeof a->limits);
}

static void assert_program_equal(const struct submission *a, const struct submission *b)
{
    assert_text_equal(a->language, b->language);
    assert_text_equal(a->version, b->version);
    assert_buf_equal(&a->code, &b->code);
    assert_int_equal(a->file_count, b->file_count);
    for (size_t i = 0; i < a->file_count; i++) {
        assert_string_equal(a->files[i].name, b->files[i].name);
        assert_buf_equal(&a->files[i].content, &b->files[i].content);
    }
    assert_strings_equal(&a->compiler_options, &b->compiler_options);
}

static void assert_submission_equal(const struct submission *a, const struct submission *b)
{
    assert_string_equal(a->token, b->token);
    assert_program_equal(a, b);
    assert_strings_equal(&a->args, &b->args);
    assert_int_equal(a->test_count, b->test_count);
    for (size_t i = 0; i < a->test_count; i++)
        assert_test_case_equal(&a->tests[i], &b->tests[i]);
    assert_memory_equal(&a->limits, &b->limits, sizeof a->limits);
    assert_int_equal(a->checker.type, b->checker.type);
    assert_int_equal(a->checker.program != NULL, b->checker.program != NULL);
    if (a->checker.program)
        assert_program_equal(a->checker.program, b->checker.program);
    assert_true(a->checker.abs == b->checker.abs && a->checker.rel == b->checker.rel);
    assert_strings_equal(&a->collect, &b->collect);
    assert_int_equal(a->stop_on_first_failure, b->stop_on_first_failure);
    assert_int_equal(a->no_hints, b->no_hints);
    assert_text_equal(a->hint_language, b->hint_language);
    assert_int_equal(a->encoding, b->encoding);
    assert_text_equal(a->webhook_url, b->webhook_url);
    assert_int_equal(a->webhook_events, b->webhook_events);
    assert_int_equal(a->priority, b->priority);
    assert_true(json_equal(a->metadata, b->metadata));
    assert_int_equal(a->created_ms, b->created_ms);
}

static void submissions_round_trip(void **state)
{
    (void)state;
    for (uint64_t start = 1; start < 300; start++) {
        seed = start * 0x9e3779b97f4a7c15U;
        _cleanup_(submission_freep) struct submission *sub = random_submission(), *back = NULL;
        _cleanup_(buf_release) struct buf stored = BUF_INIT;
        struct error err = ERROR_INIT;
        buf_append_str(&stored, "prefix");
        submission_store(sub, &stored);
        assert_memory_equal(stored.data, "prefix", 6);
        if (submission_load(stored.data + 6, stored.len - 6, &back, &err) < 0)
            fail_msg("%s: %s", err.message, stored.data);
        assert_submission_equal(sub, back);
    }
}

static void every_byte_survives(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = submission_new(), *back = NULL;
    sub->language = xstrdup("c");
    sub->test_count = 1;
    sub->tests = xcalloc(1, sizeof *sub->tests);
    for (int i = 0; i < 65536; i++) {
        buf_append_char(&sub->code, (char)(i >> 8));
        buf_append_char(&sub->code, (char)i);
    }
    _cleanup_(buf_release) struct buf stored = BUF_INIT;
    submission_store(sub, &stored);
    assert_int_equal(submission_load(stored.data, stored.len, &back, NULL), 0);
    assert_submission_equal(sub, back);
}

static void random_hints(struct hint_list *hints)
{
    for (size_t i = next_random(HINTS_MAX + 1); i > 0; i--) {
        struct hint hint = {.text = random_text(),
                            .rule = random_text(),
                            .source = (enum hint_source)next_random(3),
                            .file = next_random(2) ? random_text() : NULL,
                            .line = (int)next_random(INT32_MAX)};
        hint_list_add(hints, &hint);
    }
}

static void assert_hints_equal(const struct hint_list *a, const struct hint_list *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->items[i].text, b->items[i].text);
        assert_string_equal(a->items[i].rule, b->items[i].rule);
        assert_int_equal(a->items[i].source, b->items[i].source);
        assert_text_equal(a->items[i].file, b->items[i].file);
        assert_int_equal(a->items[i].line, b->items[i].line);
    }
}

static struct test_result random_test_result(void)
{
    struct test_result test = {.exit_code = -1};
    test.done = next_random(4) > 0;
    if (!test.done)
        return test;
    test.verdict = (enum verdict)next_random(VERDICT_COUNT);
    test.out = random_buf();
    test.err = random_buf();
    test.truncated = next_random(2);
    test.exit_code = (int)next_random(257) - 1;
    test.signal = (int)next_random(65);
    test.cpu_ns = (int64_t)next_random(INT64_MAX);
    test.wall_ns = (int64_t)next_random(INT64_MAX);
    test.memory_kb = (int64_t)next_random(INT64_MAX);
    test.message = next_random(2) ? random_text() : NULL;
    random_hints(&test.hints);
    test.has_points = next_random(2);
    test.points = test.has_points ? (double)next_random(1000) / 8 : 0;
    test.file_count = next_random(3);
    test.files = xcalloc(test.file_count, sizeof *test.files);
    for (size_t i = 0; i < test.file_count; i++) {
        test.files[i] = (struct collected_file){.name = random_text(), .refused = next_random(2)};
        if (!test.files[i].refused)
            test.files[i].content = random_buf();
    }
    return test;
}

static struct compile_result random_compile_result(void)
{
    return (struct compile_result){.state = (enum compile_state)next_random(3),
                                   .verdict = (enum verdict)next_random(VERDICT_COUNT),
                                   .exit_code = (int)next_random(257) - 1,
                                   .signal = (int)next_random(65),
                                   .out = random_buf(),
                                   .err = random_buf(),
                                   .truncated = next_random(2),
                                   .time_ns = (int64_t)next_random(INT64_MAX),
                                   .memory_kb = (int64_t)next_random(INT64_MAX),
                                   .cached = next_random(2),
                                   .message = next_random(2) ? random_text() : NULL};
}

static void assert_test_result_equal(const struct test_result *a, const struct test_result *b)
{
    assert_int_equal(a->done, b->done);
    assert_int_equal(a->verdict, b->verdict);
    assert_buf_equal(&a->out, &b->out);
    assert_buf_equal(&a->err, &b->err);
    assert_int_equal(a->truncated, b->truncated);
    assert_int_equal(a->exit_code, b->exit_code);
    assert_int_equal(a->signal, b->signal);
    assert_int_equal(a->cpu_ns, b->cpu_ns);
    assert_int_equal(a->wall_ns, b->wall_ns);
    assert_int_equal(a->memory_kb, b->memory_kb);
    assert_text_equal(a->message, b->message);
    assert_hints_equal(&a->hints, &b->hints);
    assert_int_equal(a->has_points, b->has_points);
    assert_true(a->points == b->points);
    assert_int_equal(a->file_count, b->file_count);
    for (size_t i = 0; i < a->file_count; i++) {
        assert_text_equal(a->files[i].name, b->files[i].name);
        assert_int_equal(a->files[i].refused, b->files[i].refused);
        assert_buf_equal(&a->files[i].content, &b->files[i].content);
    }
}

static void assert_compile_result_equal(const struct compile_result *a, const struct compile_result *b)
{
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->exit_code, b->exit_code);
    assert_int_equal(a->signal, b->signal);
    assert_buf_equal(&a->out, &b->out);
    assert_buf_equal(&a->err, &b->err);
    assert_int_equal(a->truncated, b->truncated);
    assert_int_equal(a->time_ns, b->time_ns);
    assert_int_equal(a->memory_kb, b->memory_kb);
    assert_int_equal(a->cached, b->cached);
    assert_text_equal(a->message, b->message);
}

static struct result *random_result(void)
{
    struct result *result = result_new(next_random(6));
    result->status = (enum status)next_random(STATUS_COUNT);
    result->verdict = (enum verdict)next_random(VERDICT_COUNT);
    result->message = next_random(2) ? random_text() : NULL;
    result->language = next_random(2) ? random_text() : NULL;
    result->version = next_random(2) ? random_text() : NULL;
    result->started_ms = (int64_t)next_random(INT64_MAX);
    result->finished_ms = (int64_t)next_random(INT64_MAX);
    result->queued_ns = -(int64_t)next_random(INT64_MAX); /* clocks do step back */
    result->compile_ns = (int64_t)next_random(INT64_MAX);
    result->run_ns = (int64_t)next_random(INT64_MAX);
    result->compile = random_compile_result();
    for (size_t i = 0; i < result->test_count; i++) {
        result->tests[i] = random_test_result();
        result->order[i] = (uint16_t)(result->test_count - 1 - i);
    }
    random_hints(&result->hints);
    return result;
}

static void assert_result_equal(const struct result *a, const struct result *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->verdict, b->verdict);
    assert_text_equal(a->message, b->message);
    assert_text_equal(a->language, b->language);
    assert_text_equal(a->version, b->version);
    assert_int_equal(a->started_ms, b->started_ms);
    assert_int_equal(a->finished_ms, b->finished_ms);
    assert_int_equal(a->queued_ns, b->queued_ns);
    assert_int_equal(a->compile_ns, b->compile_ns);
    assert_int_equal(a->run_ns, b->run_ns);
    assert_compile_result_equal(&a->compile, &b->compile);
    assert_int_equal(a->test_count, b->test_count);
    for (size_t i = 0; i < a->test_count; i++) {
        assert_test_result_equal(&a->tests[i], &b->tests[i]);
        assert_int_equal(a->order[i], b->order[i]);
    }
    assert_hints_equal(&a->hints, &b->hints);
}

static void results_round_trip(void **state)
{
    (void)state;
    for (uint64_t start = 1; start < 300; start++) {
        seed = start * 0x9e3779b97f4a7c15U;
        struct error err = ERROR_INIT;
        _cleanup_(result_freep) struct result *result = random_result(), *back = NULL;
        _cleanup_(buf_release) struct buf stored = BUF_INIT;
        result_store(result, &stored);
        if (result_load(stored.data, stored.len, &back, &err) < 0)
            fail_msg("%s: %s", err.message, stored.data);
        assert_result_equal(result, back);

        struct test_result test = random_test_result(), test_back = {0};
        buf_clear(&stored);
        test_result_store(&test, &stored);
        assert_int_equal(test_result_load(stored.data, stored.len, &test_back, &err), 0);
        assert_test_result_equal(&test, &test_back);
        test_result_release(&test);
        test_result_release(&test_back);
        assert_int_equal(test.exit_code, -1);

        struct compile_result compile = random_compile_result(), compile_back = {0};
        buf_clear(&stored);
        compile_result_store(&compile, &stored);
        assert_int_equal(compile_result_load(stored.data, stored.len, &compile_back, &err), 0);
        assert_compile_result_equal(&compile, &compile_back);
        compile_result_release(&compile);
        compile_result_release(&compile_back);
    }
}

/* A request may be so rich in structure that, wrapped, it exceeds what a client may send. */
static void what_was_accepted_can_be_loaded(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf text = BUF_INIT, stored = BUF_INIT;
    buf_append_str(&text, "{\"language\":\"c\",\"encoding\":\"base64\",\"code\":\"AAAA\",\"test_cases\":[");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&text, "%s{\"stdin\":\"AAAA\",\"expected_output\":\"AAAA\",\"args\":[", i > 0 ? "," : "");
        for (int j = 0; j < 90; j++)
            buf_append_str(&text, j > 0 ? ",\"\"" : "\"\"");
        buf_append_str(&text, "]}");
    }
    buf_append_str(&text, "]}");
    json_auto_t *body = NULL;
    assert_int_equal(json_parse(text.data, text.len, &body, NULL), 0);
    _cleanup_(submission_freep) struct submission *sub = NULL, *back = NULL;
    struct field_errors errors = {0};
    assert_int_equal(submission_parse_batch(body, &sub, &errors), 0);
    submission_store(sub, &stored);
    json_t *client = NULL;
    assert_int_equal(json_parse(stored.data, stored.len, &client, NULL), -E2BIG); /* or this test shows nothing */
    assert_int_equal(submission_load(stored.data, stored.len, &back, NULL), 0);
    assert_submission_equal(sub, back);
}

static int load_submission(const void *data, size_t len, struct error *err)
{
    _cleanup_(submission_freep) struct submission *sub = NULL;
    int r = submission_load(data, len, &sub, err);
    assert_int_equal(r == 0, sub != NULL);
    return r;
}

static int load_result(const void *data, size_t len, struct error *err)
{
    _cleanup_(result_freep) struct result *result = NULL;
    int r = result_load(data, len, &result, err);
    assert_int_equal(r == 0, result != NULL);
    return r;
}

static int load_test(const void *data, size_t len, struct error *err)
{
    struct test_result test = {.exit_code = 77};
    int r = test_result_load(data, len, &test, err);
    if (r < 0)
        assert_int_equal(test.exit_code, 77);
    else
        test_result_release(&test);
    return r;
}

static int load_compile(const void *data, size_t len, struct error *err)
{
    struct compile_result compile = {.exit_code = 77};
    int r = compile_result_load(data, len, &compile, err);
    if (r < 0)
        assert_int_equal(compile.exit_code, 77);
    else
        compile_result_release(&compile);
    return r;
}

typedef int load_fn(const void *data, size_t len, struct error *err);

static void refused(load_fn *load, const char *text, size_t len, const char *what)
{
    struct error err = ERROR_INIT;
    if (load(text, len, &err) != -EINVAL)
        fail_msg("%s was loaded: %.*s", what, (int)len, text);
    assert_true(err.code == -EINVAL && strncmp(err.message, "damaged: ", 9) == 0);
}

/* Keys that older stored forms do not have: these still load. */
static bool came_later(load_fn *load, const char *key)
{
    if (load == load_submission)
        return strcmp(key, "collect") == 0 || strcmp(key, "webhook_events") == 0;
    return load == load_test && (strcmp(key, "files") == 0 || strcmp(key, "points") == 0);
}

/* Every prefix, and the document without each of its keys, at every level, or with each value replaced by one of a wrong type. */
static void damage(load_fn *load, const struct buf *stored)
{
    for (size_t len = 0; len < stored->len; len++)
        refused(load, stored->data, len, "a part");
    json_auto_t *root = json_loadb(stored->data, stored->len, JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        json_t *const wrong[] = {NULL, json_real(1.5), json_pack("{s:s}", "b64", "!"), json_pack("{s:i}", "b64", 5)};
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
            json_auto_t *copy = json_copy(root);
            if (wrong[i])
                json_object_set_new(copy, key, wrong[i]);
            else
                json_object_del(copy, key);
            _cleanup_(buf_release) struct buf text = BUF_INIT;
            json_write(copy, &text);
            if (strcmp(key, "metadata") == 0 && json_is_object(wrong[i]))
                continue; /* may be any object */
            if (!wrong[i] && came_later(load, key)) {
                assert_int_equal(load(text.data, text.len, NULL), 0);
                continue;
            }
            refused(load, text.data, text.len, key);
        }
    }
}

static void damaged_forms_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "null",
                                      "[]",
                                      "{}",
                                      "5",
                                      "\"x\"",
                                      "{\"v\":1}",
                                      "{\"v\":0}",
                                      "{\"v\":\"1\"}",
                                      "\xff",
                                      "{\"v\":1}{\"v\":1}",
                                      "{\"v\":1,\"v\":1}"};
    load_fn *const loads[] = {load_submission, load_result, load_test, load_compile};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        for (size_t l = 0; l < ARRAY_LEN(loads); l++)
            refused(loads[l], bad[i], strlen(bad[i]), "nonsense");
    assert_int_equal(load_submission(NULL, 0, NULL), -EINVAL);
    for (size_t l = 0; l < ARRAY_LEN(loads); l++) {
        struct error err = ERROR_INIT;
        const char newer[] = "{\"v\": 2, \"of\": \"a later version\"}";
        assert_int_equal(loads[l](newer, strlen(newer), &err), -EPROTONOSUPPORT); /* not damage */
        assert_non_null(strstr(err.message, "newer evalx, in form 2"));
    }

    seed = 12345;
    _cleanup_(submission_freep) struct submission *sub = random_submission();
    _cleanup_(result_freep) struct result *result = random_result();
    struct test_result test = random_test_result();
    struct compile_result compile = random_compile_result();
    test.done = true;
    struct buf stored[4] = {{0}};
    submission_store(sub, &stored[0]);
    result_store(result, &stored[1]);
    test_result_store(&test, &stored[2]);
    compile_result_store(&compile, &stored[3]);
    for (size_t l = 0; l < ARRAY_LEN(loads); l++) {
        damage(loads[l], &stored[l]);
        assert_int_equal(loads[l](stored[l].data, stored[l].len, NULL), 0);
    }
    for (size_t l = 0; l < ARRAY_LEN(loads); l++)
        buf_release(&stored[l]);
    test_result_release(&test);
    compile_result_release(&compile);
}

/* One value of a good stored form replaced. */
static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        load_fn *load;
        const char *path, *json; /* path: key/key/index */
    } bad[] = {
        {load_submission, "token", "\"short\""},
        {load_submission, "token", "\"0123456789012345678901234567890\""},
        {load_submission, "encoding", "\"latin1\""},
        {load_submission, "priority", "11"},
        {load_submission, "webhook_events", "8"},
        {load_submission, "webhook_events", "-1"},
        {load_submission, "priority", "-11"},
        {load_submission, "checker/type", "\"fuzzy\""},
        {load_submission, "checker/abs", "-1.0"},
        {load_submission, "checker/type", "\"interactor\""}, /* without the program */
        {load_submission, "checker/type", "\"program\""},    /* without the program */
        {load_submission, "limits/cpu_time_ms", "0"},
        {load_submission, "limits/cpu_time_ms", "-5"},
        {load_submission, "tests", "[]"},
        {load_submission, "tests", "[5]"},
        {load_submission, "tests", "[{}]"},
        {load_submission, "args", "[5]"},
        {load_submission, "args", "[{\"b64\":\"AA==\"}]"}, /* holds NUL */
        {load_submission, "language", "{\"b64\":\"AA==\"}"},
        {load_submission, "language", "\"a\\u0000b\""},
        {load_submission, "files", "[{\"name\":\"../x\",\"content\":\"\"}]"},
        {load_submission, "files", "[{\"name\":\"/x\",\"content\":\"\"}]"},
        {load_submission, "files", "[{\"name\":\"x\"}]"},
        {load_submission, "metadata", "[]"},
        {load_submission, "collect", "5"},
        {load_submission, "collect", "[\"../x\"]"},
        {load_result, "tests", "[{\"done\":true,\"files\":5},{\"done\":false}]"},
        {load_submission, "code", "{\"b64\":\"A\"}"},
        {load_result, "status", "\"gone\""},
        {load_result, "verdict", "\"fine\""},
        {load_result, "compile/state", "\"maybe\""},
        {load_result, "compile/exit_code", "2147483648"},
        {load_result, "order", "[0,0]"},
        {load_result, "order", "[0,2]"},
        {load_result, "order", "[0,-1]"},
        {load_result, "order", "[0]"},
        {load_result, "order", "[0,1,1]"},
        {load_result, "order", "[0,\"1\"]"},
        {load_result, "hints", "[null]"},
        {load_result, "hints", "[\"look\"]"},
        {load_result, "hints", "[{\"text\": \"a\", \"rule\": \"b\", \"source\": \"me\", \"file\": null, \"line\": 1}]"},
    };
    _cleanup_(submission_freep) struct submission *sub = submission_new();
    sub->language = xstrdup("c");
    sub->test_count = 1;
    sub->tests = xcalloc(1, sizeof *sub->tests);
    _cleanup_(result_freep) struct result *result = result_new(2);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        _cleanup_(buf_release) struct buf stored = BUF_INIT, changed = BUF_INIT;
        if (bad[i].load == load_submission)
            submission_store(sub, &stored);
        else
            result_store(result, &stored);
        assert_int_equal(bad[i].load(stored.data, stored.len, NULL), 0);
        json_auto_t *root = json_loadb(stored.data, stored.len, 0, NULL);
        const char *slash = strchr(bad[i].path, '/');
        _cleanup_(freep) char *outer = slash ? strndup(bad[i].path, (size_t)(slash - bad[i].path)) : NULL;
        json_t *object = slash ? json_object_get(root, outer) : root;
        json_t *value = json_loads(bad[i].json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(value);
        assert_int_equal(json_object_set_new(object, slash ? slash + 1 : bad[i].path, value), 0);
        json_write(root, &changed);
        refused(bad[i].load, changed.data, changed.len, bad[i].path);
    }
}

static void random_damage_never_crashes(void **state)
{
    (void)state;
    load_fn *const loads[] = {load_submission, load_result, load_test, load_compile};
    size_t survived = 0;
    for (uint64_t start = 1; start < 2000; start++) {
        seed = start * 0x9e3779b97f4a7c15U;
        _cleanup_(submission_freep) struct submission *sub = random_submission();
        _cleanup_(buf_release) struct buf stored = BUF_INIT;
        if (start % 2) {
            submission_store(sub, &stored);
        } else {
            _cleanup_(result_freep) struct result *result = random_result();
            result_store(result, &stored);
        }
        for (uint64_t left = 1 + next_random(3); left > 0; left--)
            stored.data[next_random(stored.len)] = (char)next_random(256);
        for (size_t l = 0; l < ARRAY_LEN(loads); l++)
            survived += loads[l](stored.data, stored.len, NULL) == 0;
    }
    assert_in_range(survived, 1, 1999); /* some changes hit text, some structure: both ways were taken */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(submissions_round_trip),      cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(results_round_trip),          cmocka_unit_test(what_was_accepted_can_be_loaded),
        cmocka_unit_test(damaged_forms_are_refused),   cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(random_damage_never_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
