/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_loop.c: the worker's loop by itself, between a store and an executor that do what the test says: stores that are away,
 * claims that are lost at every moment, hand-backs, requests that cannot be read. No root, no boxes.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/notes.h"
#include "worker/worker.h"

enum { JOBS_MAX = 64, PATIENCE_S = 20 };

struct job {
    struct job_callbacks callbacks;
    void *context;
    size_t test_count;
    bool cancelled, ended;
};

/* The world around the loop; everything under one lock. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* the store's part */
    struct buf requests[JOBS_MAX];
    unsigned submitted, claimed;
    int claim_code; /* answer of store_claim instead of work; 0: work */
    int renew_code, progress_code, complete_code, release_code;
    unsigned complete_failures; /* so many completions are answered -EIO first */
    unsigned renews, progresses, completes, releases, claim_failures;
    bool interrupted;
    struct result *completed[JOBS_MAX]; /* by the claim's number */
    enum status completed_status[JOBS_MAX];
    /* the executor's part */
    struct job *jobs[JOBS_MAX];
    unsigned started;
    bool busy, can_share;
    int64_t oldest_ms; /* what store_depth says; -1: the store is away */
    unsigned depths;   /* asked for */
} world;

static struct {
    unsigned looks;        /* into crashes */
    int codes[4];          /* what they answer, one after the other; with 0 there is a hint */
    unsigned notes, lasts; /* annotations; how many of them released the webhook */
    struct notes latest;
    int64_t hold_ms; /* of the last completion */
} later;

static void await(bool (*condition)(void))
{
    struct timespec end;
    int r = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&world.lock);
    while (!condition() && r == 0)
        r = pthread_cond_timedwait(&world.changed, &world.lock, &end);
    pthread_mutex_unlock(&world.lock);
    if (r != 0)
        fail_msg("nothing happened for %d seconds", PATIENCE_S);
}

static int answer(int code, unsigned *count)
{
    pthread_mutex_lock(&world.lock);
    ++*count;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    return code;
}

static int code_of(const int *code)
{
    pthread_mutex_lock(&world.lock);
    int value = *code;
    pthread_mutex_unlock(&world.lock);
    return value;
}

static void set_code(int *code, int value)
{
    pthread_mutex_lock(&world.lock);
    *code = value;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
}

/* ---- the store ---- */

int store_claim(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret)
{
    (void)store;
    assert_string_equal(worker, "tester");
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += timeout_ms / 1000;
    int r = 0;
    pthread_mutex_lock(&world.lock);
    while (!world.interrupted && world.claim_code == 0 && world.claimed == world.submitted && r == 0)
        r = pthread_cond_timedwait(&world.changed, &world.lock, &end);
    if (world.interrupted) {
        r = -ECANCELED;
    } else if (world.claim_code) {
        world.claim_failures++;
        r = world.claim_code;
    } else if (world.claimed < world.submitted) {
        *ret = (struct store_claim){.fence = world.claimed + 1, .attempt = 1, .created_ms = 1000};
        snprintf(ret->token, sizeof(ret->token), "token%017u", world.claimed);
        buf_set(&ret->request, world.requests[world.claimed].data, world.requests[world.claimed].len);
        world.claimed++;
        r = 0;
    } else {
        r = -EAGAIN;
    }
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    return r;
}

void store_interrupt(struct store *store)
{
    (void)store;
    pthread_mutex_lock(&world.lock);
    world.interrupted = true;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
}

/* Every verb must name a claim that was handed out, with its fence. */
static unsigned number_of(const char *token, uint64_t fence)
{
    unsigned number = (unsigned)strtoul(token + 5, NULL, 10);
    if (fence != number + 1)
        abort();
    return number;
}

int store_renew(struct store *store, const char *token, uint64_t fence)
{
    (void)store;
    number_of(token, fence);
    return answer(code_of(&world.renew_code), &world.renews);
}

