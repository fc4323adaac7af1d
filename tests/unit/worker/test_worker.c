/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker.c: the whole way from a submission in a real SQLite store through real boxes to a result in the store (root is
 * needed; without it the program is skipped loudly).
 *
 *   test_worker EVALX-JAIL
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "engine.h"
#include "worker/tree.h"
#include "worker/worker.h"

enum { LEASE_MS = 10000 };

struct fixture {
    char folder[64];
    char *url;
    struct store *store;
    struct worker *worker;
};

static struct engine engine;

static void open_store(struct fixture *f)
{
    const struct store_config config = {.lease_ms = LEASE_MS, .retention_ms = 3600000, .max_depth = 1000};
    struct error err = ERROR_INIT;
    if (store_open(f->url, &config, &f->store, &err) < 0)
        fail_msg("%s", err.message);
}

static void start_worker(struct fixture *f, int64_t lease_ms)
{
    const struct worker_config config = {.store = f->store,
                                         .executor = engine.executor,
                                         .registry = engine.registry,
                                         .name = "tester",
                                         .lease_ms = lease_ms};
    struct error err = ERROR_INIT;
    if (worker_start(&config, &f->worker, &err) < 0)
        fail_msg("%s", err.message);
}

static void stop_worker(struct fixture *f, int64_t grace_ms)
{
    worker_stop(f->worker, grace_ms);
    f->worker = NULL;
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/evalx-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->url = xasprintf("sqlite:%s/store.db", f->folder);
    engine_executor(&engine);
    open_store(f);
    start_worker(f, LEASE_MS);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    worker_stop(f->worker, 0);
    store_close(f->store);
    assert_int_equal(tree_remove(AT_FDCWD, f->folder), 0);
    free(f->url);
    free(f);
    return 0;
}

/* ---- submitting and waiting ---- */

struct signal {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    int code;
};

static void raise_signal(struct signal *signal, int code)
{
    pthread_mutex_lock(&signal->lock);
    signal->count++;
    signal->code = code;
    pthread_cond_broadcast(&signal->changed);
    pthread_mutex_unlock(&signal->lock);
}

static void on_submitted(void *context, const struct store_receipt *receipt)
{
    raise_signal(context, receipt->code);
}

static void on_changed(void *context, const char *token)
{
    (void)token;
    raise_signal(context, 0);
}

/* Waits until the signal has been raised more than seen times; returns how often it has been. */
static unsigned wait_signal(struct signal *signal, unsigned seen)
{
    struct timespec end;
    int r = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += ENGINE_PATIENCE_S;
    pthread_mutex_lock(&signal->lock);
    while (signal->count == seen && r == 0)
        r = pthread_cond_timedwait(&signal->changed, &signal->lock, &end);
    seen = signal->count;
    pthread_mutex_unlock(&signal->lock);
    if (r != 0)
        fail_msg("nothing happened for %d seconds", ENGINE_PATIENCE_S);
    return seen;
}

#define SIGNAL_INIT                                                            \
    {                                                                          \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER \
    }

static void submit_bytes(struct fixture *f, const char *token, struct str request)
{
    struct signal signal = SIGNAL_INIT;
    struct store_submission submission = {.created_ms = clock_realtime_ms(), .request = request};
    memcpy(submission.token, token, sizeof(submission.token));
    store_submit(f->store, &submission, on_submitted, &signal);
    wait_signal(&signal, 0);
    assert_int_equal(signal.code, 0);
}

static void submit(struct fixture *f, struct submission *sub, char token[TOKEN_LEN + 1])
{
    _cleanup_(buf_release) struct buf request = BUF_INIT;
    token_new(token);
    submission_store(sub, &request);
    submission_free(sub);
    submit_bytes(f, token, buf_view(&request));
}

