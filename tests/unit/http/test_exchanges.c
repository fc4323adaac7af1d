/* SPDX-License-Identifier: Apache-2.0 */
/* test_exchanges.c: what well-behaved clients and handlers rely on: answers, pipelining, kept exchanges, streams, stopping. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "harness.h"

static struct fixture fix;

static int setup(void **state)
{
    (void)state;
    struct http_config config = test_config();
    start(&fix, &config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop(&fix);
    return 0;
}

static void restart(struct http_config config)
{
    stop(&fix);
    start(&fix, &config);
}

static struct reply ask(int fd, const char *request, bool head_only)
{
    client_say(fd, request);
    return client_read(fd, head_only);
}

/* One request on an open connection; checks status and body (NULL: any). */
static void expect(int fd, const char *request, int status, const char *body)
{
    struct reply r = ask(fd, request, strncmp(request, "HEAD", 4) == 0);
    if (r.status != status)
        fail_msg("%s: %d instead of %d: %s", request, r.status, status, buf_str(&r.body));
    if (body)
        assert_string_equal(buf_str(&r.body), body);
    reply_release(&r);
}

#define H " HTTP/1.1\r\nHost: a\r\n"

/* ---- requests and answers ---- */

static void test_answer(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = ask(fd, "GET /hello" H "\r\n", false);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body.data, "{\"hello\":true}");
    assert_true(reply_has(&r, "Content-Type: application/json"));
    assert_true(reply_has(&r, "X-Content-Type-Options: nosniff"));
    assert_true(reply_has(&r, "Cache-Control: no-store"));
    assert_true(reply_has(&r, "Content-Length: 14"));
    assert_null(strstr(r.head.data, "Access-Control"));
    assert_null(strstr(r.head.data, "Connection:"));
    reply_release(&r);
    r = ask(fd, "HEAD /hello" H "\r\n", true);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Content-Length: 14"));
    reply_release(&r);
    expect(fd, "GET /hello" H "\r\n", 200, "{\"hello\":true}"); /* HEAD sent no body: the next answer is in step */
    close(fd);
}

static void test_routes(void **state)
{
    (void)state;
    char request[256], name[66];
    int fd = client_to(fix.server);
    expect(fd, "GET /items/aZ0_-" H "\r\n", 200, "aZ0_-");
    expect(fd, "GET /items/x/events" H "\r\n", 200, "x");
    expect(fd, "DELETE /items/x" H "\r\n", 200, "x");
    expect(fd, "GET http://a.example/items/x?y" H "\r\n", 200, "x");
    static const char *const missing[] = {
        "/",      "/items",  "/items/", "/items/a.b", "/items/a%41", "/items/x/event", "/items/x/events/",
        "/Hello", "/hello/", "/hellox", "/hell"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        snprintf(request, sizeof request, "GET %s" H "\r\n", missing[i]);
        struct reply r = ask(fd, request, false);
        assert_int_equal(r.status, 404);
        assert_true(reply_has(&r, "Content-Type: application/problem+json"));
        reply_release(&r);
    }
    memset(name, 'a', 65);
    name[65] = '\0';
    snprintf(request, sizeof request, "GET /items/%s" H "\r\n", name);
    expect(fd, request, 404, NULL);
    snprintf(request, sizeof request, "GET /items/%s" H "\r\n", name + 1);
    expect(fd, request, 200, name + 1);
    close(fd);
}