int store_progress(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind, unsigned index,
                   struct str data)
{
    (void)store;
    number_of(token, fence);
    struct test_result test = {0};
    struct compile_result compile = {0};
    if (kind == STORE_EVENT_TEST &&
        (test_result_load(data.data, data.len, &test, NULL) < 0 || test.exit_code != (int)index))
        abort();
    if (kind == STORE_EVENT_COMPILE &&
        (compile_result_load(data.data, data.len, &compile, NULL) < 0 || compile.exit_code != 77))
        abort();
    test_result_release(&test);
    compile_result_release(&compile);
    return answer(code_of(&world.progress_code), &world.progresses);
}

int store_complete(struct store *store, const char *token, uint64_t fence, enum status status, struct str data,
                   int64_t hold_ms)
{
    (void)store;
    unsigned number = number_of(token, fence);
    pthread_mutex_lock(&world.lock);
    later.hold_ms = hold_ms;
    int r = world.complete_code;
    if (r == 0 && world.complete_failures > 0) {
        world.complete_failures--;
        r = -EIO;
    }
    if (r == 0) {
        if (world.completed[number] || result_load(data.data, data.len, &world.completed[number], NULL) < 0)
            abort();
        world.completed_status[number] = status;
    }
    pthread_mutex_unlock(&world.lock);
    return answer(r, &world.completes);
}

int store_release(struct store *store, const char *token, uint64_t fence)
{
    (void)store;
    number_of(token, fence);
    return answer(code_of(&world.release_code), &world.releases);
}

/* ---- the executor ---- */

struct job *executor_start(struct executor *executor, struct submission *sub, struct job_owner owner,
                           const struct job_callbacks *callbacks, void *context)
{
    (void)executor, (void)owner;
    struct job *job = xcalloc(1, sizeof(*job));
    *job = (struct job){.callbacks = *callbacks, .context = context, .test_count = sub->test_count};
    if (sub->created_ms != 1000)
        abort();
    submission_free(sub);
    pthread_mutex_lock(&world.lock);
    world.jobs[world.started++] = job;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    return job;
}

static void *end_cancelled(void *argument)
{
    struct job *job = argument;
    struct result *result = result_new(job->test_count);
    result->status = STATUS_CANCELLED;
    job->callbacks.finished(job->context, result);
    return NULL;
}

/* Like the real one: returns at once, finished comes from another thread. */
void executor_cancel(struct executor *executor, struct job *job)
{
    (void)executor;
    pthread_t thread;
    pthread_mutex_lock(&world.lock);
    bool first = !job->cancelled && !job->ended;
    job->cancelled = job->ended = true;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    if (!first)
        return;
    if (pthread_create(&thread, NULL, end_cancelled, job) != 0)
        abort();
    pthread_detach(thread);
}

bool executor_wait_idle(struct executor *executor, int timeout_ms)
{
    (void)executor;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += timeout_ms * NS_PER_MS;
    end.tv_sec += end.tv_nsec / NS_PER_S;
    end.tv_nsec %= NS_PER_S;
    int r = 0;
    pthread_mutex_lock(&world.lock);
    while (world.busy && !world.interrupted && r == 0)
        r = pthread_cond_timedwait(&world.changed, &world.lock, &end);
    bool idle = !world.busy;
    pthread_mutex_unlock(&world.lock);
    return idle;
}

bool executor_can_share(struct executor *executor)
{
    (void)executor;
    pthread_mutex_lock(&world.lock);
    bool can = world.can_share;
    pthread_mutex_unlock(&world.lock);
    return can;
}

int store_depth(struct store *store, struct store_depth *ret)
{
    (void)store;
    pthread_mutex_lock(&world.lock);
    int64_t oldest_ms = world.oldest_ms;
    *ret = (struct store_depth){.waiting = world.submitted - world.claimed, .oldest_ms = oldest_ms};
    pthread_mutex_unlock(&world.lock);
    return answer(oldest_ms < 0 ? -EIO : 0, &world.depths);
}

/* ---- what comes afterwards ---- */

int store_annotate(struct store *store, const char *token, struct str data, bool last)
{
    (void)store, (void)token;
    pthread_mutex_lock(&world.lock);
    notes_release(&later.latest);
    if (notes_load(data.data, data.len, &later.latest) < 0)
        abort();
    later.lasts += last;
    pthread_mutex_unlock(&world.lock);
    return answer(0, &later.notes);
}