/* The record as soon as it satisfies the condition; release it. */
static struct store_record wait_record(struct fixture *f, const char *token, bool (*good)(const struct store_record *))
{
    struct signal signal = SIGNAL_INIT;
    struct store_watch *watch = store_watch(f->store, token, on_changed, &signal);
    struct store_record record;
    for (unsigned seen = 0;; seen = wait_signal(&signal, seen)) {
        assert_int_equal(store_get(f->store, token, &record), 0);
        if (good(&record))
            break;
        store_record_release(&record);
    }
    store_unwatch(f->store, watch);
    return record;
}

static bool is_final(const struct store_record *record)
{
    return status_final(record->status);
}
static bool has_events(const struct store_record *record)
{
    return record->event_count > 0 || status_final(record->status);
}
static bool is_running(const struct store_record *record)
{
    return record->status == STATUS_RUNNING;
}

static struct result *wait_result(struct fixture *f, const char *token, enum status status)
{
    struct store_record record = wait_record(f, token, is_final);
    struct result *result = NULL;
    assert_int_equal(record.status, status);
    assert_int_equal(result_load(record.result.data, record.result.len, &result, NULL), 0);
    assert_int_equal(result->status, status);
    store_record_release(&record);
    return result;
}

static void wait_no_jobs(void)
{
    for (int i = 0; executor_running_jobs(engine.executor) > 0; i++) {
        assert_true(i < 100 * ENGINE_PATIENCE_S);
        nanosleep(&(struct timespec){.tv_nsec = 10 * NS_PER_MS}, NULL);
    }
}

static struct submission *echo(int number)
{
    _cleanup_(freep) char *expected = xasprintf("%d", number);
    struct submission *sub = submission_of("bash", "read n; echo $n\n");
    submission_case(sub, expected, expected);
    return sub;
}

static struct submission *doze(void)
{
    struct submission *sub = submission_of("bash", "read n; [ $n = 0 ] || sleep 50; echo $n\n");
    sub->limits.wall_time_ms = 60000;
    submission_case(sub, "0\n", "0");
    submission_case(sub, "1\n", "1");
    submission_case(sub, "2\n", "2");
    return sub;
}

/* ---- tests ---- */

static void a_submission_becomes_a_result(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    struct submission *sub =
        submission_of("c", "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\", n * n); }\n");
    for (int i = 0; i < 20; i++) {
        _cleanup_(freep) char *input = xasprintf("%d", i), *expected = xasprintf("%d", i * i + (i == 7));
        submission_case(sub, input, expected);
    }
    submit(f, sub, token);
    struct result *result = wait_result(f, token, STATUS_COMPLETED);
    assert_int_equal(result->verdict, VERDICT_WRONG_ANSWER);
    assert_int_equal(result->compile.state, COMPILE_OK);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(result->tests[i].verdict, i == 7 ? VERDICT_WRONG_ANSWER : VERDICT_ACCEPTED);
    assert_true(result->queued_ns >= 0 && result->queued_ns < 60 * NS_PER_S);
    result_free(result);
}

static void many_submissions_all_end(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 40 };
    char tokens[MANY][TOKEN_LEN + 1];
    for (int i = 0; i < MANY; i++)
        submit(f, echo(i), tokens[i]);
    for (int i = 0; i < MANY; i++) {
        _cleanup_(freep) char *expected = xasprintf("%d\n", i);
        struct result *result = wait_result(f, tokens[i], STATUS_COMPLETED);
        assert_int_equal(result->verdict, VERDICT_ACCEPTED);
        assert_string_equal(buf_str(&result->tests[0].out), expected);
        result_free(result);
    }
}

static void progress_can_be_seen(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    struct test_result test;
    submit(f, doze(), token);
    struct store_record record = wait_record(f, token, has_events);
    assert_int_equal(record.status, STATUS_RUNNING);
    assert_int_equal(record.events[0].kind, STORE_EVENT_TEST);
    assert_int_equal(record.events[0].index, 0);
    assert_int_equal(test_result_load(record.events[0].data.data, record.events[0].data.len, &test, NULL), 0);
    assert_int_equal(test.verdict, VERDICT_ACCEPTED);
    test_result_release(&test);
    store_record_release(&record);
}

