/* SPDX-License-Identifier: Apache-2.0 */
/* test_exchanges.c: kept exchanges and deferred functions: what handlers that answer later rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

/* ---- kept exchanges ---- */

static void test_keep_timeout(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_expect(fd, "GET /keep?ms=50" H "\r\n", 200, "timeout");
    client_expect(fd, "GET /keep?ms=1" H "\r\n", 200, "timeout");
    assert_int_equal(count_of(&fix.ended[HTTP_END_TIMEOUT]), 2);
    client_expect(fd, "GET /hello" H "\r\n", 200, NULL);
    close(fd);
}

static void test_keep_gone(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "GET /keep" H "\r\n");
    await_count(&fix.kept_count, 1);
    close(fd);
    await_count(&fix.ended[HTTP_END_GONE], 1);
    /* A half-closed one counts as gone, and may still read what that leads to. */
    fd = client_to(fix.server);
    client_say(fd, "GET /keep" H "\r\n");
    shutdown(fd, SHUT_WR);
    struct reply r = client_read(fd, false);
    assert_string_equal(r.body.data, "gone");
    reply_release(&r);
    close(fd);
    await_count(&fix.ended[HTTP_END_GONE], 2);
}

/* Time runs out, then the client goes: the handler's side hears of the first only, even when it takes its time. */
static void test_ended_once(void **state)
{
    (void)state;
    int fd = client_to(fix.server);
    client_say(fd, "GET /keep-silently" H "\r\n");
    await_count(&fix.ended[HTTP_END_TIMEOUT], 1);
    close(fd);
    http_stop(STEAL(fix.server), 0); /* ends it once more, and returns when all that was to be told has been */
    assert_int_equal(fix.ended[HTTP_END_TIMEOUT] + fix.ended[HTTP_END_GONE] + fix.ended[HTTP_END_STOPPING], 1);
    http_answer(fix.kept[0], 200, NULL, STR("{}"));
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
    await_count(&fix.kept_count, MANY);
    int other = client_to(fix.server);
    client_expect(other, "GET /hello" H "\r\n", 200, NULL);
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
    assert_int_equal(count_of(&fix.ended[HTTP_END_GONE]), 0);
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
    await_count(&fix.kept_count, MANY);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    await_count(&fix.ended[HTTP_END_GONE], MANY);
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
    await_count(&fix.kept_count, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, defer_many, &fix), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    await_count(&fix.deferred, 4000);
    assert_int_equal(count_of(&fix.overlaps), 0);
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
        await_count(&fix.kept_count, i + 1);
        http_defer(fix.kept[i], answer_then_nothing, &fix);
        struct reply r = client_read(fd, false);
        assert_string_equal(r.body.data, "first");
        reply_release(&r);
    }
    client_expect(fd, "GET /twice" H "\r\n", 200, "1");
    client_expect(fd, "GET /items/x" H "\r\n", 200, "x");
    assert_int_equal(count_of(&fix.deferred), 0);
    assert_int_equal(count_of(&fix.hits), 102);
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
            await_count(&fix.kept_count, i + 1);
        if (i % 3 != 1) {
            struct reply r = client_read(fd, false);
            assert_string_equal(r.body.data, "timeout");
            reply_release(&r);
        }
        close(fd);
        await_count(&fix.kept_count, i + 1);
    }
    http_stop(STEAL(fix.server), 0);
    assert_int_equal(fix.ended[0] + fix.ended[1] + fix.ended[2], ROUNDS);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_keep_timeout),
        CASE(test_keep_gone),
        CASE(test_ended_once),
        CASE(test_many_kept),
        CASE(test_many_gone),
        CASE(test_deferred_one_at_a_time),
        CASE(test_deferred_after_the_answer_is_dropped),
        CASE(test_races),
    };
    return cmocka_run_group_tests_name("http exchanges", tests, NULL, NULL);
}
