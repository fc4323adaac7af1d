/* SPDX-License-Identifier: Apache-2.0 */
/* test_parts.c: the parsers of outside bytes by themselves, also over many random inputs (seeded: a failure repeats). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "http/answer.h"
#include "http/chunked.h"
#include "http/guard.h"
#include "http/peers.h"
#include "http/request.h"

static uint64_t seed;

static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % n;
}

/* ---- heads ---- */

/* Scans text in pieces of the given size; the verdict must not depend on it. */
static enum head_state scan(struct str text, size_t piece, size_t *ret_len)
{
    size_t scanned = 0;
    enum head_state state = HEAD_PARTIAL;
    for (size_t at = 0; at < text.len && state == HEAD_PARTIAL;) {
        at = text.len - at < piece ? text.len : at + piece;
        state = guard_scan(text.data, at, &scanned);
    }
    *ret_len = scanned;
    return state;
}

static void test_scan(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        enum head_state state;
        size_t len;
    } cases[] = {
        {{"GET / HTTP/1.1\r\n\r\n", 18}, HEAD_COMPLETE, 18},
        {{"GET / HTTP/1.1\r\n\r\nrest\n\n", 24}, HEAD_COMPLETE, 18},
        {{"A\r\nB:\tc\r\n\r\n", 11}, HEAD_COMPLETE, 11},
        {{"GET / HTTP/1.1\r\nHost: a\r\n", 25}, HEAD_PARTIAL, 25},
        {{"", 0}, HEAD_PARTIAL, 0},
        {{"A\n", 2}, HEAD_BAD, 0},
        {{"A\rB", 3}, HEAD_BAD, 0},
        {{"A\r\r\n", 4}, HEAD_BAD, 0},
        {{"A\r\n\n", 4}, HEAD_BAD, 0},
        {{"A\0", 2}, HEAD_BAD, 0},
        {{"A\x7f", 2}, HEAD_BAD, 0},
        {{"A\x1f", 2}, HEAD_BAD, 0},
        {{"A: \xff\r\n\r\n", 8}, HEAD_COMPLETE, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t piece = 1; piece <= 24; piece++) {
            size_t len = 0;
            assert_int_equal(scan(cases[i].text, piece, &len), cases[i].state);
            if (cases[i].state == HEAD_COMPLETE)
                assert_int_equal(len, cases[i].len);
        }
    }
}

/* What an accepted request may never be, whatever the bytes were. */
static void check_accepted(const struct request *r)
{
    size_t hosts = 0, lengths = 0, encodings = 0;
    for (size_t i = 0; i < r->header_count; i++) {
        struct str name = r->headers[i].name;
        assert_true(guard_token(name));
        hosts += name.len == 4 && strncasecmp(name.data, "host", 4) == 0;
        lengths += name.len == 14 && strncasecmp(name.data, "content-length", 14) == 0;
        encodings += name.len == 17 && strncasecmp(name.data, "transfer-encoding", 17) == 0;
        assert_null(memchr(r->headers[i].value.data, '\n', r->headers[i].value.len));
    }
    assert_true(hosts == 1 || (hosts == 0 && r->minor == 0));
    assert_true(lengths + encodings <= 1);
    assert_true(r->chunked == (encodings == 1));
    assert_true(r->minor <= 1);
    assert_true(r->path.len > 0 && (r->path.data[0] == '/' || r->path.data[0] == '*'));
    assert_null(memmem(r->path.data, r->path.len, "%00", 3));
    assert_null(memmem(r->path.data, r->path.len, "//", 2));
    assert_null(memmem(r->path.data, r->path.len, "/../", 4));
    assert_null(memchr(r->path.data, ' ', r->path.len));
}

