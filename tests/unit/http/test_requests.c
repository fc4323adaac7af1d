/* SPDX-License-Identifier: Apache-2.0 */
/* test_requests.c: what well-behaved clients rely on: routes, headers, bodies, pipelining, keep-alive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "harness.h"

/* ---- requests and answers ---- */

static void test_answer(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = client_ask(fd, "GET /hello" H "\r\n", false);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body.data, "{\"hello\":true}");
    assert_true(reply_has(&r, "Content-Type: application/json"));
    assert_true(reply_has(&r, "X-Content-Type-Options: nosniff"));
    assert_true(reply_has(&r, "Cache-Control: no-store"));
    assert_true(reply_has(&r, "Content-Length: 14"));
    assert_null(strstr(r.head.data, "Access-Control"));
    assert_null(strstr(r.head.data, "Connection:"));
    reply_release(&r);
    r = client_ask(fd, "HEAD /hello" H "\r\n", true);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Content-Length: 14"));
    reply_release(&r);
    client_expect(fd, "GET /hello" H "\r\n", 200,
                  "{\"hello\":true}"); /* HEAD sent no body: the next answer is in step */
    close(fd);
}

static void test_routes(void **state)
{
    (void)state;
    char request[256], name[66];
    int fd = client_to(fix.server);
    client_expect(fd, "GET /items/aZ0_-" H "\r\n", 200, "aZ0_-");
    client_expect(fd, "GET /items/x/events" H "\r\n", 200, "x");
    client_expect(fd, "DELETE /items/x" H "\r\n", 200, "x");
    client_expect(fd, "GET http://a.example/items/x?y" H "\r\n", 200, "x");
    static const char *const missing[] = {
        "/",      "/items",  "/items/", "/items/a.b", "/items/a%41", "/items/x/event", "/items/x/events/",
        "/Hello", "/hello/", "/hellox", "/hell"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        snprintf(request, sizeof request, "GET %s" H "\r\n", missing[i]);
        struct reply r = client_ask(fd, request, false);
        assert_int_equal(r.status, 404);
        assert_true(reply_has(&r, "Content-Type: application/problem+json"));
        reply_release(&r);
    }
    memset(name, 'a', 65);
    name[65] = '\0';
    snprintf(request, sizeof request, "GET /items/%s" H "\r\n", name);
    client_expect(fd, request, 404, NULL);
    snprintf(request, sizeof request, "GET /items/%s" H "\r\n", name + 1);
    client_expect(fd, request, 200, name + 1);
    close(fd);
}

