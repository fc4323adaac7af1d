/* SPDX-License-Identifier: Apache-2.0 */
/* test_attacks.c: what hostile or broken clients send, byte for byte: each is refused once, and nothing behind it is served. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "harness.h"

static struct fixture fix;

static int setup(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.max_body = 1 << 20;
    start(&fix, &config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop(&fix);
    return 0;
}

/* How often text comes in all. */
static int occurrences(const struct buf *all, const char *text)
{
    int n = 0;
    for (const char *at = buf_str(all); (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* The bytes get exactly one answer, a problem with that status, and the connection ends; no handler hears of it. */
static void expect_refused(const char *name, const void *data, size_t len, int status)
{
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    _cleanup_(freep) char *line = xasprintf("HTTP/1.1 %d ", status), *member = xasprintf("\"status\":%d", status);
    int before = count_of(&fix, &fix.hits);
    client_collect(fix.server, data, len, &all);
    if (strncmp(buf_str(&all), line, strlen(line)) != 0)
        fail_msg("%s: expected %d, got: %.200s", name, status, buf_str(&all));
    if (occurrences(&all, "HTTP/1.1 ") != 1)
        fail_msg("%s: more than one answer: %s", name, buf_str(&all));
    static const char *const wanted[] = {"\r\nContent-Type: application/problem+json\r\n",
                                         "\r\nX-Content-Type-Options: nosniff\r\n",
                                         "\r\nCache-Control: no-store\r\n",
                                         "\r\nConnection: close\r\n",
                                         "\r\nContent-Length: ",
                                         "\"type\":\"about:blank\"",
                                         "\"title\":\"",
                                         "\"detail\":\""};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(buf_str(&all), wanted[i]))
            fail_msg("%s: the answer lacks %s: %s", name, wanted[i], buf_str(&all));
    assert_non_null(strstr(buf_str(&all), member));
    assert_int_equal(count_of(&fix, &fix.hits), before);
}

#define NEXT          "GET /hello HTTP/1.1\r\nHost: smuggled\r\n\r\n" /* what a smuggler wants served */
#define POST(headers) "POST /echo HTTP/1.1\r\nHost: a\r\n" headers "\r\n"
#define GET(target)   "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n" NEXT
#define BYTES(text)   text, sizeof(text) - 1

static const struct {
    const char *name, *data;
    size_t len;
    int status;
} attacks[] = {
    {"two different Content-Length", BYTES(POST("Content-Length: 5\r\nContent-Length: 6\r\n") "hello" NEXT), 400},
    {"two equal Content-Length", BYTES(POST("Content-Length: 5\r\nContent-Length: 5\r\n") "hello" NEXT), 400},
    {"Content-Length and Transfer-Encoding",
     BYTES(POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n" NEXT), 400},
    {"Transfer-Encoding and Content-Length",
     BYTES(POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") "0\r\n\r\n" NEXT), 400},
    {"Transfer-Encoding: xchunked", BYTES(POST("Transfer-Encoding: xchunked\r\n") "0\r\n\r\n" NEXT), 400},
    {"Transfer-Encoding: gzip, chunked", BYTES(POST("Transfer-Encoding: gzip, chunked\r\n") "0\r\n\r\n" NEXT), 400},
    {"Transfer-Encoding: chunked, chunked", BYTES(POST("Transfer-Encoding: chunked, chunked\r\n") "0\r\n\r\n" NEXT),
     400},
    {"Transfer-Encoding: identity", BYTES(POST("Transfer-Encoding: identity\r\n") NEXT), 400},
    {"Transfer-Encoding empty", BYTES(POST("Transfer-Encoding:\r\n") "0\r\n\r\n" NEXT), 400},
    {"Transfer-Encoding twice",
     BYTES(POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n" NEXT), 400},
    {"Transfer-Encoding in HTTP/1.0", BYTES("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
     400},
    {"blank before the colon", BYTES(POST("Content-Length : 5\r\n") "hello" NEXT), 400},
    {"tab before the colon", BYTES(POST("Content-Length\t: 5\r\n") "hello" NEXT), 400},
    {"blank in a name", BYTES(POST("X A: 5\r\n") NEXT), 400},
    {"folded header", BYTES(POST("X-A: b\r\n Content-Length: 5\r\n") "hello" NEXT), 400},
    {"folded header with tab", BYTES(POST("X-A: b\r\n\tContent-Length: 5\r\n") "hello" NEXT), 400},
    {"folded first header", BYTES("GET /hello HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n" NEXT), 400},
    {"no colon", BYTES(POST("X-A\r\n") NEXT), 400},
    {"empty name", BYTES(POST(": 5\r\n") NEXT), 400},
    {"two Host", BYTES("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" NEXT), 400},
    {"two equal Host", BYTES("GET /hello HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n" NEXT), 400},
    {"no Host", BYTES("GET /hello HTTP/1.1\r\n\r\n" NEXT), 400},
    {"Host with a path", BYTES("GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n" NEXT), 400},
    {"Host with a user", BYTES("GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n" NEXT), 400},
    {"two Authorization", BYTES("GET /hello HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n" NEXT),
     400},
    {"raw NUL in the path", BYTES(GET("/hello\0/x")), 400},
    {"raw NUL in a header", BYTES(POST("X: a\0b\r\n") NEXT), 400},
    {"%00 in the path", BYTES(GET("/hello%00/x")), 400},
    {"%00 in the query", BYTES(GET("/query?q=a%00b")), 400},
    {"broken escape in the path", BYTES(GET("/hello%zz")), 400},
    {"broken escape at the end", BYTES(GET("/hello%2")), 400},
    {"broken escape in the query", BYTES(GET("/query?q=%f")), 400},
    {"/%2e%2e/", BYTES(GET("/%2e%2e/hello")), 400},
    {"/.%2E/", BYTES(GET("/items/.%2E/hello")), 400},
    {"..%2f", BYTES(GET("/items/..%2f..%2fhello")), 400},
    {"/../", BYTES(GET("/items/../hello")), 400},
    {"/..", BYTES(GET("/items/..")), 400},
    {"/./", BYTES(GET("/./hello")), 400},
    {"//", BYTES(GET("//hello")), 400},
    {"// within", BYTES(GET("/items//1")), 400},
    {"relative path", BYTES(GET("hello")), 400},
    {"path of another scheme", BYTES(GET("ftp://a/hello")), 400},
    {"fragment", BYTES(GET("/hello#a")), 400},
    {"byte over 0x7f in the path", BYTES(GET("/hello\xff")), 400},
    {"Content-Length: -5", BYTES(POST("Content-Length: -5\r\n") "hello" NEXT), 400},
    {"Content-Length: +5", BYTES(POST("Content-Length: +5\r\n") "hello" NEXT), 400},
    {"Content-Length: 5, 5", BYTES(POST("Content-Length: 5, 5\r\n") "hello" NEXT), 400},
    {"Content-Length: 5 5", BYTES(POST("Content-Length: 5 5\r\n") "hello" NEXT), 400},
    {"Content-Length: 0x5", BYTES(POST("Content-Length: 0x5\r\n") "hello" NEXT), 400},
    {"Content-Length: 5.0", BYTES(POST("Content-Length: 5.0\r\n") "hello" NEXT), 400},
    {"Content-Length empty", BYTES(POST("Content-Length:\r\n") "hello" NEXT), 400},
    {"Content-Length 2^64 + 5", BYTES(POST("Content-Length: 18446744073709551621\r\n") "hello" NEXT), 400},
    {"Content-Length 2^64 - 1", BYTES(POST("Content-Length: 18446744073709551615\r\n") "hello" NEXT), 400},
    {"Content-Length of 40 digits", BYTES(POST("Content-Length: 9999999999999999999999999999999999999999\r\n") NEXT),
     400},
    {"Content-Length 2^63", BYTES(POST("Content-Length: 9223372036854775808\r\n") "hello" NEXT), 413},
    {"Content-Length over the limit", BYTES(POST("Content-Length: 1048577\r\n") NEXT), 413},
    {"Content-Length over the route's limit",
     BYTES("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" NEXT), 413},
    {"Expect: 100-continue over the limit", BYTES(POST("Content-Length: 1048577\r\nExpect: 100-continue\r\n") NEXT),
     413},
    {"Expect: something else", BYTES(POST("Content-Length: 5\r\nExpect: cake\r\n") NEXT), 417},
    {"chunked over the route's limit",
     BYTES("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
           "32\r\n01234567890123456789012345678901234567890123456789\r\n33\r\n" NEXT),
     413},
    {"chunk size overflow", BYTES(POST("Transfer-Encoding: chunked\r\n") "10000000000000000\r\nhello" NEXT), 413},
    {"chunk size 2^64 - 1", BYTES(POST("Transfer-Encoding: chunked\r\n") "ffffffffffffffff\r\nhello" NEXT), 413},
    {"chunk size negative", BYTES(POST("Transfer-Encoding: chunked\r\n") "-1\r\nhello" NEXT), 400},
    {"chunk size 0x5", BYTES(POST("Transfer-Encoding: chunked\r\n") "0x5\r\nhello\r\n0\r\n\r\n" NEXT), 400},
    {"chunk size empty", BYTES(POST("Transfer-Encoding: chunked\r\n") "\r\nhello\r\n0\r\n\r\n" NEXT), 400},
    {"chunk size with a blank", BYTES(POST("Transfer-Encoding: chunked\r\n") "5 \r\nhello\r\n0\r\n\r\n" NEXT), 400},
    {"chunk size line without LF", BYTES(POST("Transfer-Encoding: chunked\r\n") "5\rXhello\r\n0\r\n\r\n" NEXT), 400},
    {"chunk size line without CR", BYTES(POST("Transfer-Encoding: chunked\r\n") "5\nhello\r\n0\r\n\r\n" NEXT), 400},
    {"chunk longer than its size", BYTES(POST("Transfer-Encoding: chunked\r\n") "5\r\nhelloXX0\r\n\r\n" NEXT), 400},
    {"chunk extension with NUL", BYTES(POST("Transfer-Encoding: chunked\r\n") "5;a=\0\r\nhello\r\n0\r\n\r\n" NEXT),
     400},
    {"chunk trailers", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\nContent-Length: 5\r\n\r\n" NEXT), 400},
    {"bare LF", BYTES("GET /hello HTTP/1.1\nHost: a\n\n" NEXT), 400},
    {"one bare LF", BYTES("GET /hello HTTP/1.1\r\nHost: a\n\r\n" NEXT), 400},
    {"bare CR", BYTES("GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n" NEXT), 400},
    {"HTTP/0.9", BYTES("GET /hello\r\n\r\n" NEXT), 400},
    {"HTTP/2.0", BYTES("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n" NEXT), 505},
    {"the preface of HTTP/2", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" NEXT), 505},
    {"HTTP/1.2", BYTES("GET /hello HTTP/1.2\r\nHost: a\r\n\r\n" NEXT), 505},
    {"HTTP/1.10", BYTES("GET /hello HTTP/1.10\r\nHost: a\r\n\r\n" NEXT), 400},
    {"two blanks in the request line", BYTES("GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400},
    {"blank at the end of the request line", BYTES("GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n" NEXT), 400},
    {"tab in the request line", BYTES("GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400},
    {"unknown method", BYTES("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 501},
    {"method in lower case", BYTES("get /hello HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 501},
    {"CONNECT", BYTES("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400},
    {"a TLS greeting", BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400},
    {"404 with a body that is not read",
     BYTES("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" NEXT), 404},
    {"405 with a body that is not read", BYTES("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" NEXT),
     405},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        expect_refused(attacks[i].name, attacks[i].data, attacks[i].len, attacks[i].status);
}

/* The same bytes one at a time: no rule may depend on how the network cuts them. */
static void test_table_bytewise(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        int fd = client_to(fix.server);
        for (size_t k = 0; k < attacks[i].len; k++)
            client_send(fd, attacks[i].data + k, 1);
        shutdown(fd, SHUT_WR);
        struct reply r = client_read(fd, false);
        if (r.status != attacks[i].status || !client_sees_end(fd))
            fail_msg("%s, bytewise: %d", attacks[i].name, r.status);
        reply_release(&r);
        close(fd);
    }
    assert_int_equal(count_of(&fix, &fix.hits), 0);
}

static void test_large_heads(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf url = BUF_INIT, header = BUF_INIT, many = BUF_INIT;
    buf_append_str(&url, "GET /");
    buf_append_str(&header, "GET /hello HTTP/1.1\r\nHost: a\r\nX: ");
    buf_append_str(&many, "GET /hello HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 64 * 1024; i++) {
        buf_append_char(&url, 'a');
        buf_append_char(&header, 'a');
    }
    for (int i = 0; i < 2000; i++)
        buf_append_str(&many, "A: b\r\n");
    buf_append_str(&url, " HTTP/1.1\r\nHost: a\r\n\r\n");
    buf_append_str(&header, "\r\n\r\n");
    buf_append_str(&many, "\r\n");
    expect_refused("a URL of 64 KiB", url.data, url.len, 414);
    expect_refused("a header of 64 KiB", header.data, header.len, 431);
    expect_refused("2000 headers", many.data, many.len, 431);
}

/* A client that talks before it listens gets its 413 as well, although it sends far more than anybody reads. */
static void test_large_body_refused_readably(void **state)
{
    (void)state;
    enum { SIZE = 8 << 20 };
    char *body = xcalloc(1, SIZE);
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    buf_append_str(&all, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n");
    buf_append(&all, body, SIZE);
    expect_refused("8 MiB", all.data, all.len, 413);
    free(body);
}

static void test_chunked_counted_while_reading(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    buf_append_str(&all, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 2000; i++) {
        buf_append_str(&all, "400\r\n");
        for (int k = 0; k < 1024; k++)
            buf_append_char(&all, 'x');
        buf_append_str(&all, "\r\n");
    }
    expect_refused("2,000 chunks of 1 KiB", all.data, all.len, 413);
}

/* ---- time ---- */

/* Feeds a byte every few milliseconds until the server has had enough; returns its answer. */
static struct reply drip(int fd, const char *bytes)
{
    for (size_t i = 0;; i++) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 5) > 0)
            return client_read(fd, false);
        assert_true(i < 4000);
        client_send(fd, bytes[i] ? bytes + i : "x", 1);
        if (!bytes[i])
            bytes -= 1; /* stays at the end */
    }
}

static void restart(struct http_config config)
{
    stop(&fix);
    start(&fix, &config);
}

static void test_slow_headers(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.header_ms = 200;
    restart(config);
    int64_t began = clock_monotonic_ns();
    int fd = client_to(fix.server);
    struct reply r = drip(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    int64_t took = (clock_monotonic_ns() - began) / NS_PER_MS;
    assert_int_equal(r.status, 408);
    assert_true(client_sees_end(fd));
    assert_true(took >= 190 && took < 5000);
    reply_release(&r);
    close(fd);
}

static void test_silent_connection_is_closed(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.header_ms = 100;
    restart(config);
    int fd = client_to(fix.server);
    assert_true(client_sees_end(fd));
    close(fd);
}

static void test_slow_body(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.body_ms = 200;
    config.body_min_rate = 1 << 20;
    restart(config);
    static const char *const heads[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
    };
    for (int i = 0; i < 2; i++) {
        int fd = client_to(fix.server);
        client_say(fd, heads[i]);
        struct reply r = drip(fd, "x");
        assert_int_equal(r.status, 408);
        assert_true(client_sees_end(fd));
        reply_release(&r);
        close(fd);
    }
    assert_int_equal(count_of(&fix, &fix.hits), 0);
}

/* The same deadline does not hit a body that comes at the promised rate: each byte earns 100 ms here. */
static void test_steady_body(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.body_ms = 50;
    config.body_min_rate = 10;
    restart(config);
    int fd = client_to(fix.server);
    client_say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n");
    for (int i = 0; i < 40; i++) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, i == 0 ? 0 : 10), 0); /* 400 ms in all: eight times body_ms */
        client_send(fd, "x", 1);
    }
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.len, 40);
    reply_release(&r);
    close(fd);
}

static void test_idle_connection_is_closed(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.idle_ms = 100;
    restart(config);
    int fd = client_to(fix.server);
    client_say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 200);
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
}

/* A client that asks for 32 MiB and reads nothing is dropped. */
static void test_client_that_does_not_read(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.write_ms = 200;
    restart(config);
    int fd = client_socket(fix.server, 0), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(client_connect(fix.server, fd), 0);
    client_say(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    /* With the answer dropped half way the connection ends in a reset or an end of file: both wake this poll without any reading. */
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    close(fd);
}

/* ---- numbers ---- */

static void test_connection_limit(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.max_connections = 4;
    restart(config);
    int fds[4];
    for (int i = 0; i < 4; i++) {
        fds[i] = client_to(fix.server);
        client_say(fds[i], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        struct reply r = client_read(fds[i], false);
        assert_int_equal(r.status, 200);
        reply_release(&r);
    }
    int fd = client_to(fix.server);
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 503);
    assert_true(reply_has(&r, "Retry-After: 1"));
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
    /* A place that becomes free is given again. */
    client_say(fds[0], "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    r = client_read(fds[0], false);
    assert_int_equal(r.status, 200);
    assert_true(client_sees_end(fds[0]));
    reply_release(&r);
    close(fds[0]);
    int status = 503;
    for (int tries = 0; status == 503 && tries < 1000; tries++) {
        fd = client_to(fix.server);
        client_say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        r = client_read(fd, false);
        status = r.status;
        reply_release(&r);
        close(fd);
    }
    assert_int_equal(status, 200);
    for (int i = 1; i < 4; i++)
        close(fds[i]);
}

static void test_limit_per_address(void **state)
{
    (void)state;
    struct http_config config = test_config();
    config.max_connections_per_ip = 2;
    restart(config);
    int a = client_to(fix.server), b = client_to(fix.server), c = client_to(fix.server);
    struct reply r = client_read(c, false);
    assert_int_equal(r.status, 429);
    assert_true(client_sees_end(c));
    reply_release(&r);
    client_say(a, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    r = client_read(a, false);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    close(a);
    close(b);
    close(c);
}

/* 500 connections past the limit: some are told, the rest hung up on, none stays, and the server lives. */
static void test_flood_past_the_limit(void **state)
{
    (void)state;
    enum { FLOOD = 500 };
    struct http_config config = test_config();
    config.max_connections = 1;
    restart(config);
    int first = client_to(fix.server), fds[FLOOD];
    client_say(first, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    struct reply r = client_read(first, false);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    for (int i = 0; i < FLOOD; i++)
        fds[i] = client_to(fix.server);
    for (int i = 0; i < FLOOD; i++) {
        r = client_read(fds[i], false);
        assert_true(r.status == 503 || r.status == 0);
        if (r.status)
            assert_true(client_sees_end(fds[i]));
        reply_release(&r);
        close(fds[i]);
    }
    client_say(first, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    r = client_read(first, false);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    close(first);
}

static void test_out_of_descriptors(void **state)
{
    (void)state;
    struct rlimit before, low;
    int client = client_socket(fix.server, 0), taken[256], count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (count < 256 && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    /* The reserve descriptor lets the server take the connection off the queue and hang up. */
    assert_int_equal(client_connect(fix.server, client), 0);
    bool ended = client_sees_end(client);
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(ended);
    close(client);
    client = client_to(fix.server);
    client_say(client, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    struct reply r = client_read(client, false);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    close(client);
}

/* Bodies under way may together not hold more memory than max_buffered. */
static void test_bodies_together(void **state)
{
    (void)state;
    enum { HALF = 600 << 10 };
    struct http_config config = test_config();
    config.max_body = config.max_buffered = 1 << 20;
    restart(config);
    char *data = xcalloc(1, HALF);
    int a = client_to(fix.server), b = client_to(fix.server);
    const char *head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n";
    client_say(a, head);
    struct reply r = client_read(a, true);
    assert_int_equal(r.status, 100);
    reply_release(&r);
    client_say(b, head);
    r = client_read(b, true);
    assert_int_equal(r.status, 100);
    reply_release(&r);
    client_send(a, data, HALF);
    client_send(b, data, HALF);
    struct pollfd p[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    assert_int_equal(poll(p, 2, PATIENCE_MS), 1);
    int loser = p[0].revents ? a : b, winner = p[0].revents ? b : a;
    r = client_read(loser, false);
    assert_int_equal(r.status, 503);
    assert_true(reply_has(&r, "Retry-After: 1"));
    reply_release(&r);
    client_send(winner, data, 1000000 - HALF);
    r = client_read(winner, false);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body.len, 1000000);
    reply_release(&r);
    close(a);
    close(b);
    free(data);
}

/* Clients that leave in the middle of everything: neither a signal nor a leak. */
static void test_clients_that_vanish(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    static const char *const starts[] = {"",
                                         "GET /he",
                                         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nxx",
                                         "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
                                         "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n",
                                         "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"};
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (int i = 0; i < 60; i++) {
        int fd = client_to(fix.server);
        client_say(fd, starts[i % 6]);
        if (i % 2)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    int fd = client_to(fix.server);
    client_say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    close(fd);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_table),
        CASE(test_table_bytewise),
        CASE(test_large_heads),
        CASE(test_large_body_refused_readably),
        CASE(test_chunked_counted_while_reading),
        CASE(test_slow_headers),
        CASE(test_silent_connection_is_closed),
        CASE(test_slow_body),
        CASE(test_steady_body),
        CASE(test_idle_connection_is_closed),
        CASE(test_client_that_does_not_read),
        CASE(test_connection_limit),
        CASE(test_limit_per_address),
        CASE(test_flood_past_the_limit),
        CASE(test_out_of_descriptors),
        CASE(test_bodies_together),
        CASE(test_clients_that_vanish),
    };
    return cmocka_run_group_tests_name("http attacks", tests, NULL, NULL);
}
