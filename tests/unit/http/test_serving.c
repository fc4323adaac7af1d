/* SPDX-License-Identifier: Apache-2.0 */
/* test_serving.c: starting, listening, stopping. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

static void answer_kept(void *context, struct http_exchange *x)
{
    (void)context;
    http_answer(x, 200, "text/plain", STR("woken"));
}

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
    client_expect(idle, "GET /hello" H "\r\n", 200, NULL);
    client_say(kept, "GET /keep" H "\r\n");
    client_say(stream, "GET /stream" H "\r\n");
    await_count(&fix.kept_count, 2);
    client_say(busy, "GET /block" H "\r\n");
    await_count(&fix.hits, 4);
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
    release();
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
    await_count(&fix.hits, 1);
    struct stopping stopping = {.server = fix.server, .grace_ms = 10};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_main, &stopping), 0);
    assert_true(client_sees_end(fd));
    assert_true(client_sees_end(half));
    release();
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
    await_count(&fix.hits, 1);
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
    client_expect(fd, "POST /echo" H "Content-Length: 5\r\n\r\nhello", 200, "hello");
    close(fd);
    assert_int_equal(http_start(&config, NULL, 0, NULL, &second, &err), -EADDRINUSE);
    fd = client_to(fix.server);
    client_expect(fd, "GET /hello" H "\r\n", 200, NULL);
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
    client_expect(fd, "GET /hello" H "\r\n", 200, NULL);
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
        client_expect(fd, "GET /" H "\r\n", 404, NULL);
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
        CASE(test_stop_with_grace), CASE(test_stop_without_grace), CASE(test_answer_after_stop),
        CASE(test_unix_socket),     CASE(test_listening),
    };
    return cmocka_run_group_tests_name("http serving", tests, NULL, NULL);
}