static void test_random_heads(void **state)
{
    (void)state;
    static const char *const pieces[] = {"GET",
                                         "POST",
                                         "OPTIONS",
                                         " ",
                                         " ",
                                         "/",
                                         "/a",
                                         "*",
                                         "..",
                                         "%2e",
                                         "%00",
                                         "?q=1&b=%41",
                                         "http://h",
                                         " HTTP/1.1\r\n",
                                         " HTTP/1.0\r\n",
                                         "\r\n",
                                         "\r\n",
                                         "\r\n",
                                         "\n",
                                         "Host: a\r\n",
                                         "Host: b\r\n",
                                         "Content-Length: 5\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "Content-Length",
                                         ":",
                                         "X: y\r\n",
                                         "\t",
                                         "\r",
                                         "Expect: 100-continue\r\n",
                                         "Upgrade: x\r\nConnection: upgrade\r\n",
                                         "Connection: close\r\n",
                                         "5",
                                         ", "};
    static const char *const good[] = {
        "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", "POST /a?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n"};
    int accepted = 0, refused = 0;
    seed = 1;
    for (int round = 0; round < 60000; round++) {
        struct request r = {0};
        size_t len = 0;
        buf_append_str(&r.head, good[below(4)]);
        for (unsigned edits = below(4); edits > 0; edits--) {
            _cleanup_(buf_release) struct buf old = r.head;
            size_t at = below((unsigned)old.len), cut = at + (below(2) ? below((unsigned)(old.len - at)) : 0);
            r.head = BUF_INIT;
            buf_append(&r.head, old.data, at);
            buf_append_str(&r.head, pieces[below(sizeof pieces / sizeof *pieces)]);
            buf_append(&r.head, old.data + cut, old.len - cut);
        }
        if (guard_scan(r.head.data, r.head.len, &len) == HEAD_COMPLETE) {
            buf_truncate(&r.head, len);
            struct refusal no = request_parse(&r);
            if (no.status == 0) {
                accepted++;
                check_accepted(&r);
            } else {
                refused++;
                assert_true(no.status >= 400 && no.status < 600 && no.detail);
            }
        }
        request_release(&r);
    }
    assert_true(accepted > 1000 && refused > 1000);
}

/* ---- chunked bodies ---- */

static void test_random_chunked(void **state)
{
    (void)state;
    seed = 2;
    for (int round = 0; round < 3000; round++) {
        _cleanup_(buf_release) struct buf plain = BUF_INIT, coded = BUF_INIT, got = BUF_INIT;
        for (unsigned chunks = below(6); chunks > 0; chunks--) {
            unsigned n = 1 + below(40);
            buf_printf(&coded, below(2) ? "%x\r\n" : "%04X;x=\"y\"\r\n", n);
            for (unsigned i = 0; i < n; i++) {
                char c = (char)below(256);
                buf_append_char(&plain, c);
                buf_append_char(&coded, c);
            }
            buf_append_str(&coded, "\r\n");
        }
        buf_append_str(&coded, "0\r\n\r\n");
        size_t end = coded.len;
        buf_append_str(&coded, "GET /");
        struct chunked c = {0};
        size_t at = 0;
        while (c.state != CHUNKED_DONE) {
            size_t piece = 1 + below(20);
            ssize_t n = chunked_decode(&c, coded.data + at, MIN(piece, coded.len - at), plain.len, &got);
            assert_true(n > 0);
            at += (size_t)n;
        }
        assert_int_equal(at, end); /* nothing of the next request is eaten */
        assert_int_equal(got.len, plain.len);
        if (plain.len > 0) {
            assert_memory_equal(got.data, plain.data, plain.len);
            buf_clear(&got);
            c = (struct chunked){0};
            assert_int_equal(chunked_decode(&c, coded.data, coded.len, plain.len - 1, &got), -EFBIG);
            assert_true(got.len < plain.len);
        }
    }
}

static void test_random_garbage(void **state)
{
    (void)state;
    static const char alphabet[] = "0159afF\r\n\r\n;= \t-x\x7f";
    seed = 3;
    for (int round = 0; round < 100000; round++) {
        _cleanup_(buf_release) struct buf got = BUF_INIT;
        char text[24];
        struct chunked c = {0};
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = alphabet[below(sizeof alphabet)];
        ssize_t n = chunked_decode(&c, text, sizeof text, 16, &got);
        assert_true(n == -EBADMSG || n == -EFBIG || (n >= 0 && n <= (ssize_t)sizeof text));
        assert_true(got.len <= 16);
    }
}