static void test_methods(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = ask(fd, "POST /items/x" H "Content-Length: 0\r\n\r\n", false);
    assert_int_equal(r.status, 405);
    assert_true(reply_has(&r, "Allow: GET, HEAD, DELETE, OPTIONS"));
    reply_release(&r);
    r = ask(fd, "OPTIONS /echo" H "\r\n", false);
    assert_int_equal(r.status, 204);
    assert_true(reply_has(&r, "Allow: POST, OPTIONS"));
    assert_null(strstr(r.head.data, "Content-Length"));
    assert_null(strstr(r.head.data, "Access-Control"));
    reply_release(&r);
    r = ask(fd, "OPTIONS *" H "\r\n", false);
    assert_int_equal(r.status, 204);
    assert_true(reply_has(&r, "Allow: GET, HEAD, POST, DELETE, OPTIONS"));
    reply_release(&r);
    expect(fd, "OPTIONS /nowhere" H "\r\n", 404, NULL);
    r = ask(fd, "HEAD /nowhere" H "\r\n", true);
    assert_int_equal(r.status, 404);
    reply_release(&r);
    expect(fd, "TRACE /hello" H "\r\n", 405, NULL);
    expect(fd, "GET /hello" H "\r\n", 200, NULL);
    close(fd);
}

static void test_cors(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.cors = true;
    restart(config);
    int fd = client_to(fix.server);
    struct reply r =
        ask(fd, "OPTIONS /echo" H "Origin: http://b\r\nAccess-Control-Request-Method: POST\r\n\r\n", false);
    assert_int_equal(r.status, 204);
    assert_true(reply_has(&r, "Access-Control-Allow-Origin: *"));
    assert_true(reply_has(&r, "Access-Control-Allow-Methods: POST, OPTIONS"));
    assert_true(
        reply_has(&r, "Access-Control-Allow-Headers: Content-Type, Idempotency-Key, Authorization, Last-Event-ID"));
    reply_release(&r);
    static const char *const others[] = {"GET /hello" H "\r\n", "GET /nowhere" H "\r\n",
                                         "GET /hello" H "Host: b\r\n\r\n"};
    for (int i = 0; i < 3; i++) {
        r = ask(fd, others[i], false);
        assert_true(reply_has(&r, "Access-Control-Allow-Origin: *"));
        assert_true(reply_has(&r, "Access-Control-Expose-Headers: Location, Retry-After"));
        reply_release(&r);
    }
    close(fd);
}

static void test_query(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    expect(fd, "GET /query?q=a%20b+c%2B" H "\r\n", 200, "a b c+");
    expect(fd, "GET /query?x=1&q=1&q=2" H "\r\n", 200, "1");
    expect(fd, "GET /query?q" H "\r\n", 200, "");
    expect(fd, "GET /query?q=&z" H "\r\n", 200, "");
    expect(fd, "GET /query?%71=1%3d2&" H "\r\n", 200, "1=2");
    expect(fd, "GET /query?&&=&a=q&Q=1" H "\r\n", 200, "absent");
    expect(fd, "GET /query" H "\r\n", 200, "absent");
    expect(fd, "GET /query?" H "\r\n", 200, "absent");
    close(fd);
}

static void test_headers(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = ask(fd, "GET /headers" H "X-TEST: \t two words \t\r\n\r\n", false);
    assert_string_equal(r.body.data, "two words");
    assert_true(reply_has(&r, "Location: /items/1"));
    assert_null(strstr(r.head.data, "Injected"));
    assert_null(strstr(r.head.data, "X-Split"));
    assert_null(strstr(r.head.data, "X Bad"));
    reply_release(&r);
    expect(fd, "GET /headers" H "X-Test:\r\n\r\n", 200, "");
    expect(fd, "GET /headers" H "\r\n", 200, "");
    close(fd);
}

static void test_problem(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct error err = ERROR_INIT;
    struct reply r = ask(fd, "GET /problem" H "\r\n", false);
    json_t *problem = NULL;
    const char *title = NULL, *detail = NULL, *field = NULL, *message = NULL, *second = NULL, *repaired = NULL;
    int status = 0;
    assert_int_equal(r.status, 422);
    assert_true(reply_has(&r, "Content-Type: application/problem+json"));
    assert_int_equal(json_parse(r.body.data, r.body.len, &problem, &err), 0);
    assert_int_equal(json_unpack(problem, "{s:s,s:i,s:s,s:[{s:s,s:s},{s:s,s:s}]}", "title", &title, "status", &status,
                                 "detail", &detail, "errors", "field", &field, "message", &message, "field", &second,
                                 "message", &repaired),
                     0);
    assert_string_equal(title, "Unprocessable Entity");
    assert_int_equal(status, 422);
    assert_string_equal(detail, "two fields are wrong");
    assert_string_equal(field, "test_cases[3].stdin");
    assert_string_equal(message, "must be a string");
    assert_string_equal(second, "a\"b");
    assert_string_equal(repaired, "\xef\xbf\xbd");
    json_decref(problem);
    reply_release(&r);
    close(fd);
}

