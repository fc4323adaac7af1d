/* SPDX-License-Identifier: Apache-2.0 */
/* test_follow.c: what becomes of a submission, seen by clients who ask, wait, listen or give it up. */
#include "world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

enum { WAITERS = 2000 };

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

static json_t *get(const char *token, const char *query)
{
    _cleanup_(freep) char *path = xasprintf("/submissions/%s%s", token, query);
    return ask_json(w, 200, "GET", path, NULL);
}

/* ---- GET ---- */

static void from_queued_to_completed(void **state)
{
    (void)state;
    struct job job;
    _cleanup_(freep) char *token = submit(w, three_tests);
    json_auto_t *queued = get(token, "");
    assert_string_equal(text_at(queued, "status"), "queued");
    assert_true(json_is_null(json_object_get(queued, "started_at")));
    assert_true(json_is_null(json_object_get(queued, "verdict")));
    assert_int_equal(json_array_size(json_object_get(queued, "results")), 0);

    job_claim(w, &job);
    job_compile(&job);
    job_test(&job, 2, VERDICT_ACCEPTED, STR("out"));
    json_auto_t *running = get(token, "");
    assert_string_equal(text_at(running, "status"), "running");
    assert_true(json_is_string(json_object_get(running, "started_at")));
    assert_string_equal(text_at(json_object_get(running, "compile"), "stderr"), "a warning");
    const json_t *results = json_object_get(running, "results");
    assert_int_equal(json_array_size(results), 1);
    assert_string_equal(text_at(json_array_get(results, 0), "name"), "c");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(results, 0), "index")), 2);

    job_test(&job, 0, VERDICT_ACCEPTED, STR(""));
    job_test(&job, 1, VERDICT_WRONG_ANSWER, STR(""));
    job_finish(&job);
    json_auto_t *done = get(token, "");
    assert_string_equal(text_at(done, "status"), "completed");
    assert_string_equal(text_at(done, "verdict"), "wrong_answer");
    assert_string_equal(text_at(done, "token"), token);
    results = json_object_get(done, "results");
    assert_int_equal(json_array_size(results), 3);
    assert_string_equal(text_at(json_array_get(results, 2), "stdout"), "out");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(done, "summary"), "passed")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(done, "metadata"), "n")), 1);
}

static void fields_and_encoding(void **state)
{
    (void)state;
    struct job job;
    _cleanup_(freep) char *token = submit(w, three_tests);
    job_claim(w, &job);
    for (size_t i = 0; i < 3; i++)
        job_test(&job, i, VERDICT_ACCEPTED, STR("a\xff"));
    job_finish(&job);
    json_auto_t *some = get(token, "?fields=status,verdict");
    assert_int_equal(json_object_size(some), 3);
    assert_string_equal(text_at(some, "token"), token);
    json_auto_t *text = get(token, "?encoding=utf8&fields=results");
    const json_t *first = json_array_get(json_object_get(text, "results"), 0);
    assert_string_equal(text_at(first, "stdout"), "a\xef\xbf\xbd");
    assert_true(json_is_true(json_object_get(first, "lossy")));
    json_auto_t *base64 = get(token, "?encoding=base64");
    first = json_array_get(json_object_get(base64, "results"), 0);
    assert_string_equal(text_at(first, "stdout"), "Yf8=");

    static const struct {
        const char *query, *field;
    } rows[] = {{"fields=status,colour", "fields"}, {"fields=", "fields"}, {"encoding=latin1", "encoding"},
                {"encoding=", "encoding"},          {"wait=soon", "wait"}, {"wait=60.1&fields=status", "wait"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(freep) char *path = xasprintf("/submissions/%s?%s", token, rows[i].query);
        _cleanup_(reply_release) struct reply r = ask(w, "GET", path, NULL, NULL);
        assert_problem(&r, 422, rows[i].field, NULL);
    }
}

static void unknown_tokens(void **state)
{
    (void)state;
    static const char *const tokens[] = {"x", "0123456789012345678901", "01234567890123456789012", "---"};
    static const char *const tails[] = {"", "?wait=60", "/events"};
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        for (size_t j = 0; j < ARRAY_LEN(tails); j++) {
            _cleanup_(freep) char *path = xasprintf("/submissions/%s%s", tokens[i], tails[j]);
            _cleanup_(reply_release) struct reply r = ask(w, "GET", path, NULL, NULL);
            assert_problem(&r, 404, NULL, NULL);
        }
        _cleanup_(freep) char *path = xasprintf("/submissions/%s", tokens[i]);
        _cleanup_(reply_release) struct reply r = ask(w, "DELETE", path, NULL, NULL);
        assert_problem(&r, 404, NULL, NULL);
    }
}

