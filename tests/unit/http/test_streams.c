/* SPDX-License-Identifier: Apache-2.0 */
/* test_streams.c: event streams. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

static void test_stream(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf all = BUF_INIT;
    int fd = client_to(fix.server);
    client_say(fd, "GET /stream" H "\r\n");
    await_count(&fix.kept_count, 1);
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
    client_expect(fd, "GET /hello" H "\r\n", 200, NULL); /* the connection goes on */
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
    await_count(&fix.kept_count, 1);
    http_stream_end(fix.kept[0]);
    assert_true(client_sees_end(fd));
    close(fd);
}

static void test_stream_head(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "HEAD /stream" H "\r\n");
    await_count(&fix.kept_count, 1);
    assert_int_equal(http_stream_event(fix.kept[0], NULL, NULL, STR("x")), -EPIPE);
    http_stream_end(fix.kept[0]);
    struct reply r = client_read(fd, true);
    assert_int_equal(r.status, 200);
    reply_release(&r);
    client_expect(fd, "GET /hello" H "\r\n", 200, NULL);
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
    await_count(&fix.kept_count, 1);
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
    await_count(&fix.ended[HTTP_END_GONE], 1);
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
    await_count(&fix.kept_count, 1);
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
    await_count(&fix.kept_count, 1);
    http_defer(fix.kept[0], fill_stream, NULL);
    await_count(&fix.ended[HTTP_END_GONE], 1);
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
    await_count(&fix.kept_count, MANY);
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_stream),      CASE(test_stream_http10),        CASE(test_stream_head),    CASE(test_stream_ping),
        CASE(test_stream_gone), CASE(test_stream_back_pressure), CASE(test_stream_stalled), CASE(test_many_streams),
    };
    return cmocka_run_group_tests_name("http streams", tests, NULL, NULL);
}