/* ---- bodies ---- */

static void test_bodies(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    expect(fd, "POST /echo" H "Content-Length: 5\r\n\r\nhello", 200, "hello");
    expect(fd, "POST /echo" H "Content-Length: 0\r\n\r\n", 200, "");
    expect(fd, "POST /echo" H "\r\n", 200, "");
    expect(fd, "POST /echo" H "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n00\r\n\r\n", 200,
           "hello!");
    expect(fd, "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "");
    expect(fd, "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n00000000000000000000A\r\n0123456789\r\n0\r\n\r\n", 200,
           "0123456789");
    expect(fd, "GET /hello" H "Content-Length: 3\r\n\r\nabc", 200, NULL);
    expect(fd, "POST /echo" H "Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nhi", 200, "hi");
    close(fd);
}

static void test_expect_continue(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = ask(fd, "POST /echo" H "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", true);
    assert_int_equal(r.status, 100);
    reply_release(&r);
    expect(fd, "hello", 200, "hello");
    r = ask(fd, "POST /echo" H "Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n\r\n", true);
    assert_int_equal(r.status, 100);
    reply_release(&r);
    expect(fd, "1\r\na\r\n0\r\n\r\n", 200, "a");
    close(fd);
}

static void test_large_body(void **state)
{
    (void)state;
    enum { SIZE = 16 << 20 };
    char *data = xmalloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 2654435761U >> 24);
    int fd = client_to(fix.server);
    client_say(fd, "POST /echo" H "Content-Length: 16777216\r\n\r\n");
    client_send(fd, data, SIZE);
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.len, SIZE);
    assert_memory_equal(r.body.data, data, SIZE);
    reply_release(&r);
    client_say(fd, "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < SIZE; at += 1 << 16) {
        client_say(fd, "10000\r\n");
        client_send(fd, data + at, 1 << 16);
        client_say(fd, "\r\n");
    }
    client_say(fd, "0\r\n\r\n");
    r = client_read(fd, false);
    assert_int_equal(r.body.len, SIZE);
    assert_memory_equal(r.body.data, data, SIZE);
    reply_release(&r);
    close(fd);
    free(data);
}

/* ---- connections ---- */

static void test_pipelining(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    char body[32];
    for (int i = 0; i < COUNT; i++) {
        if (i % 3 == 0)
            buf_printf(&all, "GET /items/n%d" H "\r\n", i);
        else if (i % 3 == 1)
            buf_printf(&all, "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n5\r\nn%04d\r\n0\r\n\r\n\r\n", i % 10000);
        else
            buf_printf(&all, "GET /nowhere" H "\r\n");
    }
    int fd = client_to(fix.server);
    client_send(fd, all.data, all.len); /* longer than what the server holds: it reads on as it answers */
    for (int i = 0; i < COUNT; i++) {
        struct reply r = client_read(fd, false);
        snprintf(body, sizeof body, i % 3 == 0 ? "n%d" : "n%04d", i);
        assert_int_equal(r.status, i % 3 == 2 ? 404 : 200);
        if (i % 3 != 2)
            assert_string_equal(r.body.data, body);
        reply_release(&r);
    }
    close(fd);
}

