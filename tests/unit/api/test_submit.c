/* SPDX-License-Identifier: Apache-2.0 */
/* test_submit.c: what POST takes, and every way in which it refuses. */
#include "world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/complaint.h"

static struct world world;
static struct world *const w = &world;

static int open_world(void **state)
{
    (void)state;
    world_prepare(w);
    world_start(w);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_end(w);
    return 0;
}

static const char minimal[] = "{\"language\":\"script\",\"code\":\"x\"}";

static int64_t waiting(void)
{
    struct store_depth depth;
    assert_int_equal(store_depth(w->store, &depth), 0);
    return depth.waiting;
}

static void accepts_and_stores(void **state)
{
    (void)state;
    static const char *const paths[] = {"/execute-batch", "/execute/batch", "/execute?wait=0"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        _cleanup_(reply_release) struct reply r = ask(w, "POST", paths[i], NULL, minimal);
        assert_int_equal(r.status, 202);
        json_auto_t *receipt = body_of(&r);
        assert_int_equal(json_object_size(receipt), 3);
        assert_string_equal(text_at(receipt, "status"), "queued");
        assert_int_equal(strlen(text_at(receipt, "created_at")), strlen("2026-11-23T20:05:00.123Z"));
        assert_true(token_valid(text_at(receipt, "token"), TOKEN_LEN));
        _cleanup_(freep) char *location = xasprintf("Location: /submissions/%s", text_at(receipt, "token"));
        assert_true(reply_has(&r, location));
    }
    assert_int_equal(waiting(), 3);
}

static void content_types(void **state)
{
    (void)state;
    static const char *const good[] = {"application/json", "Application/JSON", "application/json; charset=utf-8",
                                       "application/json;charset=UTF-8", "application/json ; charset=\"utf-8\""};
    static const char *const bad[] = {"text/plain",
                                      "application/x-www-form-urlencoded",
                                      "application/jsonx",
                                      "application",
                                      "application/json; charset=latin1",
                                      "application/json, text/plain",
                                      "json",
                                      ""};
    for (size_t i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(bad); i++) {
        bool fine = i < ARRAY_LEN(good);
        _cleanup_(freep) char *header = xasprintf("Content-Type: %s\r\n", fine ? good[i] : bad[i - ARRAY_LEN(good)]);
        _cleanup_(reply_release) struct reply r = ask(w, "POST", "/execute-batch", header, minimal);
        if (fine)
            assert_int_equal(r.status, 202);
        else
            assert_problem(&r, 415, NULL, "application/json");
    }
    _cleanup_(freep) char *raw =
        xasprintf("POST /execute HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", strlen(minimal), minimal);
    int fd = client_of(w);
    client_say(fd, raw);
    _cleanup_(reply_release) struct reply r = client_read(fd, false);
    assert_problem(&r, 415, NULL, NULL);
    close(fd);
}

static void bodies_that_are_not_json(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *field, *text;
    } rows[] = {
        {"", 400, NULL, NULL},
        {"{", 400, NULL, "line 1"},
        {"{\"language\":\"cee\",\n  nonsense}", 400, NULL, "line 2"},
        {"{\"language\":\"cee\",\"language\":\"cee\"}", 400, "language", "duplicate"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 400, NULL, "32"},
        {"{\"a\":1}x", 400, NULL, NULL},
        {"{\"a\":\"\xff\"}", 400, "a", NULL},
        {"{\"limits\":{\"cpu_time_ms\":99999999999999999999}}", 422, "limits.cpu_time_ms", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_refused(w, "/execute-batch", rows[i].body, rows[i].status, rows[i].field, rows[i].text);
        assert_refused(w, "/execute", rows[i].body, rows[i].status, rows[i].field, rows[i].text);
    }
    assert_int_equal(waiting(), 0);
}

static void compressed_bodies_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int status;
    } cases[] = {{"gzip", 415}, {"br", 415}, {"identity, gzip", 415}, {"Identity", 202}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _cleanup_(freep) char *header =
            xasprintf("Content-Type: application/json\r\nContent-Encoding: %s\r\n", cases[i].header);
        _cleanup_(reply_release) struct reply r = ask(w, "POST", "/execute-batch", header, minimal);
        if (cases[i].status == 202)
            assert_int_equal(r.status, 202);
        else
            assert_problem(&r, cases[i].status, NULL, "Content-Encoding");
    }
}