int store_get(struct store *store, const char *token, struct store_record *ret)
{
    (void)store;
    unsigned number = (unsigned)strtoul(token + 5, NULL, 10);
    *ret = (struct store_record){.status = STATUS_COMPLETED};
    pthread_mutex_lock(&world.lock);
    buf_append(&ret->request, world.requests[number].data, world.requests[number].len);
    result_store(world.completed[number], &ret->result);
    pthread_mutex_unlock(&world.lock);
    return 0;
}

void store_record_release(struct store_record *record)
{
    buf_release(&record->request);
    buf_release(&record->result);
}

int executor_crash_key(struct executor *executor, const struct submission *sub, size_t index,
                       char out[SHA256_HEX_LEN + 1])
{
    (void)executor;
    struct sha256 *hash = sha256_new();
    sha256_update_field(hash, sub->code.data, sub->code.len);
    sha256_update_field(hash, &index, sizeof index);
    sha256_finish_hex(hash, out);
    return 0;
}

int executor_look_into(struct executor *executor, const struct submission *sub, size_t index,
                       const struct test_result *was, int timeout_ms, struct hint_list *ret)
{
    (void)executor, (void)sub, (void)index;
    struct hint hint = {.text = xstrdup("Line 3: index 10"), .rule = xstrdup("c.index"), .source = HINT_FROM_SANITIZER};
    if (was->signal != 11 || timeout_ms <= 0)
        abort();
    pthread_mutex_lock(&world.lock);
    int r = later.codes[MIN(later.looks, ARRAY_LEN(later.codes) - 1)];
    pthread_mutex_unlock(&world.lock);
    hint_list_add(ret, &hint); /* what is half found when it fails must not be used */
    return answer(r, &later.looks);
}

void executor_look_away(struct executor *executor)
{
    (void)executor;
}

/* ---- what tests do ---- */

static void submit(size_t tests)
{
    struct submission *sub = submission_new();
    struct buf request = BUF_INIT;
    sub->language = xstrdup("c");
    sub->test_count = tests;
    sub->tests = xcalloc(tests, sizeof(*sub->tests));
    sub->limits = limits_default();
    for (size_t i = 0; i < tests; i++)
        sub->tests[i].limits = sub->limits;
    submission_store(sub, &request);
    submission_free(sub);
    pthread_mutex_lock(&world.lock);
    world.requests[world.submitted++] = request;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
}

static void report_test(struct job *job, unsigned index)
{
    struct test_result test = {.done = true, .exit_code = (int)index};
    job->callbacks.tested(job->context, index, &test);
}

/* The job comes to its end, unless it has been cancelled. */
static void end(struct job *job)
{
    pthread_mutex_lock(&world.lock);
    bool mine = !job->ended;
    job->ended = true;
    pthread_mutex_unlock(&world.lock);
    if (!mine)
        return;
    struct result *result = result_new(job->test_count);
    for (size_t i = 0; i < job->test_count; i++)
        result->tests[i] = (struct test_result){.done = true, .exit_code = (int)i};
    result_conclude(result);
    job->callbacks.finished(job->context, result);
}

static bool one_started(void)
{
    return world.started >= 1;
}
static bool two_started(void)
{
    return world.started >= 2;
}
static bool one_cancelled(void)
{
    return world.jobs[0] && world.jobs[0]->cancelled;
}
static bool one_completed(void)
{
    return world.completed[0] != NULL;
}
static bool two_completed(void)
{
    return world.completed[0] && world.completed[1];
}
static bool four_claim_failures(void)
{
    return world.claim_failures >= 4;
}
static bool ten_renews(void)
{
    return world.renews >= 10;
}
static bool three_completes(void)
{
    return world.completes >= 3;
}

static struct worker *start(int64_t lease_ms)
{
    struct worker *worker = NULL;
    struct error err = ERROR_INIT;
    const struct worker_config config = {.name = "tester", .lease_ms = lease_ms};
    if (worker_start(&config, &worker, &err) < 0)
        fail_msg("%s", err.message);
    return worker;
}

static int set_up(void **state)
{
    memset(&world, 0, sizeof(world));
    pthread_mutex_init(&world.lock, NULL);
    pthread_cond_init(&world.changed, NULL);
    *state = start(60000);
    return 0;
}