/* ---- waiting ---- */

static json_t *read_json(int fd, int status)
{
    _cleanup_(reply_release) struct reply r = client_read(fd, false);
    close(fd);
    if (r.status != status)
        fail_msg("%d instead of %d: %s", r.status, status, buf_str(&r.body));
    return body_of(&r);
}

static void waits_end_when_it_is_done(void **state)
{
    (void)state;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s?wait=60&fields=status", token);
    int getter = open_request(w, "GET", path, NULL, NULL);
    int poster = open_request(w, "POST", "/execute-batch?wait=60", NULL, three_tests);
    int single = open_request(w, "POST", "/execute", NULL, "{\"language\":\"cee\",\"code\":\"x\",\"stdin\":\"5\"}");
    await_visits(w, 3);
    for (int i = 0; i < 3; i++)
        run_next(w);
    json_auto_t *got = read_json(getter, 200);
    assert_string_equal(text_at(got, "status"), "completed");
    json_auto_t *posted = read_json(poster, 200);
    assert_string_equal(text_at(posted, "status"), "completed");
    assert_int_equal(json_array_size(json_object_get(posted, "results")), 3);
    json_auto_t *executed = read_json(single, 200);
    assert_int_equal(json_array_size(json_object_get(executed, "results")), 1);
    await_visits(w, 0);
}

static void waits_that_run_out(void **state)
{
    (void)state;
    int64_t began = clock_monotonic_ns();
    json_auto_t *receipt = ask_json(w, 202, "POST", "/execute?wait=0.3", "{\"language\":\"cee\",\"code\":\"x\"}");
    assert_true(clock_monotonic_ns() - began >= 290 * NS_PER_MS);
    assert_string_equal(text_at(receipt, "status"), "queued");
    began = clock_monotonic_ns();
    json_auto_t *document = get(text_at(receipt, "token"), "?wait=.3");
    assert_true(clock_monotonic_ns() - began >= 290 * NS_PER_MS);
    assert_string_equal(text_at(document, "status"), "queued");
    await_visits(w, 0);
}

static void waiters_who_leave(void **state)
{
    (void)state;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s?wait=60", token);
    _cleanup_(freep) char *events = xasprintf("/submissions/%s/events", token);
    int fds[] = {open_request(w, "GET", path, NULL, NULL), open_request(w, "GET", events, NULL, NULL),
                 open_request(w, "POST", "/execute", NULL, "{\"language\":\"cee\",\"code\":\"x\"}")};
    await_visits(w, 3);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        close(fds[i]);
    await_visits(w, 0);
    run_next(w);
    run_next(w);
    json_auto_t *document = get(token, "");
    assert_string_equal(text_at(document, "status"), "completed");
}