static void a_cancelled_submission_is_stopped(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1], next[TOKEN_LEN + 1];
    stop_worker(f, 0);
    store_close(f->store);
    open_store(f);
    start_worker(f, 300); /* looks at its leases often */
    submit(f, doze(), token);
    struct store_record record = wait_record(f, token, has_events);
    store_record_release(&record);
    assert_int_equal(store_cancel(f->store, token), 0);
    submit(f, echo(1), next); /* both slots were asleep for 50 s */
    int64_t start = clock_monotonic_ns();
    result_free(wait_result(f, next, STATUS_COMPLETED));
    assert_true(clock_monotonic_ns() - start < 40 * NS_PER_S);
    record = wait_record(f, token, is_final);
    assert_int_equal(record.status, STATUS_CANCELLED);
    store_record_release(&record);
}

static void a_lost_lease_stops_the_work(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    stop_worker(f, 0);
    store_close(f->store);
    open_store(f);
    start_worker(f, 300);
    submit(f, doze(), token);
    for (int attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
        struct store_record record = wait_record(f, token, is_running);
        assert_int_equal(record.attempts, attempt);
        store_record_release(&record);
        assert_int_equal(store_sweep(f->store, clock_realtime_ms() + 10 * LEASE_MS),
                         0); /* as if it had been silent for long */
    }
    struct store_record record = wait_record(f, token, is_final);
    assert_int_equal(record.status, STATUS_FAILED);
    assert_non_null(record.message);
    store_record_release(&record);
    wait_no_jobs();
}

static void stopping_hands_back_and_another_worker_takes_over(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    /* Ends well only in the second life: the first cannot get past its sleep. */
    struct submission *sub = submission_of("bash", "read n; sleep 3; echo $n\n");
    submission_case(sub, "7\n", "7");
    submit(f, sub, token);
    struct store_record record = wait_record(f, token, is_running);
    store_record_release(&record);
    stop_worker(f, 0);
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_int_equal(record.status, STATUS_QUEUED);
    assert_int_equal(record.attempts, 0);
    store_record_release(&record);
    assert_int_equal(executor_running_jobs(engine.executor), 0);
    store_close(f->store);
    open_store(f);
    start_worker(f, LEASE_MS);
    struct result *result = wait_result(f, token, STATUS_COMPLETED);
    assert_int_equal(result->verdict, VERDICT_ACCEPTED);
    result_free(result);
}

static void stopping_lets_short_work_end(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    struct submission *sub = submission_of("bash", "read n; sleep 0.3; echo $n\n");
    submission_case(sub, "7\n", "7");
    submit(f, sub, token);
    struct store_record record = wait_record(f, token, is_running);
    store_record_release(&record);
    stop_worker(f, ENGINE_PATIENCE_S * 1000);
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_int_equal(record.status, STATUS_COMPLETED);
    store_record_release(&record);
}

static void bad_requests_end_failed(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    token_new(token);
    submit_bytes(f, token, STR("not a request"));
    struct result *result = wait_result(f, token, STATUS_FAILED);
    assert_non_null(result->message);
    result_free(result);
    struct submission *sub = submission_of("cobol-85", "x");
    submission_case(sub, "", NULL);
    submit(f, sub, token);
    result = wait_result(f, token, STATUS_FAILED);
    assert_non_null(strstr(result->message, "cobol-85"));
    result_free(result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    engine_open(&engine, argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(a_submission_becomes_a_result), TEST(many_submissions_all_end),
        TEST(progress_can_be_seen),          TEST(a_cancelled_submission_is_stopped),
        TEST(a_lost_lease_stops_the_work),   TEST(stopping_hands_back_and_another_worker_takes_over),
        TEST(stopping_lets_short_work_end),  TEST(bad_requests_end_failed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    engine_close(&engine);
    return failed;
}