static void empty_bodies_are_called_so(void **state)
{
    (void)state;
    assert_refused(w, "/execute", "", 400, NULL, "the body is empty");
    assert_refused(w, "/execute-batch", " \t", 400, NULL, "the body is empty");
}

static void too_many_values_cost_no_memory(void **state)
{
    (void)state;
    enum { COUNT = 700000 };
    _cleanup_(buf_release) struct buf body = BUF_INIT;
    buf_append_char(&body, '[');
    for (int i = 0; i < COUNT; i++)
        buf_append_str(&body, "{},");
    buf_append_str(&body, "{}]");
    assert_refused(w, "/execute-batch", body.data, 413, NULL, "more than 100000 values");
}

static void submissions_that_are_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body, *field, *text;
    } rows[] = {
        {"/execute-batch", "5", "", NULL},
        {"/execute", "[]", "", NULL},
        {"/execute-batch", "[]", "", NULL},
        {"/execute-batch", "{\"code\":\"x\"}", "language", NULL},
        {"/execute-batch", "{\"language\":\"cee\"}", "code", NULL},
        {"/execute-batch", "{\"language\":5,\"code\":\"x\"}", "language", NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"colour\":1}", "colour", "unknown"},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"test_cases\":[]}", "test_cases", NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"test_cases\":[{},{\"stdin\":1}]}",
         "test_cases[1].stdin", NULL},
        {"/execute", "{\"language\":\"cee\",\"code\":\"x\",\"stdin\":1}", "stdin", NULL},
        {"/execute", "{\"language\":\"cee\",\"code\":\"x\",\"test_cases\":[{}]}", "test_cases", "unknown"},
        {"/execute-batch", "[{\"language\":\"cee\",\"code\":\"x\"},{\"code\":\"y\"}]", "[1].code", NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"!\",\"encoding\":\"base64\"}", "code", NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"files\":[{\"name\":\"../x\",\"content\":\"\"}]}",
         "files[0].name", NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"files\":[{\"name\":\"/x\",\"content\":\"\"}]}",
         "files[0].name", NULL},
        {"/execute-batch",
         "{\"language\":\"cee\",\"code\":\"x\",\"files\":[{\"name\":\"a\\u0000b\",\"content\":\"\"}]}", "files[0].name",
         NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"priority\":11}", "priority", NULL},
        {"/execute-batch", "{\"language\":\"cee\",\"code\":\"x\",\"limits\":{\"cpu_time_ms\":0}}", "limits.cpu_time_ms",
         NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_refused(w, rows[i].path, rows[i].body, 422, rows[i].field, rows[i].text);
    assert_int_equal(waiting(), 0);
}