static void clean(void)
{
    for (unsigned i = 0; i < JOBS_MAX; i++) {
        buf_release(&world.requests[i]);
        result_free(world.completed[i]);
        free(world.jobs[i]);
    }
    pthread_cond_destroy(&world.changed);
    pthread_mutex_destroy(&world.lock);
}

/* ---- the tests; each stops its worker ---- */

static void a_claim_becomes_a_result(void **state)
{
    submit(3);
    await(one_started);
    struct compile_result compile = {.state = COMPILE_OK, .exit_code = 77};
    world.jobs[0]->callbacks.compiled(world.jobs[0]->context, &compile);
    for (unsigned i = 0; i < 3; i++)
        report_test(world.jobs[0], i);
    end(world.jobs[0]);
    await(one_completed);
    worker_stop(*state, 10000);
    assert_int_equal(world.progresses, 4);
    assert_int_equal(world.completes, 1);
    assert_int_equal(world.releases, 0);
    assert_int_equal(world.completed_status[0], STATUS_COMPLETED);
    assert_int_equal(world.completed[0]->test_count, 3);
    assert_true(world.interrupted);
    clean();
}

static void nothing_is_claimed_without_an_idle_slot(void **state)
{
    pthread_mutex_lock(&world.lock);
    world.busy = true;
    pthread_mutex_unlock(&world.lock);
    /* The loop may have been past its look at the slots: what it claims then is the last. */
    submit(1);
    submit(1);
    submit(1);
    worker_stop(*state, 0);
    assert_true(world.claimed <= 1);
    assert_int_equal(world.releases, world.claimed);
    clean();
}

static bool depth_was_asked_for(void)
{
    return world.depths >= 3;
}

static bool one_was_started(void)
{
    return world.started == 1;
}

/* Large submissions have all slots: a small one is taken on beside them, but only when no idle slot anywhere took it in time. */
static void busy_slots_are_shared_with_what_has_waited(void **state)
{
    pthread_mutex_lock(&world.lock);
    world.busy = world.can_share = true;
    world.oldest_ms = -1;
    pthread_mutex_unlock(&world.lock);
    await(
        depth_was_asked_for); /* from here on the loop is past its first look at the slots; a store that is away is no reason */
    submit(1);
    pthread_mutex_lock(&world.lock);
    world.depths = 0;
    world.oldest_ms = 20;
    pthread_mutex_unlock(&world.lock);
    await(depth_was_asked_for);
    pthread_mutex_lock(&world.lock);
    assert_int_equal(world.claimed, 0);
    world.oldest_ms = 2000;
    pthread_mutex_unlock(&world.lock);
    await(one_was_started);
    worker_stop(*state, 0);
    assert_int_equal(world.releases, 1);
    clean();
}

static void a_finished_result_waits_for_a_store_that_is_away(void **state)
{
    pthread_mutex_lock(&world.lock);
    world.complete_failures = 3;
    pthread_mutex_unlock(&world.lock);
    submit(1);
    await(one_started);
    end(world.jobs[0]);
    await(one_completed);
    worker_stop(*state, 10000);
    assert_int_equal(world.completes, 4);
    clean();
}

static void one_result_that_waits_holds_up_no_other(void **state)
{
    submit(1);
    submit(1);
    await(one_started);
    pthread_mutex_lock(&world.lock);
    world.complete_failures = 3;
    while (world.started < 2)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
    end(world.jobs[0]);
    end(world.jobs[1]);
    await(two_completed);
    worker_stop(*state, 10000);
    assert_int_equal(world.completes, 5);
    clean();
}

static void stopping_does_not_wait_longer_than_the_grace_for_a_store(void **state)
{
    set_code(&world.complete_code, -EIO);
    submit(1);
    await(one_started);
    end(world.jobs[0]);
    await(three_completes);
    int64_t before = clock_monotonic_ns();
    worker_stop(*state, 100);
    assert_true(clock_monotonic_ns() - before < PATIENCE_S * NS_PER_S);
    assert_null(world.completed[0]);
    clean();
}

static void a_store_that_is_away_is_asked_again_for_work(void **state)
{
    set_code(&world.claim_code, -EIO);
    await(four_claim_failures);
    submit(1);
    set_code(&world.claim_code, 0);
    await(one_started);
    end(world.jobs[0]);
    await(one_completed);
    worker_stop(*state, 10000);
    clean();
}