static void test_endless_size_line(void **state)
{
    (void)state;
    struct chunked c = {0};
    _cleanup_(buf_release) struct buf got = BUF_INIT;
    ssize_t n = 0;
    int bytes = 0;
    for (; n >= 0 && bytes < 10000; bytes++)
        n = chunked_decode(&c, "0", 1, 16, &got);
    assert_int_equal(n, -EBADMSG);
    assert_true(bytes < 1000);
}

static void test_endless_trailers(void **state)
{
    (void)state;
    struct chunked c = {0};
    _cleanup_(buf_release) struct buf got = BUF_INIT;
    ssize_t n = chunked_decode(&c, "0\r\n", 3, 16, &got);
    int lines = 0;
    for (; n >= 0 && lines < 10000; lines++)
        n = chunked_decode(&c, "X: 1\r\n", 6, 16, &got);
    assert_int_equal(n, -EBADMSG);
    assert_in_range(lines, 1000, 2000);
}

/* ---- peers ---- */

static struct sockaddr_in6 v6(const char *text)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
    return a;
}

static struct sockaddr_in v4(const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
    return a;
}

static void test_peers(void **state)
{
    (void)state;
    struct peers *p = peers_new();
    struct sockaddr_in a = v4("10.0.0.1"), b = v4("10.0.0.2");
    struct sockaddr_in6 mapped = v6("::ffff:10.0.0.1"), c = v6("2001:db8::1"), same = v6("2001:db8::ffff:1"),
                        other = v6("2001:db8:0:1::1");
    struct peer *one = peers_enter(p, (struct sockaddr *)&a, 2), *two = peers_enter(p, (struct sockaddr *)&mapped, 2);
    assert_non_null(one);
    assert_ptr_equal(one, two);
    assert_null(peers_enter(p, (struct sockaddr *)&a, 2));
    struct peer *three = peers_enter(p, (struct sockaddr *)&b, 2);
    assert_non_null(three);
    assert_ptr_not_equal(one, three);
    peers_leave(p, two);
    assert_ptr_equal(peers_enter(p, (struct sockaddr *)&a, 2), one);
    struct peer *four = peers_enter(p, (struct sockaddr *)&c, 1);
    assert_non_null(four);
    assert_null(peers_enter(p, (struct sockaddr *)&same, 1)); /* the same /64 */
    assert_non_null(peers_enter(p, (struct sockaddr *)&other, 1));
    peers_leave(p, NULL);
    peers_leave(p, four);
    assert_non_null(peers_enter(p, (struct sockaddr *)&same, 1));
    peers_free(p);
}

static void test_many_peers(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static struct peer *all[MANY];
    struct peers *p = peers_new();
    for (unsigned i = 0; i < MANY; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i)};
        all[i] = peers_enter(p, (struct sockaddr *)&a, 1);
        assert_non_null(all[i]);
    }
    for (unsigned i = 0; i < MANY; i++)
        peers_leave(p, all[i]);
    for (unsigned i = 0; i < MANY; i += 1000) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(i)};
        assert_non_null(peers_enter(p, (struct sockaddr *)&a, 1));
    }
    peers_free(p);
}

/* ---- answers ---- */

static void test_answer_header(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    assert_true(answer_header(&out, "Retry-After", "1"));
    assert_false(answer_header(&out, "", "1"));
    assert_false(answer_header(&out, "A:B", "1"));
    assert_false(answer_header(&out, "A\r\nB", "1"));
    assert_false(answer_header(&out, "A", "1\r\nB: 2"));
    assert_false(answer_header(&out, "A", "1\n"));
    assert_string_equal(out.data, "Retry-After: 1\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_random_heads),
        cmocka_unit_test(test_random_chunked),
        cmocka_unit_test(test_random_garbage),
        cmocka_unit_test(test_endless_size_line),
        cmocka_unit_test(test_endless_trailers),
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_many_peers),
        cmocka_unit_test(test_answer_header),
    };
    return cmocka_run_group_tests_name("http parts", tests, NULL, NULL);
}
