/* SPDX-License-Identifier: Apache-2.0 */
/* test_limits.c: deadlines, connection limits, memory and descriptors. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "harness.h"

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
    assert_int_equal(count_of(&fix.hits), 0);
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
    /* It may be hanging up for a moment longer; then it serves again. */
    int status = 0;
    for (int tries = 0; status == 0 && tries < 1000; tries++) {
        client = client_to(fix.server);
        client_say(client, "GET /hello" H "\r\n");
        struct reply r = client_read(client, false);
        status = r.status;
        reply_release(&r);
        close(client);
    }
    assert_int_equal(status, 200);
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

static void answer_with_length(void *context, struct http_exchange *x)
{
    (void)context;
    char text[32];
    snprintf(text, sizeof text, "%zu bytes", http_body(x).len);
    http_answer(x, 200, "text/plain", str_of(text));
}

static int post_body(const char *path, const char *data, size_t len)
{
    _cleanup_(freep) char *head = xasprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", path, len);
    int fd = client_to(fix.server);
    client_say(fd, head);
    client_send(fd, data, len);
    return fd;
}

static void expect_answer(int fd, int status, const char *body)
{
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, status);
    if (body)
        assert_string_equal(buf_str(&r.body), body);
    reply_release(&r);
    close(fd);
}

/* A kept exchange holds its share of max_buffered until it gives its body back, once. */
static void test_kept_bodies(void **state)
{
    (void)state;
    enum { SIZE = 600 << 10, MANY = 10 };
    struct http_config config = test_config();
    config.max_body = config.max_buffered = 1 << 20;
    restart(config);
    _cleanup_(freep) char *data = xcalloc(1, SIZE);
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = post_body("/keep-dropped", data, SIZE);
        await_count(&fix.kept_count, i + 1);
    }
    int holder = post_body("/keep", data, SIZE);
    await_count(&fix.kept_count, MANY + 1);
    expect_answer(post_body("/keep", data, SIZE), 503, NULL);
    for (int i = 0; i <= MANY; i++) {
        if (i == MANY) /* nothing was given back twice */
            expect_answer(post_body("/keep", data, SIZE), 503, NULL);
        http_defer(fix.kept[i], answer_with_length, NULL);
        expect_answer(i < MANY ? fds[i] : holder, 200, i < MANY ? "0 bytes" : "614400 bytes");
    }
}

/* What a client sends ahead of its answer is held up to a limit; then the server stops reading. */
static void test_early_bytes_are_bounded(void **state)
{
    (void)state;
    enum { PIECE = 1 << 16, ENOUGH = 64 << 20 };
    _cleanup_(freep) char *text = xmalloc(PIECE);
    memset(text, 'x', PIECE);
    int fd = client_to(fix.server);
    client_say(fd, "GET /block" H "\r\n");
    await_count(&fix.hits, 1);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    size_t sent = 0;
    while (sent < ENOUGH && poll(&p, 1, 200) == 1) {
        ssize_t n = send(fd, text, PIECE, MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(n > 0);
        sent += (size_t)n;
    }
    assert_true(sent < ENOUGH);
    release();
    struct reply r = client_read(fd, false);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    close(fd);
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
        CASE(test_kept_bodies),
        CASE(test_early_bytes_are_bounded),
        CASE(test_clients_that_vanish),
    };
    return cmocka_run_group_tests_name("http limits", tests, NULL, NULL);
}