static void leases_are_renewed_until_the_store_has_the_result(void **state)
{
    worker_stop(*state, 0);
    clean();
    set_up(state);
    worker_stop(*state, 0);
    world.interrupted = false;
    struct worker *worker = start(30);
    submit(1);
    await(one_started);
    await(ten_renews);
    set_code(&world.complete_code, -EIO);
    end(world.jobs[0]);
    await(three_completes);
    pthread_mutex_lock(&world.lock);
    world.renews = 0;
    pthread_mutex_unlock(&world.lock);
    await(ten_renews);
    set_code(&world.complete_code, 0);
    await(one_completed);
    worker_stop(worker, 10000);
    clean();
}

/* ---- losing a claim ---- */

static void a_claim_lost_at(struct worker *stopped, int code, int where)
{
    worker_stop(stopped, 0);
    world.interrupted = false;
    struct worker *worker = start(30);
    submit(2);
    await(one_started);
    if (where == 0) { /* the renewer hears of it */
        set_code(&world.renew_code, code);
    } else if (where == 1) { /* progress does */
        set_code(&world.progress_code, code);
        report_test(world.jobs[0], 0);
    } else { /* completion does */
        set_code(&world.complete_code, code);
        end(world.jobs[0]);
    }
    if (where < 2)
        await(one_cancelled);
    worker_stop(worker, 10000);
    assert_null(world.completed[0]);
    assert_int_equal(world.releases, 0);
    assert_int_equal(world.completes, where == 2 ? 1 : 0);
    clean();
}

static void a_lost_claim_is_stopped_and_forgotten(void **state)
{
    static const int codes[] = {-ESTALE, -ECANCELED, -ENOENT};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        for (int where = 0; where < 3; where++) {
            if (i || where)
                set_up(state);
            a_claim_lost_at(*state, codes[i], where);
        }
}

static void other_failures_do_not_lose_a_claim(void **state)
{
    set_code(&world.progress_code, -EIO);
    set_code(&world.renew_code, -EIO);
    submit(2);
    await(one_started);
    report_test(world.jobs[0], 0);
    end(world.jobs[0]);
    await(one_completed);
    worker_stop(*state, 10000);
    clean();
}

/* ---- stopping ---- */

static void stopping_hands_back_what_runs(void **state)
{
    submit(1);
    submit(1);
    await(one_started);
    pthread_mutex_lock(&world.lock);
    while (world.started < 2)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
    worker_stop(*state, 50);
    assert_int_equal(world.releases, 2);
    assert_int_equal(world.completes, 0);
    clean();
}

static void *end_soon(void *argument)
{
    end(argument);
    return NULL;
}

static void stopping_waits_for_what_ends_in_time(void **state)
{
    pthread_t thread;
    submit(1);
    await(one_started);
    assert_int_equal(pthread_create(&thread, NULL, end_soon, world.jobs[0]), 0);
    worker_stop(*state, PATIENCE_S * 1000);
    pthread_join(thread, NULL);
    assert_int_equal(world.releases, 0);
    assert_non_null(world.completed[0]);
    clean();
}

static void a_job_the_executor_gave_up_is_handed_back(void **state)
{
    submit(1);
    await(one_started);
    executor_cancel(NULL, world.jobs[0]);
    worker_stop(*state, 10000);
    assert_int_equal(world.releases, 1);
    assert_int_equal(world.completes, 0);
    clean();
}

/* ---- bad requests ---- */

static void a_request_that_cannot_be_read_ends_failed(void **state)
{
    pthread_mutex_lock(&world.lock);
    buf_append(&world.requests[0], "\x07rubbish\0", 9);
    world.submitted = 1;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    await(one_completed);
    worker_stop(*state, 10000);
    assert_int_equal(world.completed_status[0], STATUS_FAILED);
    assert_non_null(strstr(world.completed[0]->message, "cannot be read"));
    assert_int_equal(world.started, 0);
    clean();
}

static bool one_was_released(void)
{
    return world.releases == 1;
}