static void test_methods(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = client_ask(fd, "POST /items/x" H "Content-Length: 0\r\n\r\n", false);
    assert_int_equal(r.status, 405);
    assert_true(reply_has(&r, "Allow: GET, HEAD, DELETE, OPTIONS"));
    reply_release(&r);
    r = client_ask(fd, "OPTIONS /echo" H "\r\n", false);
    assert_int_equal(r.status, 204);
    assert_true(reply_has(&r, "Allow: POST, OPTIONS"));
    assert_null(strstr(r.head.data, "Content-Length"));
    assert_null(strstr(r.head.data, "Access-Control"));
    reply_release(&r);
    r = client_ask(fd, "OPTIONS *" H "\r\n", false);
    assert_int_equal(r.status, 204);
    assert_true(reply_has(&r, "Allow: GET, HEAD, POST, DELETE, OPTIONS"));
    reply_release(&r);
    client_expect(fd, "OPTIONS /nowhere" H "\r\n", 404, NULL);
    r = client_ask(fd, "HEAD /nowhere" H "\r\n", true);
    assert_int_equal(r.status, 404);
    reply_release(&r);
    client_expect(fd, "TRACE /hello" H "\r\n", 405, NULL);
    client_expect(fd, "GET /hello" H "\r\n", 200, NULL);
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
        client_ask(fd, "OPTIONS /echo" H "Origin: http://b\r\nAccess-Control-Request-Method: POST\r\n\r\n", false);
    assert_int_equal(r.status, 204);
    assert_true(reply_has(&r, "Access-Control-Allow-Origin: *"));
    assert_true(reply_has(&r, "Access-Control-Allow-Methods: POST, OPTIONS"));
    assert_true(reply_has(&r,
                          "Access-Control-Allow-Headers: Content-Type, Idempotency-Key, Authorization, X-Auth-Token, "
                          "Last-Event-ID"));
    reply_release(&r);
    static const char *const others[] = {"GET /hello" H "\r\n", "GET /nowhere" H "\r\n",
                                         "GET /hello" H "Host: b\r\n\r\n"};
    for (int i = 0; i < 3; i++) {
        r = client_ask(fd, others[i], false);
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
    client_expect(fd, "GET /query?q=a%20b+c%2B" H "\r\n", 200, "a b c+");
    client_expect(fd, "GET /query?x=1&q=1&q=2" H "\r\n", 200, "1");
    client_expect(fd, "GET /query?q" H "\r\n", 200, "");
    client_expect(fd, "GET /query?q=&z" H "\r\n", 200, "");
    client_expect(fd, "GET /query?%71=1%3d2&" H "\r\n", 200, "1=2");
    client_expect(fd, "GET /query?&&=&a=q&Q=1" H "\r\n", 200, "absent");
    client_expect(fd, "GET /query" H "\r\n", 200, "absent");
    client_expect(fd, "GET /query?" H "\r\n", 200, "absent");
    client_expect(fd, "GET /queries?b=1&%61=%25&b=&c&&=x&" H "\r\n", 200, "all: (b|1)(a|%)(b|)(c|)(|x)");
    client_expect(fd, "GET /queries?&" H "\r\n", 200, "all: ");
    client_expect(fd, "GET /queries" H "\r\n", 200, "all: ");
    close(fd);
}

static void test_headers(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = client_ask(fd, "GET /headers" H "X-TEST: \t two words \t\r\n\r\n", false);
    assert_string_equal(r.body.data, "two words");
    assert_true(reply_has(&r, "Location: /items/1"));
    assert_null(strstr(r.head.data, "Injected"));
    assert_null(strstr(r.head.data, "X-Split"));
    assert_null(strstr(r.head.data, "X Bad"));
    reply_release(&r);
    client_expect(fd, "GET /headers" H "X-Test:\r\n\r\n", 200, "");
    client_expect(fd, "GET /headers" H "\r\n", 200, "");
    close(fd);
}

static void test_problem(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct error err = ERROR_INIT;
    struct reply r = client_ask(fd, "GET /problem" H "\r\n", false);
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
    client_expect(fd, "POST /echo" H "Content-Length: 5\r\n\r\nhello", 200, "hello");
    client_expect(fd, "POST /echo" H "Content-Length: 0\r\n\r\n", 200, "");
    client_expect(fd, "POST /echo" H "\r\n", 200, "");
    client_expect(fd, "POST /echo" H "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n00\r\n\r\n", 200,
                  "hello!");
    client_expect(fd, "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "");
    client_expect(fd,
                  "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n5;a=\"b c\";d\r\nhello\r\n0;last\r\nX-Sum: 1\r\n"
                  "Content-Lengthy:\r\n\r\n",
                  200, "hello");
    client_expect(fd,
                  "POST /echo" H "Transfer-Encoding: chunked\r\n\r\n00000000000000000000A\r\n0123456789\r\n0\r\n\r\n",
                  200, "0123456789");
    client_expect(fd, "GET /hello" H "Content-Length: 3\r\n\r\nabc", 200, NULL);
    client_expect(fd, "POST /echo" H "Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nhi", 200, "hi");
    close(fd);
}

static void test_expect_continue(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    struct reply r = client_ask(fd, "POST /echo" H "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", true);
    assert_int_equal(r.status, 100);
    reply_release(&r);
    client_expect(fd, "hello", 200, "hello");
    r = client_ask(fd, "POST /echo" H "Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n\r\n", true);
    assert_int_equal(r.status, 100);
    reply_release(&r);
    client_expect(fd, "1\r\na\r\n0\r\n\r\n", 200, "a");
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
    await_count(&fix.hits, 1);
    int other = client_to(fix.server);
    client_expect(other, "GET /items/x" H "\r\n", 200, "x"); /* meanwhile others are served */
    assert_int_equal(count_of(&fix.hits), 2);
    release();
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
    struct reply r = client_ask(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: keep-alive"));
    reply_release(&r);
    r = client_ask(fd, "GET /hello HTTP/1.0\r\n\r\n", false);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: close"));
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
    fd = client_to(fix.server);
    r = client_ask(fd, "GET /hello" H "Connection: close\r\n\r\nGET /hello" H "\r\n", false);
    assert_int_equal(r.status, 200);
    assert_true(reply_has(&r, "Connection: close"));
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
    assert_int_equal(count_of(&fix.hits), 3);
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_answer),          CASE(test_routes),
        CASE(test_methods),         CASE(test_cors),
        CASE(test_query),           CASE(test_headers),
        CASE(test_problem),         CASE(test_bodies),
        CASE(test_expect_continue), CASE(test_large_body),
        CASE(test_pipelining),      CASE(test_pipelining_keeps_order),
        CASE(test_keep_alive),      CASE(test_half_closed_client),
    };
    return cmocka_run_group_tests_name("http requests", tests, NULL, NULL);
}