static void two_thousand_waits(void **state)
{
    (void)state;
    static int fds[WAITERS];
    struct rlimit limit = {.rlim_cur = 3 * WAITERS, .rlim_max = 3 * WAITERS};
    struct rlimit old;
    getrlimit(RLIMIT_NOFILE, &old);
    limit.rlim_max = MAX(old.rlim_max, limit.rlim_max);
    if (old.rlim_cur < limit.rlim_cur)
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    world_stop(w);
    w->config.http.max_connections = 2 * WAITERS;
    world_start(w);
    _cleanup_(freep) char *one = submit(w, three_tests), *two = submit(w, three_tests);
    for (int i = 0; i < WAITERS; i++) {
        _cleanup_(freep) char *path = xasprintf("/submissions/%s?wait=60", i % 2 ? two : one);
        fds[i] = open_request(w, "GET", path, NULL, NULL);
    }
    await_visits(w, WAITERS);
    json_auto_t *alive = ask_json(w, 200, "GET", "/healthz", NULL);
    assert_string_equal(text_at(alive, "status"), "ok");
    run_next(w);
    run_next(w);
    for (int i = 0; i < WAITERS; i++) {
        json_auto_t *document = read_json(fds[i], 200);
        assert_string_equal(text_at(document, "status"), "completed");
        assert_string_equal(text_at(document, "token"), i % 2 ? two : one);
    }
    await_visits(w, 0);
}

/* ---- DELETE ---- */

static int delete (const char *token)
{
    _cleanup_(freep) char *path = xasprintf("/submissions/%s", token);
    _cleanup_(reply_release) struct reply r = ask(w, "DELETE", path, NULL, NULL);
    if (r.status == 200) {
        json_auto_t *document = body_of(&r);
        assert_string_equal(text_at(document, "status"), "cancelled");
    }
    return r.status;
}

static void cancel_then_forget(void **state)
{
    (void)state;
    struct job job;
    _cleanup_(freep) char *running = submit(w, three_tests), *queued = submit(w, three_tests);
    job_claim(w, &job);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s?wait=60", running);
    int waiter = open_request(w, "GET", path, NULL, NULL);
    await_visits(w, 1);
    assert_int_equal(delete (running), 200);
    json_auto_t *document = read_json(waiter, 200);
    assert_string_equal(text_at(document, "status"), "cancelled");
    assert_int_equal(store_renew(w->store, running, job.claim.fence), -ECANCELED);
    job_drop(&job);
    assert_int_equal(delete (queued), 200);
    assert_int_equal(delete (queued), 204);
    assert_int_equal(delete (queued), 404);
    assert_int_equal(delete (running), 204);
}

/* ---- events ---- */

/* The stream of a submission, read to its end: "id event\n" for each, and the data of the last. */
static void read_stream(const char *token, const char *headers, struct buf *all)
{
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    _cleanup_(freep) char *more = xasprintf("%sConnection: close\r\n", headers ? headers : "");
    int fd = open_request(w, "GET", path, more, NULL);
    client_read_until(fd, all, "0\r\n\r\n");
    assert_true(client_sees_end(fd));
    close(fd);
    assert_non_null(strstr(buf_str(all), "Content-Type: text/event-stream"));
}

static void list_events(const struct buf *stream, struct buf *list)
{
    for (const char *at = buf_str(stream); (at = strstr(at, "\nid: ")); at++) {
        const char *name = strstr(at, "\nevent: ");
        assert_non_null(name);
        buf_printf(list, "%.*s %.*s\n", (int)strcspn(at + 5, "\n"), at + 5, (int)strcspn(name + 8, "\n"), name + 8);
    }
}

/* Events of one run in which test cases 2, 0, 1 end in this order. */
static char *run_out_of_order(char **ret_expected)
{
    struct job job;
    struct store_record record = {0};
    char *token = submit(w, three_tests);
    job_claim(w, &job);
    job_compile(&job);
    job_test(&job, 2, VERDICT_ACCEPTED, STR("third"));
    job_test(&job, 0, VERDICT_ACCEPTED, STR("first"));
    job_test(&job, 1, VERDICT_RUNTIME_ERROR, STR("second"));
    job_finish(&job);
    assert_int_equal(store_get(w->store, token, &record), 0);
    long long run = (long long)record.started_ms;
    store_record_release(&record);
    *ret_expected =
        xasprintf("0 status\n%lld-0 status\n%lld-1 compile\n%lld-2 test\n%lld-3 test\n%lld-4 test\ndone done\n", run,
                  run, run, run, run);
    return token;
}