/* While a new version is rolled out, old workers leave what only the new ones can read. */
static void a_request_of_a_newer_evalx_is_left_to_it(void **state)
{
    pthread_mutex_lock(&world.lock);
    buf_append_str(&world.requests[0], "{\"v\": 99, \"of\": \"another time\"}");
    world.submitted = 1;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    await(one_was_released);
    worker_stop(*state, 10000);
    assert_int_equal(world.completes, 0);
    assert_int_equal(world.started, 0);
    clean();
}

/* ---- crashes ---- */

static int64_t hold(void)
{
    pthread_mutex_lock(&world.lock);
    int64_t hold_ms = later.hold_ms;
    pthread_mutex_unlock(&world.lock);
    return hold_ms;
}

static bool one_noted(void)
{
    return later.notes >= 1;
}
static bool two_noted(void)
{
    return later.notes >= 2;
}

/* Two test cases: the second one dies; what the rules guess of it is guess. */
static void end_crashed(struct job *job)
{
    struct result *result = result_new(job->test_count);
    struct hint guess = {.text = xstrdup("Segmentation fault"), .rule = xstrdup("c.segv")};
    struct hint other = {.text = xstrdup("Off by one"), .rule = xstrdup("common.off-by-one")};
    job->ended = true;
    result->tests[0] = (struct test_result){.done = true, .verdict = VERDICT_WRONG_ANSWER, .exit_code = 0};
    result->tests[1] =
        (struct test_result){.done = true, .verdict = VERDICT_RUNTIME_ERROR, .exit_code = -1, .signal = 11};
    result->language = xstrdup("c");
    hint_list_copy(&result->tests[0].hints, &other);
    hint_list_copy(&result->tests[1].hints, &guess);
    hint_list_add(&result->hints, &guess);
    hint_list_add(&result->hints, &other);
    result_conclude(result);
    result->crashed = 1;
    result->explained = true;
    job->callbacks.finished(job->context, result);
}

static int set_up_later(void **state)
{
    notes_release(&later.latest);
    memset(&later, 0, sizeof(later));
    return set_up(state);
}

static void a_crash_is_explained_after_its_result(void **state)
{
    later.codes[0] = -ECANCELED; /* a slot was wanted back: again */
    submit(2);
    await(one_started);
    end_crashed(world.jobs[0]);
    await(one_noted);
    worker_stop(*state, 10000);
    assert_true(world.completed[0]->hints_follow);
    assert_int_equal(later.looks, 2);
    assert_int_equal(later.lasts, 1);
    assert_true(later.latest.last && later.latest.changed);
    assert_int_equal(later.latest.test, 1);
    assert_int_equal(later.latest.test_hints.count, 1);
    assert_int_equal(later.latest.hints.count, 2);
    assert_string_equal(later.latest.hints.items[0].text, "Line 3: index 10"); /* found at the second look */
    assert_int_equal(later.latest.hints.items[0].source, HINT_FROM_SANITIZER);
    assert_string_equal(later.latest.hints.items[1].text, "Off by one"); /* the guess about the crash is gone */
    clean();
}

static void the_same_crash_is_looked_into_once(void **state)
{
    submit(2);
    submit(2);
    await(one_started);
    end_crashed(world.jobs[0]);
    await(one_noted);
    await(two_started);
    end_crashed(world.jobs[1]);
    await(two_noted);
    worker_stop(*state, 10000);
    assert_int_equal(later.looks, 1);
    assert_int_equal(later.lasts, 2);
    assert_string_equal(later.latest.hints.items[0].text, "Line 3: index 10");
    clean();
}

static void nothing_found_is_told_as_well(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(later.codes); i++)
        later.codes[i] = -EIO;
    submit(2);
    await(one_started);
    end_crashed(world.jobs[0]);
    await(one_noted);
    worker_stop(*state, 10000);
    assert_int_equal(later.looks, 1);
    assert_int_equal(later.lasts, 1);
    assert_true(later.latest.last);
    assert_false(later.latest.changed);
    assert_int_equal(later.latest.hints.count, 0);
    clean();
}