static void languages_options_and_caps(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field, *text;
    } rows[] = {
        {"{\"language\":\"ceee\",\"code\":\"x\"}", "language", "cee"},
        {"{\"language\":\"absent\",\"code\":\"x\"}", "language", "apt-get"},
        {"{\"language\":\"cee\",\"version\":\"13\",\"code\":\"x\"}", "version", "12.2.0"},
        {"{\"language\":\"cee\",\"code\":\"x\",\"compiler_options\":[\"-O2\",\"-oops\"]}", "compiler_options[1]", NULL},
        {"{\"language\":\"cee\",\"code\":\"x\",\"limits\":{\"cpu_time_ms\":15001}}", "limits.cpu_time_ms", "15000"},
        {"{\"language\":\"cee\",\"code\":\"x\",\"files\":[{\"name\":\"a.h\",\"content\":\"\"},"
         "{\"name\":\"main.c\",\"content\":\"\"}]}",
         "files[1].name", "code"},
        {"{\"language\":\"script\",\"files\":[{\"name\":\"x.txt\",\"content\":\"\"}]}", "files", "main.x"},
        {"[{\"language\":\"script\",\"files\":[{\"name\":\"x.txt\",\"content\":\"\"}]}]", "[0].files", "main.x"},
        {"{\"language\":\"cee\",\"code\":\"x\",\"checker\":{\"type\":\"program\",\"language\":\"script\","
         "\"files\":[{\"name\":\"x.txt\",\"content\":\"\"}]}}",
         "checker.files", "main.x"},
        {"{\"language\":\"cee\",\"code\":\"x\",\"test_cases\":[{},{\"limits\":{\"memory_kb\":1048577}}]}",
         "test_cases[1].limits.memory_kb", "1048576"},
        {"[{\"language\":\"ceee\",\"code\":\"x\"}]", "[0].language", "cee"},
        {"[{\"language\":\"cee\",\"version\":\"1\",\"code\":\"x\"}]", "[0].version", NULL},
        {"[{\"language\":\"cee\",\"code\":\"x\",\"compiler_options\":[\"-x\"]}]", "[0].compiler_options[0]", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_refused(w, "/execute-batch", rows[i].body, 422, rows[i].field, rows[i].text);
    json_auto_t *good =
        ask_json(w, 202, "POST", "/execute-batch",
                 "{\"language\":\"CeeLang\",\"version\":\"12\",\"code\":\"x\",\"compiler_options\":[\"-O3\"]}");
    assert_non_null(good);
}

/* Every mistake at once, and the detail says the first of them. */
static void several_mistakes(void **state)
{
    (void)state;
    _cleanup_(reply_release) struct reply r = ask(
        w, "POST", "/execute-batch", NULL, "{\"language\":\"ceee\",\"code\":\"x\",\"limits\":{\"cpu_time_ms\":99999}}");
    assert_int_equal(r.status, 422);
    json_auto_t *problem = body_of(&r);
    assert_int_equal(json_array_size(json_object_get(problem, "errors")), 2);
    assert_non_null(strstr(text_at(problem, "detail"), "language: "));
    assert_non_null(strstr(text_at(problem, "detail"), "(and 1 more)"));
}

/* The language's own default comes before the server's, and the submission's before both. */
static void limits_are_resolved(void **state)
{
    (void)state;
    struct job job;
    _cleanup_(freep) char *token =
        submit(w, "{\"language\":\"script\",\"code\":\"x\",\"test_cases\":[{},{\"limits\":{\"wall_time_ms\":8000}}]}");
    assert_non_null(token);
    job_claim(w, &job);
    assert_int_equal(job.submission->tests[0].limits.wall_time_ms, 7000);
    assert_int_equal(job.submission->tests[1].limits.wall_time_ms, 8000);
    assert_int_equal(job.submission->tests[0].limits.memory_kb, 262144);
    job_drop(&job);
}

static void bad_waits(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "-1", "61", "60.001", "abc", "", "1e1", "1.2.3", "+1", ".", "nan", "0x10", "99999999999999999999", "1%20"};
    static const char *const good[] = {"0", "0.0", "0.00", ".0", "00", "0.0004"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        _cleanup_(freep) char *path = xasprintf("/execute-batch?wait=%s", bad[i]);
        assert_refused(w, path, minimal, 422, "wait", "seconds");
    }
    assert_int_equal(waiting(), 0);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        _cleanup_(freep) char *path = xasprintf("/execute?wait=%s", good[i]);
        json_auto_t *receipt = ask_json(w, 202, "POST", path, minimal);
        assert_string_equal(text_at(receipt, "status"), "queued");
    }
}

static char *submit_with_key(const char *path, const char *key, const char *body, int status)
{
    _cleanup_(freep) char *header = xasprintf("Idempotency-Key: %s\r\n", key);
    _cleanup_(reply_release) struct reply r = ask(w, "POST", path, header, body);
    if (status != 202) {
        assert_problem(&r, status, "Idempotency-Key", NULL);
        return NULL;
    }
    assert_int_equal(r.status, 202);
    json_auto_t *receipt = body_of(&r);
    return xstrdup(text_at(receipt, "token"));
}

static void idempotency(void **state)
{
    (void)state;
    char longest[STORE_KEY_MAX + 2];
    memset(longest, 'k', sizeof longest);
    longest[STORE_KEY_MAX + 1] = '\0';
    submit_with_key("/execute-batch", longest, minimal, 422);
    submit_with_key("/execute-batch", "na\xc3\xafve", minimal, 422);
    longest[STORE_KEY_MAX] = '\0';
    _cleanup_(freep) char *first = submit_with_key("/execute-batch", longest, minimal, 202);
    _cleanup_(freep) char *again = submit_with_key("/execute-batch", longest, minimal, 202);
    _cleanup_(freep) char *alias = submit_with_key("/execute/batch", longest, minimal, 202);
    _cleanup_(freep) char *other = submit_with_key("/execute-batch", "another key", minimal, 202);
    assert_string_equal(first, again);
    assert_string_equal(first, alias);
    assert_string_not_equal(first, other);
    submit_with_key("/execute-batch", longest, "{\"language\":\"script\",\"code\":\"y\"}", 422);
    submit_with_key("/execute?wait=0", longest, minimal, 422);
    assert_int_equal(waiting(), 2);
}