static void events_after_the_end(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf stream = BUF_INIT, list = BUF_INIT;
    _cleanup_(freep) char *expected = NULL, *token = run_out_of_order(&expected);
    read_stream(token, NULL, &stream);
    list_events(&stream, &list);
    assert_string_equal(list.data, expected);
    const char *third = strstr(buf_str(&stream), "\"index\":2"), *first = strstr(buf_str(&stream), "\"index\":0");
    assert_true(third && first && third < first);
    const char *done = strstr(buf_str(&stream), "event: done");
    assert_non_null(strstr(done, "\"verdict\":\"runtime_error\""));
    assert_null(strstr(done, "\"results\""));
}

static void events_resume_after_each(void **state)
{
    (void)state;
    _cleanup_(freep) char *expected = NULL, *token = run_out_of_order(&expected);
    for (const char *at = expected; *at;) {
        const char *rest = strchr(at, '\n') + 1;
        _cleanup_(freep) char *header = xasprintf("Last-Event-ID: %.*s\r\n", (int)strcspn(at, " "), at);
        if (*rest) {
            _cleanup_(buf_release) struct buf stream = BUF_INIT, list = BUF_INIT;
            read_stream(token, header, &stream);
            list_events(&stream, &list);
            assert_string_equal(list.data, rest);
        } else {
            _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
            _cleanup_(reply_release) struct reply r = ask(w, "GET", path, header, NULL);
            assert_int_equal(r.status, 204);
        }
        at = rest;
    }
}

static void events_with_a_strange_id(void **state)
{
    (void)state;
    static const char *const ids[] = {"x", "-1", "1-", "1-x", "99999999999999999999", "5", "1-99999", "1-2-3", "1;2"};
    _cleanup_(freep) char *expected = NULL, *token = run_out_of_order(&expected);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        _cleanup_(buf_release) struct buf stream = BUF_INIT, list = BUF_INIT;
        _cleanup_(freep) char *header = xasprintf("Last-Event-ID: %s\r\n", ids[i]);
        read_stream(token, header, &stream);
        list_events(&stream, &list);
        assert_string_equal(list.data, expected);
    }
}

static void events_live(void **state)
{
    (void)state;
    struct job job;
    _cleanup_(buf_release) struct buf live = BUF_INIT, late = BUF_INIT, live_list = BUF_INIT, late_list = BUF_INIT;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events?encoding=base64", token);
    int fd = open_request(w, "GET", path, "Connection: close\r\n", NULL);
    client_read_until(fd, &live, "\"queued\"}");
    job_claim(w, &job);
    client_read_until(fd, &live, "\"running\"}");
    job_compile(&job);
    client_read_until(fd, &live, "event: compile");
    job_test(&job, 1, VERDICT_ACCEPTED, STR("a\xff"));
    client_read_until(fd, &live, "\"stdout\":\"Yf8=\"");
    job_test(&job, 0, VERDICT_ACCEPTED, STR(""));
    client_read_until(fd, &live, "\"index\":0");
    job_test(&job, 2, VERDICT_ACCEPTED, STR(""));
    job_finish(&job);
    client_read_until(fd, &live, "0\r\n\r\n");
    close(fd);
    read_stream(token, NULL, &late);
    list_events(&live, &live_list);
    list_events(&late, &late_list);
    assert_string_equal(live_list.data, late_list.data);
}

