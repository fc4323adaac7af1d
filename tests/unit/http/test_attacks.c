/* SPDX-License-Identifier: Apache-2.0 */
/* test_attacks.c: what hostile or broken clients send, byte for byte: each is refused once, and nothing behind it is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

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
    int before = count_of(&fix.hits);
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
    assert_int_equal(count_of(&fix.hits), before);
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
    {"trailer that frames",
     BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\ntransfer-encoding: chunked\r\n\r\n" NEXT), 400},
    {"trailer with bare LF", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\nX: 1\n\r\n" NEXT), 400},
    {"trailer with a blank before the colon", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\nX : 1\r\n\r\n" NEXT),
     400},
    {"trailer folded", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\nX: 1\r\n 2\r\n\r\n" NEXT), 400},
    {"trailer without a name", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\n: 1\r\n\r\n" NEXT), 400},
    {"trailer without a colon", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\nX\r\n\r\n" NEXT), 400},
    {"trailer with NUL", BYTES(POST("Transfer-Encoding: chunked\r\n") "0\r\nX: \0\r\n\r\n" NEXT), 400},
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
    {"unknown method", BYTES("BREW /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" NEXT), 404},
    {"method in lower case", BYTES("get /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" NEXT), 405},
    {"CONNECT", BYTES("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n" NEXT), 400},
    {"a TLS greeting", BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400},
    {"404 with a body that is not read",
     BYTES("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" NEXT), 404},
    {"405 with a body that is not read", BYTES("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" NEXT),
     405},
};

static void small_bodies(void)
{
    struct http_config config = test_config();
    config.max_body = 1 << 20;
    restart(config);
}

static void test_table(void **state)
{
    (void)state;
    small_bodies();
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        expect_refused(attacks[i].name, attacks[i].data, attacks[i].len, attacks[i].status);
}

/* The same bytes one at a time: no rule may depend on how the network cuts them. */
static void test_table_bytewise(void **state)
{
    (void)state;
    small_bodies();
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
    assert_int_equal(count_of(&fix.hits), 0);
}

static void test_large_heads(void **state)
{
    (void)state;
    small_bodies();
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

/* A client that talks before it listens is heard out, so that it gets to its 413: nobody keeps what it says. */
static void test_large_body_refused_readably(void **state)
{
    (void)state;
    small_bodies();
    enum { SIZE = 8 << 20 };
    _cleanup_(freep) char *body = xcalloc(1, SIZE);
    int fd = client_to(fix.server);
    client_say(fd, "POST /echo" H "Content-Length: 8388608\r\n\r\n");
    assert_true(client_send(fd, body, SIZE));
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 413);
    assert_true(client_sees_end(fd));
    reply_release(&r);
    close(fd);
}

static void test_chunked_counted_while_reading(void **state)
{
    (void)state;
    small_bodies();
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_table),
        CASE(test_table_bytewise),
        CASE(test_large_heads),
        CASE(test_large_body_refused_readably),
        CASE(test_chunked_counted_while_reading),
    };
    return cmocka_run_group_tests_name("http attacks", tests, NULL, NULL);
}