/* Who repeats a post with wait gets the first one's result. */
static void idempotent_wait(void **state)
{
    (void)state;
    _cleanup_(freep) char *first = submit_with_key("/execute-batch", "k", minimal, 202);
    run_next(w);
    _cleanup_(reply_release) struct reply r =
        ask(w, "POST", "/execute-batch?wait=60", "Idempotency-Key: k\r\n", minimal);
    assert_int_equal(r.status, 200);
    json_auto_t *document = body_of(&r);
    assert_string_equal(text_at(document, "token"), first);
    assert_string_equal(text_at(document, "status"), "completed");
}

static void full_queue(void **state)
{
    (void)state;
    world_end(w);
    world_prepare(w);
    w->store_config.max_depth = 2;
    w->config.retry_after_s = 7;
    world_start(w);
    _cleanup_(freep) char *one = submit(w, minimal), *two = submit(w, minimal);
    _cleanup_(reply_release) struct reply r = ask(w, "POST", "/execute-batch", NULL, minimal);
    assert_problem(&r, 503, NULL, "full");
    assert_true(reply_has(&r, "Retry-After: 7"));
    run_next(w);
    _cleanup_(freep) char *three = submit(w, minimal);
    assert_string_not_equal(one, two);
    assert_string_not_equal(one, three);
}

static void draining(void **state)
{
    (void)state;
    _cleanup_(freep) char *token = submit(w, minimal);
    api_drain(w->api);
    _cleanup_(reply_release) struct reply refused = ask(w, "POST", "/execute-batch", NULL, minimal);
    assert_problem(&refused, 503, NULL, "stopping");
    assert_true(reply_has(&refused, "Retry-After: 5"));
    _cleanup_(reply_release) struct reply ready = ask(w, "GET", "/readyz", NULL, NULL);
    assert_problem(&ready, 503, NULL, NULL);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s", token);
    json_auto_t *document = ask_json(w, 200, "GET", path, NULL);
    assert_string_equal(text_at(document, "status"), "queued");
    json_auto_t *alive = ask_json(w, 200, "GET", "/healthz", NULL);
    assert_string_equal(text_at(alive, "status"), "ok");
}

static void stores_in_a_clients_words(void **state)
{
    (void)state;
    static const struct {
        int code, status;
    } rows[] = {{-ENOENT, 404}, {-EAGAIN, 503}, {-ENOSPC, 507}, {-EIO, 503}, {-ECONNREFUSED, 503}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
        assert_int_equal(complain_store(&c, rows[i].code), -1);
        assert_int_equal(c.status, rows[i].status);
        assert_null(strstr(c.detail.message, strerror(-rows[i].code)));
    }
}

static void too_large(void **state)
{
    (void)state;
    int fd = client_of(w);
    client_say(fd, "POST /execute-batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                   "16777217\r\n\r\n");
    _cleanup_(reply_release) struct reply r = client_read(fd, false);
    assert_problem(&r, 413, NULL, NULL);
    close(fd);
}

int main(void)
{
#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(accepts_and_stores),
        WITH_WORLD(content_types),
        WITH_WORLD(bodies_that_are_not_json),
        WITH_WORLD(compressed_bodies_are_refused),
        WITH_WORLD(empty_bodies_are_called_so),
        WITH_WORLD(too_many_values_cost_no_memory),
        WITH_WORLD(submissions_that_are_wrong),
        WITH_WORLD(languages_options_and_caps),
        WITH_WORLD(several_mistakes),
        WITH_WORLD(limits_are_resolved),
        WITH_WORLD(bad_waits),
        WITH_WORLD(idempotency),
        WITH_WORLD(idempotent_wait),
        WITH_WORLD(full_queue),
        WITH_WORLD(draining),
        WITH_WORLD(too_large),
        cmocka_unit_test(stores_in_a_clients_words),
    };
    return cmocka_run_group_tests_name("submit", tests, NULL, NULL);
}