/* A client loses its connection in the middle, and comes back while it still runs. */
static void events_resume_live(void **state)
{
    (void)state;
    struct job job;
    struct store_record record = {0};
    _cleanup_(buf_release) struct buf stream = BUF_INIT, list = BUF_INIT;
    _cleanup_(freep) char *token = submit(w, three_tests);
    job_claim(w, &job);
    job_test(&job, 1, VERDICT_ACCEPTED, STR(""));
    job_test(&job, 2, VERDICT_ACCEPTED, STR(""));
    assert_int_equal(store_get(w->store, token, &record), 0);
    long long run = (long long)record.started_ms;
    store_record_release(&record);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    _cleanup_(freep) char *header = xasprintf("Last-Event-ID: %lld-2\r\n", run);
    int fd = open_request(w, "GET", path, header, NULL);
    client_read_until(fd, &stream, "\"index\":2");
    job_test(&job, 0, VERDICT_ACCEPTED, STR(""));
    job_finish(&job);
    client_read_until(fd, &stream, "0\r\n\r\n");
    close(fd);
    list_events(&stream, &list);
    _cleanup_(freep) char *expected = xasprintf("%lld-3 test\n%lld-4 test\ndone done\n", run, run);
    assert_string_equal(list.data, expected);
}

/* Another worker starts over: its run is told anew, under ids of its own. */
static void events_of_a_second_run(void **state)
{
    (void)state;
    struct job lost;
    struct store_record record = {0};
    _cleanup_(buf_release) struct buf stream = BUF_INIT, late = BUF_INIT, list = BUF_INIT, late_list = BUF_INIT;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    job_claim(w, &lost);
    job_compile(&lost);
    job_test(&lost, 0, VERDICT_ACCEPTED, STR(""));
    assert_int_equal(store_get(w->store, token, &record), 0);
    long long first = (long long)record.started_ms;
    store_record_release(&record);
    int fd = open_request(w, "GET", path, NULL, NULL);
    client_read_until(fd, &stream, "\"index\":0");
    while (clock_realtime_ms() <= first)
        ;
    assert_int_equal(store_release(w->store, token, lost.claim.fence), 0);
    job_drop(&lost);
    client_read_until(fd, &stream, "\"index\":0");
    run_next(w);
    client_read_until(fd, &stream, "0\r\n\r\n");
    close(fd);
    _cleanup_(freep) char *last = xasprintf("Last-Event-ID: %lld-2\r\n", first);
    read_stream(token, last, &late);
    list_events(&stream, &list);
    list_events(&late, &late_list);
    assert_int_equal(store_get(w->store, token, &record), 0);
    long long second = (long long)record.started_ms;
    store_record_release(&record);
    assert_true(second > first);
    _cleanup_(freep) char *anew =
        xasprintf("%lld-0 status\n%lld-1 compile\n%lld-2 test\n%lld-3 test\n%lld-4 test\ndone done\n", second, second,
                  second, second, second);
    assert_string_equal(late_list.data, anew);
    assert_non_null(strstr(buf_str(&list), anew));
}

static void events_of_a_cancelled_one(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf stream = BUF_INIT;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    int fd = open_request(w, "GET", path, NULL, NULL);
    client_read_until(fd, &stream, "\"queued\"}");
    assert_int_equal(delete (token), 200);
    client_read_until(fd, &stream, "event: done");
    client_read_until(fd, &stream, "\"status\":\"cancelled\"");
    client_read_until(fd, &stream, "0\r\n\r\n");
    close(fd);
}

static void head_of_a_stream(void **state)
{
    (void)state;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    _cleanup_(reply_release) struct reply r = ask(w, "HEAD", path, NULL, NULL);
    assert_int_equal(r.status, 200);
    await_visits(w, 0);
}

/* ---- stopping ---- */

