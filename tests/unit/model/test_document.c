/* SPDX-License-Identifier: Apache-2.0 */
/* test_document.c: names, the verdict of the whole, and what clients see, key by key. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "model/result.h"
#include "model/strings.h"

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < VERDICT_COUNT; i++) {
        enum verdict back = VERDICT_COUNT;
        assert_int_equal(verdict_from_name(verdict_name((enum verdict)i), &back), 0);
        assert_int_equal(back, i);
    }
    for (int i = 0; i < STATUS_COUNT; i++) {
        enum status back = STATUS_COUNT;
        assert_int_equal(status_from_name(status_name((enum status)i), &back), 0);
        assert_int_equal(back, i);
        assert_int_equal(status_final((enum status)i), i >= STATUS_COMPLETED);
    }
    enum verdict verdict = VERDICT_SKIPPED;
    enum status status = STATUS_FAILED;
    assert_int_equal(verdict_from_name("Accepted", &verdict), -EINVAL);
    assert_int_equal(status_from_name("", &status), -EINVAL);
    assert_true(verdict == VERDICT_SKIPPED && status == STATUS_FAILED);
    assert_string_equal(verdict_name(VERDICT_TIME_LIMIT), "time_limit_exceeded");
}

static void the_first_failure_decides(void **state)
{
    (void)state;
    enum {
        A = VERDICT_ACCEPTED,
        W = VERDICT_WRONG_ANSWER,
        T = VERDICT_TIME_LIMIT,
        S = VERDICT_SKIPPED,
        R = VERDICT_RUNTIME_ERROR,
        UNDONE = -1
    };
    static const struct {
        int tests[4];
        enum verdict whole;
    } cases[] = {
        {{A, A, A, A}, VERDICT_ACCEPTED},
        {{A, W, A, A}, VERDICT_WRONG_ANSWER},
        {{A, T, W, A}, VERDICT_TIME_LIMIT},
        {{R, W, T, A}, VERDICT_RUNTIME_ERROR},
        {{S, S, A, W}, VERDICT_WRONG_ANSWER},
        {{A, W, S, S}, VERDICT_WRONG_ANSWER},
        {{A, S, A, A}, VERDICT_SKIPPED},
        {{S, S, S, S}, VERDICT_SKIPPED},
        {{A, UNDONE, W, A}, VERDICT_INTERNAL_ERROR},
        {{A, W, UNDONE, A}, VERDICT_WRONG_ANSWER},
        {{VERDICT_INTERNAL_ERROR, W, A, A}, VERDICT_INTERNAL_ERROR},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _cleanup_(result_freep) struct result *result = result_new(4);
        result->status = STATUS_RUNNING;
        for (size_t t = 0; t < 4; t++) {
            result->tests[t].done = cases[i].tests[t] != UNDONE;
            result->tests[t].verdict = result->tests[t].done ? (enum verdict)cases[i].tests[t] : VERDICT_ACCEPTED;
        }
        result_conclude(result);
        assert_int_equal(result->status, STATUS_COMPLETED);
        assert_int_equal(result->verdict, cases[i].whole);
        result->compile.state = COMPILE_FAILED;
        result->compile.verdict = VERDICT_COMPILATION_ERROR;
        result_conclude(result);
        assert_int_equal(result->verdict, VERDICT_COMPILATION_ERROR);
    }
}

static struct submission *some_submission(size_t tests)
{
    struct submission *sub = submission_new();
    snprintf(sub->token, sizeof sub->token, "%s", "0123456789abcdefABCDEF");
    sub->language = xstrdup("c++");
    sub->version = xstrdup("12");
    sub->test_count = tests;
    sub->tests = xcalloc(tests, sizeof *sub->tests);
    sub->tests[0].name = xstrdup("small");
    sub->created_ms = 1795000000123;
    return sub;
}

static void assert_json(json_t *json, const char *expected)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    char *dumped = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    buf_append_str(&text, dumped);
    free(dumped);
    json_decref(json);
    for (char *c = text.data; *c; c++)
        if (*c == '"')
            *c = '\'';
    assert_string_equal(buf_str(&text), expected);
}

static struct result *finished_result(void)
{
    struct result *result = result_new(2);
    result->language = xstrdup("cpp");
    result->version = xstrdup("12.2.0");
    result->started_ms = 1795000000124;
    result->finished_ms = 1795000001000;
    result->queued_ns = 400499;
    result->compile_ns = 812400000;
    result->run_ns = 5100000;
    result->compile =
        (struct compile_result){.state = COMPILE_OK, .exit_code = 0, .time_ns = 812400000, .memory_kb = 101220};
    struct test_result *tests = result->tests;
    tests[0] = (struct test_result){
        .done = true, .verdict = VERDICT_ACCEPTED, .cpu_ns = 1200000, .wall_ns = 1900000, .memory_kb = 3140};
    buf_append_str(&tests[0].out, "3\n");
    tests[1] = (struct test_result){.done = true,
                                    .verdict = VERDICT_WRONG_ANSWER,
                                    .cpu_ns = 1900000,
                                    .wall_ns = 2000000,
                                    .memory_kb = 1024,
                                    .message = xstrdup("line 1, column 1: expected \"4\", got \"5\"")};
    buf_append_str(&tests[1].out, "5");
    buf_append_str(&tests[1].err, "debug");
    struct hint hint = {.text = xstrdup("look"), .rule = xstrdup("c.look"), .file = xstrdup("main.c"), .line = 3};
    hint_list_add(&tests[1].hints, &hint);
    result_conclude(result);
    return result;
}

static void a_finished_document(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = some_submission(2);
    _cleanup_(result_freep) struct result *result = finished_result();
    json_object_set_new(sub->metadata, "k", json_integer(1));
    assert_json(
        result_document(sub, STATUS_COMPLETED, result, ENCODING_UTF8),
        "{'token':'0123456789abcdefABCDEF','status':'completed','verdict':'wrong_answer','language':{'name':'cpp','"
        "version':'12.2.0'},"
        "'created_at':'2026-11-18T11:06:40.123Z','started_at':'2026-11-18T11:06:40.124Z','finished_at':'2026-11-18T11:"
        "06:41.000Z',"
        "'compile':{'verdict':'ok','exit_code':0,'stdout':'','stderr':'','time_ms':812.4,'memory_kb':101220,'cached':"
        "false},"
        "'summary':{'total':2,'passed':1,'cpu_time_ms_max':1.9,'memory_kb_max':3140},"
        "'results':[{'name':'small','verdict':'accepted','stdout':'3\\n','stderr':'','exit_code':0,'signal':null,"
        "'cpu_time_ms':1.2,'wall_time_ms':1.9,'memory_kb':3140,'message':null,'hints':[]},"
        "{'name':null,'verdict':'wrong_answer','stdout':'5','stderr':'debug','exit_code':0,'signal':null,"
        "'cpu_time_ms':1.9,'wall_time_ms':2.0,'memory_kb':1024,'message':'line 1, column 1: expected \\'4\\', got "
        "\\'5\\'','hints':['look'],'hint_details':[{'text':'look','rule':'c.look','source':'rule','file':'main.c','"
        "line':3}]}],"
        "'hints':[],'timings':{'queued_ms':0.4,'compile_ms':812.4,'run_ms':5.1},'metadata':{'k':1}}");
    sub->webhook_url = xstrdup("https://example.com/");
    json_auto_t *document = result_document(sub, STATUS_COMPLETED, result, ENCODING_BASE64);
    assert_json(json_incref(json_object_get(document, "webhook")), "{'state':'pending'}");
    const json_t *second = json_array_get(json_object_get(document, "results"), 1);
    assert_string_equal(json_string_value(json_object_get(second, "stdout")), "NQ==");
    assert_string_equal(json_string_value(json_object_get(second, "stderr")), "ZGVidWc=");
}

static void documents_of_unfinished_ones(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = some_submission(3);
    assert_json(
        result_document(sub, STATUS_QUEUED, NULL, ENCODING_UTF8),
        "{'token':'0123456789abcdefABCDEF','status':'queued','verdict':null,'language':{'name':'c++','version':'12'},"
        "'created_at':'2026-11-18T11:06:40.123Z','started_at':null,'finished_at':null,'compile':null,"
        "'summary':{'total':3,'passed':0,'cpu_time_ms_max':0.0,'memory_kb_max':0},'results':[],'hints':[],'timings':"
        "null,'metadata':{}}");
    _cleanup_(result_freep) struct result *result = result_new(3);
    result->started_ms = 1795000000124;
    result->tests[2] = (struct test_result){
        .done = true, .exit_code = 3, .verdict = VERDICT_RUNTIME_ERROR, .cpu_ns = 1, .memory_kb = 7};
    assert_json(
        result_document(sub, STATUS_RUNNING, result, ENCODING_UTF8),
        "{'token':'0123456789abcdefABCDEF','status':'running','verdict':null,'language':{'name':'c++','version':'12'},"
        "'created_at':'2026-11-18T11:06:40.123Z','started_at':'2026-11-18T11:06:40.124Z','finished_at':null,'compile':"
        "null,"
        "'summary':{'total':3,'passed':0,'cpu_time_ms_max':0.0,'memory_kb_max':7},"
        "'results':[{'name':null,'verdict':'runtime_error','stdout':'','stderr':'','exit_code':3,'signal':null,"
        "'cpu_time_ms':0.0,'wall_time_ms':0.0,'memory_kb':7,'message':null,'hints':[],'index':2}],'hints':[],'timings':"
        "null,'metadata':{}}");

    result->message = xstrdup("three leases lapsed");
    json_auto_t *failed = result_document(sub, STATUS_FAILED, result, ENCODING_UTF8);
    assert_string_equal(json_string_value(json_object_get(failed, "message")), "three leases lapsed");
    assert_string_equal(json_string_value(json_object_get(failed, "verdict")), "internal_error");
    json_auto_t *cancelled = result_document(sub, STATUS_CANCELLED, NULL, ENCODING_UTF8);
    assert_true(json_is_null(json_object_get(cancelled, "verdict")));
    assert_null(json_object_get(cancelled, "message"));
    json_auto_t *lost = result_document(sub, STATUS_FAILED, NULL, ENCODING_UTF8);
    assert_true(json_is_null(json_object_get(lost, "message")));
    assert_null(json_object_get(lost, "webhook"));
}

static void how_programs_ended(void **state)
{
    (void)state;
    static const struct {
        int exit_code, signal;
        const char *exit_text, *signal_text;
    } ends[] = {
        {0, 0, "0", "null"},
        {255, 0, "255", "null"},
        {-1, SIGSEGV, "null", "'SIGSEGV'"},
        {-1, SIGKILL, "null", "'SIGKILL'"},
        {-1, SIGABRT, "null", "'SIGABRT'"},
        {-1, SIGFPE, "null", "'SIGFPE'"},
        {-1, 34, "null", "'SIGRTMIN'"},
        {-1, 64, "null", "'SIGRTMIN+30'"},
        {-1, 5000, "null", "'SIG?'"},
        {-1, 0, "null", "null"},
    };
    _cleanup_(submission_freep) struct submission *sub = some_submission(1);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct test_result test = {.done = true, .exit_code = ends[i].exit_code, .signal = ends[i].signal};
        json_auto_t *form = test_result_json(sub, 0, &test, ENCODING_UTF8);
        assert_json(json_incref(json_object_get(form, "exit_code")), ends[i].exit_text);
        assert_json(json_incref(json_object_get(form, "signal")), ends[i].signal_text);
    }
}

static void outputs_that_are_not_text(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = some_submission(1);
    struct test_result test = {.done = true, .truncated = true};
    buf_append(&test.out, "a\0\xff", 3);
    json_auto_t *text = test_result_json(sub, 0, &test, ENCODING_UTF8),
                *bytes = test_result_json(sub, 0, &test, ENCODING_BASE64);
    assert_int_equal(json_string_length(json_object_get(text, "stdout")), 5);
    assert_memory_equal(json_string_value(json_object_get(text, "stdout")), "a\0\xef\xbf\xbd", 5);
    assert_true(json_is_true(json_object_get(text, "lossy")) && json_is_true(json_object_get(text, "truncated")));
    assert_string_equal(json_string_value(json_object_get(bytes, "stdout")), "YQD/");
    assert_null(json_object_get(bytes, "lossy"));
    assert_true(json_is_true(json_object_get(bytes, "truncated")));
    buf_truncate(&test.out, 2);
    test.truncated = false;
    buf_append(&test.err, "\xc3\xa9", 2);
    json_auto_t *whole = test_result_json(sub, 0, &test, ENCODING_UTF8);
    assert_null(json_object_get(whole, "lossy"));
    assert_null(json_object_get(whole, "truncated"));
    assert_string_equal(json_string_value(json_object_get(whole, "stderr")), "\xc3\xa9");
    test_result_release(&test);
}

static void compile_steps(void **state)
{
    (void)state;
    struct compile_result compile = {.state = COMPILE_NONE};
    assert_json(compile_result_json(&compile, ENCODING_UTF8), "null");
    compile = (struct compile_result){.state = COMPILE_FAILED,
                                      .verdict = VERDICT_COMPILATION_ERROR,
                                      .exit_code = 1,
                                      .time_ns = 1234567,
                                      .memory_kb = 9,
                                      .cached = true};
    buf_append_str(&compile.err, "x.c:1: error\xff");
    assert_json(compile_result_json(&compile, ENCODING_UTF8),
                "{'verdict':'compilation_error','exit_code':1,'stdout':'','stderr':'x.c:1: "
                "error\xef\xbf\xbd','time_ms':1.234,'memory_kb':9,'cached':true,'lossy':true}");
    buf_release(&compile.err);
    compile.exit_code = -1;
    compile.signal = SIGKILL;
    compile.message = xstrdup("compile time limit exceeded");
    compile.truncated = true;
    assert_json(compile_result_json(&compile, ENCODING_BASE64),
                "{'verdict':'compilation_error','exit_code':null,'signal':'SIGKILL','stdout':'','stderr':'','time_ms':"
                "1.234,'memory_kb':9,"
                "'cached':true,'message':'compile time limit exceeded','truncated':true}");
    compile_result_release(&compile);
    assert_int_equal(compile.state, COMPILE_NONE);
}

static void some_fields_only(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = some_submission(2);
    _cleanup_(result_freep) struct result *result = finished_result();
    static const struct {
        const char *fields, *left;
    } good[] = {
        {"status", "{'token':'0123456789abcdefABCDEF','status':'completed'}"},
        {"token", "{'token':'0123456789abcdefABCDEF'}"},
        {"verdict,status", "{'token':'0123456789abcdefABCDEF','status':'completed','verdict':'wrong_answer'}"},
        {"status,status,message,webhook", "{'token':'0123456789abcdefABCDEF','status':'completed'}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        json_t *document = result_document(sub, STATUS_COMPLETED, result, ENCODING_UTF8);
        assert_int_equal(document_select(document, good[i].fields, NULL), 0);
        assert_json(document, good[i].left);
    }
    static const struct {
        const char *fields, *message;
    } bad[] = {
        {"stdout", "unknown field \"stdout\" in fields; known: token, status, verdict, "},
        {"", "unknown field \"\" in fields"},
        {"status,", "unknown field \"\" in fields"},
        {"status, verdict", "unknown field \" verdict\" in fields"},
        {"Status", "unknown field \"Status\" in fields"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = ERROR_INIT;
        json_auto_t *document = result_document(sub, STATUS_COMPLETED, result, ENCODING_UTF8);
        size_t keys = json_object_size(document);
        assert_int_equal(document_select(document, bad[i].fields, &err), -EINVAL);
        assert_memory_equal(err.message, bad[i].message, strlen(bad[i].message));
        assert_int_equal(json_object_size(document), keys);
    }
}

static void limits_tables_agree(void **state)
{
    (void)state;
    struct limits defaults = limits_default(), caps = limits_cap(), filled = {.cpu_time_ms = 7};
    assert_int_equal(limit_field_count, sizeof(struct limits) / sizeof(int64_t));
    for (size_t i = 0; i < limit_field_count; i++) {
        const struct limit_field *field = &limit_fields[i];
        assert_int_equal(limits_get(&defaults, field), field->fallback);
        assert_int_equal(limits_get(&caps, field), field->cap);
        assert_true(0 < field->least && field->least <= field->fallback && field->fallback <= field->cap);
    }
    limits_fill(&filled, &defaults);
    assert_int_equal(filled.cpu_time_ms, 7);
    assert_int_equal(filled.file_kb, defaults.file_kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),  cmocka_unit_test(the_first_failure_decides),
        cmocka_unit_test(a_finished_document), cmocka_unit_test(documents_of_unfinished_ones),
        cmocka_unit_test(how_programs_ended),  cmocka_unit_test(outputs_that_are_not_text),
        cmocka_unit_test(compile_steps),       cmocka_unit_test(some_fields_only),
        cmocka_unit_test(limits_tables_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