/* A slow answer first and a fast one behind it: still in order, and the second is not even begun before the first is out. */
static void test_pipelining_keeps_order(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "GET /block" H "\r\nGET /hello" H "\r\n");
    await_count(&fix, &fix.hits, 1);
    int other = client_to(fix.server);
    expect(other, "GET /items/x" H "\r\n", 200, "x"); /* meanwhile others are served */
    assert_int_equal(count_of(&fix, &fix.hits), 2);
    pthread_mutex_lock(&fix.lock);
    fix.released = true;
    pthread_cond_broadcast(&fix.changed);
    pthread_mutex_unlock(&fix.lock);
    struct reply r = client_read(fd, false);
    assert_string_equal(r.body.data, "{}");
    reply_release(&r);
    r = client_read(fd, false);
    assert_string_equal(r.body.data, "{\"hello\":true}");
    reply_release(&r);
    close(fd);
    close(other);
}

static void test_keep_alive(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = ask(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: keep-alive"));
    reply_release(&r);
    r = ask(fd, "GET /hello HTTP/1.0\r\n\r\n", false);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: close"));
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
    fd = client_to(fix.server);
    r = ask(fd, "GET /hello" H "Connection: close\r\n\r\nGET /hello" H "\r\n", false);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: close"));
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
    assert_int_equal(count_of(&fix, &fix.hits), 3);
}

/* A client that shuts its side after asking still gets every answer. */
static void test_half_closed_client(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "GET /items/one" H "\r\nGET /items/two" H "\r\nGET /it");
    shutdown(fd, SHUT_WR);
    struct reply r = client_read(fd, false);
    assert_string_equal(buf_str(&r.body), "one");
    reply_release(&r);
    r = client_read(fd, false);
    assert_string_equal(buf_str(&r.body), "two");
    reply_release(&r);
    r = client_read(fd, false);
    assert_int_equal(r.status, 400);
    reply_release(&r);
    assert_true(client_sees_end(fd));
    close(fd);
}

/* ---- kept exchanges ---- */

static void test_keep_timeout(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    expect(fd, "GET /keep?ms=50" H "\r\n", 200, "timeout");
    expect(fd, "GET /keep?ms=1" H "\r\n", 200, "timeout");
    assert_int_equal(count_of(&fix, &fix.ended[HTTP_END_TIMEOUT]), 2);
    expect(fd, "GET /hello" H "\r\n", 200, NULL);
    close(fd);
}

static void test_keep_gone(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "GET /keep" H "\r\n");
    await_count(&fix, &fix.kept_count, 1);
    close(fd);
    await_count(&fix, &fix.ended[HTTP_END_GONE], 1);
    /* A half-closed one counts as gone, and may still read what that leads to. */
    fd = client_to(fix.server);
    client_say(fd, "GET /keep" H "\r\n");
    shutdown(fd, SHUT_WR);
    struct reply r = client_read(fd, false);
    assert_string_equal(r.body.data, "gone");
    reply_release(&r);
    close(fd);
    await_count(&fix, &fix.ended[HTTP_END_GONE], 2);
}

static void answer_kept(void *context, struct http_exchange *x)
{
    (void)context;
    http_answer(x, 200, "text/plain", STR("woken"));
}

static void test_many_kept(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    static int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_to(fix.server);
        client_say(fds[i], "GET /keep?ms=600000" H "\r\n");
    }
    await_count(&fix, &fix.kept_count, MANY);
    int other = client_to(fix.server);
    expect(other, "GET /hello" H "\r\n", 200, NULL);
    for (int i = 0; i < MANY; i++) {
        if (i % 2)
            http_defer(fix.kept[i], answer_kept, NULL); /* from this thread, run on the pool */
        else
            answer_kept(NULL, fix.kept[i]);
    }
    for (int i = 0; i < MANY; i++) {
        struct reply r = client_read(fds[i], false);
        assert_int_equal(r.status, 200);
        assert_string_equal(r.body.data, "woken");
        reply_release(&r);
        close(fds[i]);
    }
    assert_int_equal(count_of(&fix, &fix.ended[HTTP_END_GONE]), 0);
    close(other);
}

/* 2,000 waiting clients that all go away at once. */
static void test_many_gone(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    static int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_to(fix.server);
        client_say(fds[i], "GET /keep" H "\r\n");
    }
    await_count(&fix, &fix.kept_count, MANY);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    await_count(&fix, &fix.ended[HTTP_END_GONE], MANY);
}