static void stopping_answers_everybody(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf stream = BUF_INIT;
    _cleanup_(freep) char *token = submit(w, three_tests);
    _cleanup_(freep) char *path = xasprintf("/submissions/%s?wait=60", token);
    _cleanup_(freep) char *events = xasprintf("/submissions/%s/events", token);
    int waiter = open_request(w, "GET", path, NULL, NULL), listener = open_request(w, "GET", events, NULL, NULL);
    int poster = open_request(w, "POST", "/execute", NULL, "{\"language\":\"cee\",\"code\":\"x\"}");
    await_visits(w, 3);
    client_read_until(listener, &stream, "\"queued\"}");
    world_stop(w);
    json_auto_t *document = read_json(waiter, 200);
    assert_string_equal(text_at(document, "status"), "queued");
    json_auto_t *receipt = read_json(poster, 202);
    assert_string_equal(text_at(receipt, "status"), "queued");
    client_read_until(listener, &stream, "0\r\n\r\n");
    assert_null(strstr(buf_str(&stream), "done"));
    close(listener);
}

/* Clients in full flight when it stops: each gets a whole answer or none, and what was acknowledged is stored. */
static void stopping_under_load(void **state)
{
    (void)state;
    enum { CLIENTS = 200 };
    int fds[CLIENTS], acknowledged = 0;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = open_request(w, "POST", i % 3 ? "/execute-batch" : "/execute-batch?wait=60", NULL, three_tests);
    world_stop(w);
    world_start(w);
    struct store_depth depth;
    for (int i = 0; i < CLIENTS; i++) {
        _cleanup_(reply_release) struct reply r = client_read(fds[i], false);
        close(fds[i]);
        assert_true(r.status == 202 || r.status == 503 || r.status == 0);
        if (r.status != 202)
            continue;
        acknowledged++;
        json_auto_t *receipt = body_of(&r);
        json_auto_t *document = get(text_at(receipt, "token"), "");
        assert_string_equal(text_at(document, "status"), "queued");
    }
    assert_int_equal(store_depth(w->store, &depth), 0);
    assert_true(depth.waiting >= acknowledged);
}

/* What an older replica says while a newer evalx is rolled out; and what it says of real damage. */
static void records_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *result, *text;
        int status;
    } rows[] = {{"{\"v\": 99}", "newer evalx", 503}, {"{\"v\": 1}", "cannot be read", 500}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(freep) char *token = submit(w, three_tests);
        struct store_claim claim;
        assert_int_equal(store_claim(w->store, "w", 10000, &claim), 0);
        assert_int_equal(store_complete(w->store, token, claim.fence, STATUS_COMPLETED, str_of(rows[i].result), 0), 0);
        buf_release(&claim.request);
        static const char *const tails[] = {"", "?wait=5", "/events"};
        for (size_t k = 0; k < ARRAY_LEN(tails); k++) {
            _cleanup_(freep) char *path = xasprintf("/submissions/%s%s", token, tails[k]);
            _cleanup_(reply_release) struct reply r = ask(w, "GET", path, NULL, NULL);
            assert_problem(&r, rows[i].status, NULL, rows[i].text);
        }
    }
}

int main(void)
{
#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(records_that_cannot_be_read),
        WITH_WORLD(from_queued_to_completed),
        WITH_WORLD(fields_and_encoding),
        WITH_WORLD(unknown_tokens),
        WITH_WORLD(waits_end_when_it_is_done),
        WITH_WORLD(waits_that_run_out),
        WITH_WORLD(waiters_who_leave),
        WITH_WORLD(two_thousand_waits),
        WITH_WORLD(cancel_then_forget),
        WITH_WORLD(events_after_the_end),
        WITH_WORLD(events_resume_after_each),
        WITH_WORLD(events_with_a_strange_id),
        WITH_WORLD(events_live),
        WITH_WORLD(events_resume_live),
        WITH_WORLD(events_of_a_second_run),
        WITH_WORLD(events_of_a_cancelled_one),
        WITH_WORLD(head_of_a_stream),
        WITH_WORLD(stopping_answers_everybody),
        WITH_WORLD(stopping_under_load),
    };
    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