static void a_worker_that_stops_drops_it_and_says_so(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(later.codes); i++)
        later.codes[i] = -ECANCELED;
    submit(2);
    await(one_started);
    end_crashed(world.jobs[0]);
    await(one_completed);
    worker_stop(*state, 10000);
    assert_int_equal(later.lasts, 1);
    assert_true(later.latest.last);
    assert_false(later.latest.changed);
    clean();
}

/* -1: 2 s, but nothing while something waits. */
static void a_webhook_waits_unless_there_is_other_work(void **state)
{
    struct worker *worker = NULL;
    const struct worker_config config = {.name = "tester", .lease_ms = 60000, .crash_wait_ms = -1};
    worker_stop(*state, 0);
    world.interrupted = false;
    assert_int_equal(worker_start(&config, &worker, NULL), 0);
    submit(2);
    await(one_started);
    end_crashed(world.jobs[0]);
    await(one_noted);
    assert_int_equal(hold(), 2000);
    submit(2);
    await(two_started);
    pthread_mutex_lock(&world.lock);
    world.busy = true;
    world.requests[world.submitted++] = (struct buf)BUF_INIT; /* waits for a slot */
    pthread_mutex_unlock(&world.lock);
    end_crashed(world.jobs[1]);
    await(two_noted);
    if (world.claimed == 2) /* the loop may have been past its look at the slots */
        assert_int_equal(hold(), 0);
    worker_stop(worker, 0);
    clean();
}

/* ---- the adviser ---- */

static int advise(void *context, const struct submission *sub, const struct result *result, struct hint *ret)
{
    (void)sub;
    unsigned *asked = context;
    ++*asked;
    if (result->hints.count == 0 || strcmp(result->hints.items[0].text, "Line 3: index 10") != 0)
        return -EINVAL; /* it is told what has been found out */
    *ret = (struct hint){.text = xstrdup("Look at the loop"), .rule = xstrdup("model"), .source = HINT_FROM_MODEL};
    return 0;
}

static void advice_comes_after_the_crash(void **state)
{
    struct worker *worker = NULL;
    unsigned asked = 0;
    const struct worker_config config = {
        .name = "tester", .lease_ms = 60000, .adviser = {.ask = advise, .context = &asked, .wait_ms = 700}};
    worker_stop(*state, 0);
    world.interrupted = false;
    assert_int_equal(worker_start(&config, &worker, NULL), 0);
    submit(2);
    await(one_started);
    struct job *job = world.jobs[0];
    end_crashed(job);
    await(two_noted);
    worker_stop(worker, 10000);
    assert_int_equal(asked, 1);
    assert_int_equal(later.latest.hints.count, 3);
    assert_string_equal(later.latest.hints.items[2].text, "Look at the loop");
    assert_true(later.latest.last);
    assert_int_equal(later.hold_ms, 700);
    assert_int_equal(later.lasts, 1); /* the webhook waited for both */
    clean();
}

#define TEST(name)  cmocka_unit_test_setup(name, set_up)
#define LATER(name) cmocka_unit_test_setup(name, set_up_later)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_claim_becomes_a_result),
        TEST(nothing_is_claimed_without_an_idle_slot),
        TEST(busy_slots_are_shared_with_what_has_waited),
        TEST(a_finished_result_waits_for_a_store_that_is_away),
        TEST(one_result_that_waits_holds_up_no_other),
        TEST(stopping_does_not_wait_longer_than_the_grace_for_a_store),
        TEST(a_store_that_is_away_is_asked_again_for_work),
        TEST(leases_are_renewed_until_the_store_has_the_result),
        TEST(a_lost_claim_is_stopped_and_forgotten),
        TEST(other_failures_do_not_lose_a_claim),
        TEST(stopping_hands_back_what_runs),
        TEST(stopping_waits_for_what_ends_in_time),
        TEST(a_job_the_executor_gave_up_is_handed_back),
        TEST(a_request_that_cannot_be_read_ends_failed),
        TEST(a_request_of_a_newer_evalx_is_left_to_it),
        LATER(a_crash_is_explained_after_its_result),
        LATER(the_same_crash_is_looked_into_once),
        LATER(nothing_found_is_told_as_well),
        LATER(a_worker_that_stops_drops_it_and_says_so),
        LATER(a_webhook_waits_unless_there_is_other_work),
        LATER(advice_comes_after_the_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