/* ---- deferred functions ---- */

static void busy_step(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    (void)x;
    pthread_mutex_lock(&f->lock);
    f->overlaps += f->busy;
    f->busy = true;
    pthread_mutex_unlock(&f->lock);
    sched_yield();
    pthread_mutex_lock(&f->lock);
    f->busy = false;
    f->deferred++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void *defer_many(void *context)
{
    struct fixture *f = context;
    for (int i = 0; i < 1000; i++)
        http_defer(f->kept[0], busy_step, f);
    return NULL;
}

static void test_deferred_one_at_a_time(void **state)
{
    (void)state;
    pthread_t threads[4];
    int fd = client_to(fix.server);
    client_say(fd, "GET /keep" H "\r\n");
    await_count(&fix, &fix.kept_count, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, defer_many, &fix), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    await_count(&fix, &fix.deferred, 4000);
    assert_int_equal(count_of(&fix, &fix.overlaps), 0);
    http_defer(fix.kept[0], answer_kept, NULL);
    struct reply r = client_read(fd, false);
    assert_string_equal(r.body.data, "woken");
    reply_release(&r);
    close(fd);
}

static void answer_then_nothing(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    for (int i = 0; i < 100; i++)
        http_defer(x, busy_step, f);
    http_answer(x, 200, "text/plain", STR("first"));
}

static void test_deferred_after_the_answer_is_dropped(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    for (int i = 0; i < 100; i++) {
        client_say(fd, "GET /keep" H "\r\n");
        await_count(&fix, &fix.kept_count, i + 1);
        http_defer(fix.kept[i], answer_then_nothing, &fix);
        struct reply r = client_read(fd, false);
        assert_string_equal(r.body.data, "first");
        reply_release(&r);
    }
    expect(fd, "GET /twice" H "\r\n", 200, "1");
    expect(fd, "GET /items/x" H "\r\n", 200, "x");
    assert_int_equal(count_of(&fix, &fix.deferred), 0);
    assert_int_equal(count_of(&fix, &fix.hits), 102);
    close(fd);
}

/* Answers, timeouts and leaving clients race each other; every exchange ends exactly once. */
static void test_races(void **state)
{
    (void)state;
    enum { ROUNDS = 300 };
    for (int i = 0; i < ROUNDS; i++) {
        int fd = client_to(fix.server);
        client_say(fd, "GET /keep?ms=2" H "\r\n");
        if (i % 3 == 0)
            await_count(&fix, &fix.kept_count, i + 1);
        if (i % 3 != 1) {
            struct reply r = client_read(fd, false);
            assert_string_equal(r.body.data, "timeout");
            reply_release(&r);
        }
        close(fd);
        await_count(&fix, &fix.kept_count, i + 1);
    }
    stop(&fix);
    int ended = fix.ended[0] + fix.ended[1] + fix.ended[2];
    struct http_config config = test_config();
    start(&fix, &config);
    assert_int_equal(ended, ROUNDS);
}

/* ---- event streams ---- */

static void test_stream(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream" H "\r\n");
    await_count(&fix, &fix.kept_count, 1);
    struct http_exchange *x = fix.kept[0];
    assert_true(http_stream_event(x, "2\r\nevent: evil", "a\nb", STR("x\r\ny\rz\n")) >= 0);
    assert_true(http_stream_event(x, NULL, NULL, STR("")) >= 0);
    http_stream_end(x);
    client_read_until(fd, &all, "\r\n0\r\n\r\n");
    assert_non_null(strstr(all.data, "\r\nContent-Type: text/event-stream\r\n"));
    assert_non_null(strstr(all.data, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(all.data, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_null(strstr(all.data, "Content-Length"));
    assert_non_null(strstr(all.data, "\r\n\r\n29\r\nid: 1\nevent: status\ndata: one\ndata: two\n\n\r\n"));
    assert_non_null(strstr(all.data, "\r\nid: 2\nevent: a\ndata: x\ndata: y\ndata: z\ndata: \n\n\r\n"));
    assert_non_null(strstr(all.data, "\r\n8\r\ndata: \n\n\r\n0\r\n\r\n"));
    expect(fd, "GET /hello" H "\r\n", 200, NULL); /* the connection goes on */
    close(fd);
}

static void test_stream_http10(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_read_until(fd, &all, "data: one\ndata: two\n\n");
    assert_non_null(strstr(all.data, "\r\nConnection: close\r\n\r\nid: 1\n"));
    await_count(&fix, &fix.kept_count, 1);
    http_stream_end(fix.kept[0]);
    assert_true(client_sees_end(fd));
    close(fd);
}

static void test_stream_head(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "HEAD /stream" H "\r\n");
    await_count(&fix, &fix.kept_count, 1);
    assert_int_equal(http_stream_event(fix.kept[0], NULL, NULL, STR("x")), -EPIPE);
    http_stream_end(fix.kept[0]);
    struct reply r = client_read(fd, true);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    expect(fd, "GET /hello" H "\r\n", 200, NULL);
    close(fd);
}

static void test_stream_ping(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.stream_ping_ms = 20;
    restart(config);
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream" H "\r\n");
    client_read_until(fd, &all, "e\r\n: keep-alive\n\n\r\ne\r\n: keep-alive\n\n\r\n");
    await_count(&fix, &fix.kept_count, 1);
    http_stream_end(fix.kept[0]);
    client_read_until(fd, &all, "\r\n0\r\n\r\n");
    close(fd);
}

static void test_stream_gone(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream" H "\r\n");
    client_read_until(fd, &all, "data: two\n\n");
    close(fd);
    await_count(&fix, &fix.ended[HTTP_END_GONE], 1);
}

/* The figure grows while a client does not read, and falls to what is new once it does. */
static void test_stream_back_pressure(void **state)
{
    (void)state;
    enum { EVENT = 64 << 10 };
    _cleanup_(freep) char *text = xcalloc(1, EVENT + 1), *trash = xmalloc(EVENT);
    memset(text, 'x', EVENT);
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream" H "\r\n");
    await_count(&fix, &fix.kept_count, 1);
    int64_t waiting = 0;
    for (int i = 0; i < 1000 && waiting < 16 << 20; i++)
        waiting = http_stream_event(fix.kept[0], NULL, NULL, (struct str){text, EVENT});
    assert_true(waiting >= 16 << 20);
    /* Read on until the queue has drained; each small event asks anew. */
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (waiting > 1000) {
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        assert_true(recv(fd, trash, EVENT, 0) > 0);
        if (poll(&p, 1, 1) == 0)
            waiting = http_stream_event(fix.kept[0], NULL, NULL, STR("x"));
    }
    http_stream_end(fix.kept[0]);
    close(fd);
}

/* On the exchange's own lane, so that its end cannot come in between. */
static void fill_stream(void *context, struct http_exchange *x)
{
    enum { EVENT = 1 << 20 };
    (void)context;
    _cleanup_(freep) char *text = xcalloc(1, EVENT);
    memset(text, 'x', EVENT);
    for (int i = 0; i < 32; i++)
        http_stream_event(x, NULL, NULL, (struct str){text, EVENT});
}

/* A stream to a client that stopped reading is cut off after write_ms. */
static void test_stream_stalled(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.write_ms = 100;
    restart(config);
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream" H "\r\n");
    await_count(&fix, &fix.kept_count, 1);
    http_defer(fix.kept[0], fill_stream, NULL);
    await_count(&fix, &fix.ended[HTTP_END_GONE], 1);
    close(fd);
}

static void test_many_streams(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    static int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_to(fix.server);
        client_say(fds[i], "GET /stream" H "\r\n");
    }
    await_count(&fix, &fix.kept_count, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_true(http_stream_event(fix.kept[i], "9", "done", STR("{}")) >= 0);
        http_stream_end(fix.kept[i]);
    }
    for (int i = 0; i < MANY; i++) {
        _cleanup_(buf_release) struct buf all = BUF_INIT;
        client_read_until(fds[i], &all, "id: 9\nevent: done\ndata: {}\n\n\r\n0\r\n\r\n");
        close(fds[i]);
    }
}

/* ---- starting and stopping ---- */

struct stopping {
    struct http_server *server;
    int64_t grace_ms;
};

static void *stop_main(void *arg)
{
    struct stopping *s = arg;
    http_stop(s->server, s->grace_ms);
    return NULL;
}

static void test_stop_with_grace(void **state)
{
    (void)state;
    int idle = client_to(fix.server), busy = client_to(fix.server), kept = client_to(fix.server),
        stream = client_to(fix.server);
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    expect(idle, "GET /hello" H "\r\n", 200, NULL);
    client_say(kept, "GET /keep" H "\r\n");
    client_say(stream, "GET /stream" H "\r\n");
    await_count(&fix, &fix.kept_count, 2);
    client_say(busy, "GET /block" H "\r\n");
    await_count(&fix, &fix.hits, 4);
    struct stopping stopping = {.server = fix.server, .grace_ms = PATIENCE_MS};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_main, &stopping), 0);
    assert_true(client_sees_end(idle)); /* stopping has begun */
    struct reply r = client_read(kept, false);
    assert_string_equal(r.body.data, "stopping");
    assert_true(reply_has(&r, "Connection: close"));
    reply_release(&r);
    client_read_until(stream, &all, "\r\n0\r\n\r\n");
    int late = client_socket(fix.server, 0);
    assert_int_equal(client_connect(fix.server, late), -1);
    pthread_mutex_lock(&fix.lock);
    fix.released = true;
    pthread_cond_broadcast(&fix.changed);
    pthread_mutex_unlock(&fix.lock);
    r = client_read(busy, false); /* the answer under way is still given */
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: close"));
    reply_release(&r);
    close(idle);
    close(busy);
    close(kept);
    close(stream);
    close(late);
    pthread_join(thread, NULL);
    fix.server = NULL;
}

/* Nobody answers within the grace: the connections are closed, and an answer that comes after the server falls into the void. */
static void test_stop_without_grace(void **state)
{
    (void)state;
    int half = client_to(fix.server), fd = client_to(fix.server);
    client_say(half, "GET /hel");
    client_say(fd, "GET /block" H "\r\n");
    await_count(&fix, &fix.hits, 1);
    struct stopping stopping = {.server = fix.server, .grace_ms = 10};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_main, &stopping), 0);
    assert_true(client_sees_end(fd));
    assert_true(client_sees_end(half));
    pthread_mutex_lock(&fix.lock);
    fix.released = true;
    pthread_cond_broadcast(&fix.changed);
    pthread_mutex_unlock(&fix.lock);
    pthread_join(thread, NULL);
    fix.server = NULL;
    close(fd);
    close(half);
}

static struct http_exchange *orphan;

static void on_orphan(void *context, struct http_exchange *x)
{
    struct fixture *f = context;
    pthread_mutex_lock(&f->lock);
    orphan = x; /* kept without telling: nobody hears of the end */
    f->hits++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void test_answer_after_stop(void **state)
{
    (void)state;
    static const struct http_route routes[] = {{"GET", "/orphan", on_orphan, 0}};
    struct http_config config = test_config();
    struct http_server *server = NULL;
    assert_int_equal(http_start(&config, routes, 1, &fix, &server, NULL), 0);
    int fd = client_to(server);
    client_say(fd, "GET /orphan" H "\r\n");
    await_count(&fix, &fix.hits, 1);
    http_stop(server, 0);
    assert_true(client_sees_end(fd));
    close(fd);
    http_defer(orphan, answer_kept, NULL); /* dropped */
    answer_kept(NULL, orphan);
}

static void test_unix_socket(void **state)
{
    (void)state;
    char folder[] = "/tmp/evalx-http-XXXXXX";
    assert_non_null(mkdtemp(folder));
    _cleanup_(freep) char *path = xasprintf("%s/s", folder), *listen = xasprintf("unix:%s", path);
    struct http_config config = test_config();
    struct error err = ERROR_INIT;
    struct http_server *second = NULL;
    struct stat st;
    config.listen = listen;
    restart(config);
    assert_string_equal(http_address(fix.server), listen);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777 & ~0660, 0);
    int fd = client_to(fix.server);
    expect(fd, "POST /echo" H "Content-Length: 5\r\n\r\nhello", 200, "hello");
    close(fd);
    assert_int_equal(http_start(&config, NULL, 0, NULL, &second, &err), -EADDRINUSE);
    fd = client_to(fix.server);
    expect(fd, "GET /hello" H "\r\n", 200, NULL);
    close(fd);
    /* Left over from a crash: a socket file that nobody listens on. */
    http_stop(STEAL(fix.server), 0);
    assert_int_equal(access(path, F_OK), -1);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(un.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    close(fd);
    restart(config);
    fd = client_to(fix.server);
    expect(fd, "GET /hello" H "\r\n", 200, NULL);
    close(fd);
    http_stop(STEAL(fix.server), 0);
    /* What is no socket is not touched. */
    fclose(fopen(path, "w"));
    assert_int_equal(http_start(&config, NULL, 0, NULL, &second, &err), -EEXIST);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_listening(void **state)
{
    (void)state;
    struct http_config config = test_config();
    struct http_server *server = NULL;
    struct error err = ERROR_INIT;
    config.listen = http_address(fix.server);
    assert_int_equal(http_start(&config, NULL, 0, NULL, &server, &err), -EADDRINUSE);
    assert_non_null(strstr(err.message, http_address(fix.server)));
    static const char *const bad[] = {
        "",      ":",       "1.2.3.4", "127.0.0.1:", ":80", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1",
        "[::1]", "[::1:80", "unix:",   "[]:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        config.listen = bad[i];
        assert_int_equal(http_start(&config, NULL, 0, NULL, &server, &err), -EINVAL);
    }
    config = test_config();
    config.handler_threads = 0;
    assert_int_equal(http_start(&config, NULL, 0, NULL, &server, &err), -EINVAL);
    assert_null(server);
    config = test_config();
    config.listen = "[::1]:0";
    if (http_start(&config, NULL, 0, NULL, &server, &err) == 0) {
        int fd = client_to(server);
        expect(fd, "GET /" H "\r\n", 404, NULL);
        close(fd);
        http_stop(server, 0);
    } else {
        print_message("no IPv6 on this machine: %s\n", err.message);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_answer),
        CASE(test_routes),
        CASE(test_methods),
        CASE(test_cors),
        CASE(test_query),
        CASE(test_headers),
        CASE(test_problem),
        CASE(test_bodies),
        CASE(test_expect_continue),
        CASE(test_large_body),
        CASE(test_pipelining),
        CASE(test_pipelining_keeps_order),
        CASE(test_keep_alive),
        CASE(test_half_closed_client),
        CASE(test_keep_timeout),
        CASE(test_keep_gone),
        CASE(test_many_kept),
        CASE(test_many_gone),
        CASE(test_deferred_one_at_a_time),
        CASE(test_deferred_after_the_answer_is_dropped),
        CASE(test_races),
        CASE(test_stream),
        CASE(test_stream_http10),
        CASE(test_stream_head),
        CASE(test_stream_ping),
        CASE(test_stream_gone),
        CASE(test_stream_back_pressure),
        CASE(test_stream_stalled),
        CASE(test_many_streams),
        CASE(test_stop_with_grace),
        CASE(test_stop_without_grace),
        CASE(test_answer_after_stop),
        CASE(test_unix_socket),
        CASE(test_listening),
    };
    return cmocka_run_group_tests_name("http exchanges", tests, NULL, NULL);
}
