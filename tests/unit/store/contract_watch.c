/* SPDX-License-Identifier: Apache-2.0 */
/* contract_watch.c: what store.h promises of depth, limits, progress, watchers, and closing and opening again. */
#include "contract.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"

/* --- depth, full queue, events, watchers ---------------------------------------------------------------------------- */

static void depth_counts(struct fixture *f)
{
    struct store_depth depth;
    assert_int_equal(store_depth(f->store, &depth), 0);
    assert_int_equal(depth.oldest_ms, 0);
    struct store_submission old = submission_of("old");
    old.created_ms -= 60000;
    old.priority = -5;
    assert_int_equal(submit_wait(f->store, &old).code, 0);
    put(f->store, "new", NULL);
    assert_int_equal(store_depth(f->store, &depth), 0);
    assert_int_equal(depth.waiting, 2);
    assert_int_equal(depth.running, 0);
    assert_in_range(depth.oldest_ms, 60000, 60000 + WAIT_MS);
    fixture_reopen(f, NULL);
    assert_depth(f->store, 2, 0);
    take_expect(f->store, "new", 1, NULL);
    take_expect(f->store, "old", 1, NULL);
    assert_int_equal(store_depth(f->store, &depth), 0);
    assert_int_equal(depth.waiting, 0);
    assert_int_equal(depth.running, 2);
    assert_int_equal(depth.oldest_ms, 0);
    assert_int_equal(store_ping(f->store), 0);
}

static void a_full_queue_refuses(struct fixture *f)
{
    struct store_config small = f->config;
    small.max_depth = 3;
    fixture_reopen(f, &small);
    for (int i = 0; i < 3; i++)
        put(f->store, "x", NULL);
    struct store_submission submission = submission_of("one too many");
    assert_int_equal(submit_wait(f->store, &submission).code, -EAGAIN);
    struct store_record record;
    assert_int_equal(store_get(f->store, submission.token, &record), -ENOENT);
    take_expect(f->store, "x", 1, NULL); /* what runs does not wait */
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    assert_int_equal(store_cancel(f->store, submission.token), 0);
    put(f->store, "x", NULL);
    assert_depth(f->store, 3, 1);
}

static void events_come_in_order(struct fixture *f)
{
    put(f->store, "x", NULL);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_progress(f->store, claim.token, claim.fence, STORE_EVENT_COMPILE, 0, STR("compiled")), 0);
    char text[16];
    for (unsigned i = 0; i < 50; i++) {
        snprintf(text, sizeof(text), "test %u", 49 - i);
        assert_int_equal(store_progress(f->store, claim.token, claim.fence, STORE_EVENT_TEST, 49 - i, str_of(text)), 0);
    }
    struct store_record record;
    assert_int_equal(store_get(f->store, claim.token, &record), 0);
    assert_int_equal(record.event_count, 51);
    assert_int_equal(record.events[0].kind, STORE_EVENT_COMPILE);
    assert_string_equal(buf_str(&record.events[0].data), "compiled");
    for (unsigned i = 0; i < 50; i++) {
        snprintf(text, sizeof(text), "test %u", 49 - i);
        assert_int_equal(record.events[i + 1].kind, STORE_EVENT_TEST);
        assert_int_equal(record.events[i + 1].index, 49 - i);
        assert_string_equal(buf_str(&record.events[i + 1].data), text);
    }
    store_record_release(&record);
    finish(f->store, &claim, "result");
    assert_int_equal(store_get(f->store, claim.token, &record), 0);
    assert_int_equal(record.event_count, 0);
    store_record_release(&record);
}

static void status_alone_at_each_step(struct fixture *f)
{
    enum status status = STATUS_COUNT;
    struct store_submission never = submission_of("never handed in");
    assert_int_equal(store_status(f->store, never.token, &status), -ENOENT);
    assert_int_equal(status, STATUS_COUNT);
    char token[TOKEN_LEN + 1], lost[TOKEN_LEN + 1];
    struct store_claim claim;
    put(f->store, "x", token);
    assert_status(f->store, token, STATUS_QUEUED);
    take_expect(f->store, "x", 1, &claim);
    assert_status(f->store, token, STATUS_RUNNING);
    assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, 0, STR("step")), 0);
    assert_status(f->store, token, STATUS_RUNNING);
    assert_int_equal(store_release(f->store, token, claim.fence), 0);
    assert_status(f->store, token, STATUS_QUEUED);
    take_expect(f->store, "x", 1, &claim);
    finish(f->store, &claim, "result");
    assert_status(f->store, token, STATUS_COMPLETED);
    assert_int_equal(store_forget(f->store, token), 0);
    assert_int_equal(store_status(f->store, token, &status), -ENOENT);
    put(f->store, "y", lost);
    for (int attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
        take_expect(f->store, "y", attempt, NULL);
        store_sweep(f->store, later(LEASE_MS + 1));
    }
    assert_status(f->store, lost, STATUS_FAILED);
}

static void count_change(void *context, const char *token)
{
    (void)token;
    counter_add(context, 1);
}

static void watchers_hear_each_change(struct fixture *f)
{
    char token[TOKEN_LEN + 1], other[TOKEN_LEN + 1];
    put(f->store, "x", token);
    put(f->store, "y", other);
    struct counter mine = COUNTER_INIT, mine_too = COUNTER_INIT, others = COUNTER_INIT;
    struct store_watch *watch = store_watch(f->store, token, count_change, &mine);
    struct store_watch *second = store_watch(f->store, token, count_change, &mine_too);
    struct store_watch *beside = store_watch(f->store, other, count_change, &others);
    struct store_claim claim;
    long heard = 0;
    take_expect(f->store, "x", 1, &claim);
    assert_true(counter_await(&mine, heard + 1)); /* claimed */
    heard = counter_get(&mine);
    store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, 0, STR("x"));
    assert_true(counter_await(&mine, heard + 1)); /* progress */
    heard = counter_get(&mine);
    store_release(f->store, token, claim.fence);
    assert_true(counter_await(&mine, heard + 1)); /* queued again */
    take_expect(f->store, "x", 1, &claim);
    heard = counter_get(&mine);
    finish(f->store, &claim, "result");
    assert_true(counter_await(&mine, heard + 1)); /* final */
    heard = counter_get(&mine);
    store_forget(f->store, token);
    assert_true(counter_await(&mine, heard + 1)); /* forgotten */
    assert_true(counter_await(&mine_too, heard + 1));
    assert_int_equal(counter_get(&others), 0);
    store_unwatch(f->store, second);
    store_unwatch(f->store, watch);
    assert_int_equal(store_cancel(f->store, other), 0);
    assert_true(counter_await(&others, 1)); /* cancelled */
    store_unwatch(f->store, beside);
}

static void watchers_hear_the_sweep(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "x", token);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    struct counter heard = COUNTER_INIT;
    struct store_watch *watch = store_watch(f->store, token, count_change, &heard);
    store_sweep(f->store, later(LEASE_MS + 1));
    assert_true(counter_await(&heard, 1)); /* lapsed */
    assert_int_equal(store_cancel(f->store, token), 0);
    long before = counter_get(&heard);
    store_sweep(f->store, later(RETENTION_MS + 1));
    assert_true(counter_await(&heard, before + 1)); /* forgotten */
    store_unwatch(f->store, watch);
}

struct teller {
    struct store *store;
    pthread_t thread;
    const struct store_claim *claim;
    struct counter *stop;
    int refused;
};

static void *tell_on(void *argument)
{
    struct teller *teller = argument;
    while (counter_get(teller->stop) == 0)
        teller->refused +=
            store_progress(teller->store, teller->claim->token, teller->claim->fence, STORE_EVENT_TEST, 0, STR("")) < 0;
    return NULL;
}

struct guarded {
    struct counter heard;
    bool watched; /* changed only before store_watch and after store_unwatch: a late call is a race and is seen */
    int late;
};

static void hear_guarded(void *context, const char *token)
{
    (void)token;
    struct guarded *guarded = context;
    if (!guarded->watched)
        guarded->late++;
    counter_add(&guarded->heard, 1);
}

static void unwatch_is_a_barrier(struct fixture *f)
{
    put(f->store, "x", NULL);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    struct counter stop = COUNTER_INIT;
    struct teller teller = {.store = f->store, .claim = &claim, .stop = &stop};
    assert_int_equal(pthread_create(&teller.thread, NULL, tell_on, &teller), 0);
    struct guarded guarded = {.heard = COUNTER_INIT};
    for (int round = 0; round < 200; round++) {
        guarded.watched = true;
        struct store_watch *watch = store_watch(f->store, claim.token, hear_guarded, &guarded);
        long before = counter_get(&guarded.heard);
        bool heard = counter_await(&guarded.heard, before + 1);
        store_unwatch(f->store, watch);
        guarded.watched = false;
        assert_true(heard);
    }
    counter_add(&stop, 1);
    pthread_join(teller.thread, NULL);
    assert_int_equal(guarded.late, 0);
    assert_int_equal(teller.refused, 0);
}

struct completing {
    struct store *store;
    int code;
};

static void *complete_one(void *argument)
{
    struct completing *completing = argument;
    struct store_claim claim;
    completing->code = store_claim(completing->store, "w", WAIT_MS, &claim);
    if (completing->code == 0) {
        buf_release(&claim.request);
        completing->code = store_complete(completing->store, claim.token, claim.fence, STATUS_COMPLETED, STR("r"), 0);
    }
    return NULL;
}

static void watch_then_get_misses_nothing(struct fixture *f)
{
    /* The race every waiting client runs: watch, look, and if it is not final, wait for a call and look again. */
    for (int round = 0; round < 200; round++) {
        struct completing completing = {.store = f->store};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, complete_one, &completing), 0);
        char token[TOKEN_LEN + 1];
        put(f->store, "x", token);
        struct counter heard = COUNTER_INIT;
        struct store_watch *watch = store_watch(f->store, token, count_change, &heard);
        bool final = false, told = true;
        while (!final && told) {
            long before = counter_get(&heard);
            enum status status;
            assert_int_equal(store_status(f->store, token, &status), 0);
            final = status_final(status);
            told = final || counter_await(&heard, before + 1);
        }
        store_unwatch(f->store, watch);
        struct store_record record; /* what the status promised is there */
        assert_int_equal(store_get(f->store, token, &record), 0);
        final &= status_final(record.status) && strcmp(buf_str(&record.result), "r") == 0;
        store_record_release(&record);
        pthread_join(thread, NULL);
        assert_true(final);
        assert_int_equal(completing.code, 0);
    }
}

/* --- closing and opening -------------------------------------------------------------------------------------------- */

/* Those who died with their process in a store of one process have lapsed already; in a shared one their leases end. */
static void lapse_all(struct fixture *f)
{
    assert_int_equal(store_sweep(f->store, later(LEASE_MS + 1)), 0);
}

static void all_survives_reopening(struct fixture *f)
{
    char done[TOKEN_LEN + 1], cancelled[TOKEN_LEN + 1], running[TOKEN_LEN + 1], queued[TOKEN_LEN + 1];
    struct store_claim claim, lost;
    put(f->store, "done", done);
    take_expect(f->store, "done", 1, &claim);
    finish(f->store, &claim, "result");
    put(f->store, "running", running);
    take_expect(f->store, "running", 1, &lost);
    put(f->store, "cancelled", cancelled);
    assert_int_equal(store_cancel(f->store, cancelled), 0);
    put(f->store, "queued", queued);
    fixture_reopen(f, NULL);
    struct store_record record;
    assert_int_equal(store_get(f->store, done, &record), 0);
    assert_int_equal(record.status, STATUS_COMPLETED);
    assert_string_equal(buf_str(&record.request), "done");
    assert_string_equal(buf_str(&record.result), "result");
    assert_true(record.finished_ms >= record.started_ms && record.started_ms > 0);
    store_record_release(&record);
    assert_status(f->store, cancelled, STATUS_CANCELLED);
    assert_status(f->store, queued, STATUS_QUEUED);
    if (!f->shared)
        assert_status(f->store, running, STATUS_QUEUED); /* its worker went with the process */
    lapse_all(f);
    assert_status(f->store, running, STATUS_QUEUED);
    assert_depth(f->store, 2, 0);
    take_expect(f->store, "running", 2, &claim);
    assert_true(claim.fence > lost.fence);
    assert_int_equal(store_complete(f->store, running, lost.fence, STATUS_COMPLETED, STR("late"), 0), -ESTALE);
    take_expect(f->store, "queued", 1, NULL);
}

static void a_killer_fails_over_restarts(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "killer", token);
    enum status status = STATUS_QUEUED;
    int attempts = 0;
    while (status == STATUS_QUEUED && attempts < STORE_ATTEMPTS_MAX) {
        take_expect(f->store, "killer", ++attempts, NULL);
        fixture_reopen(f, NULL);
        lapse_all(f);
        assert_int_equal(store_status(f->store, token, &status), 0);
    }
    assert_int_equal(attempts, STORE_ATTEMPTS_MAX);
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_int_equal(record.status, STATUS_FAILED);
    assert_non_null(record.message);
    assert_true(record.finished_ms > 0);
    store_record_release(&record);
    assert_nothing_waits(f->store);
}

static void count_success(void *context, const struct store_receipt *receipt)
{
    counter_add(context, receipt->code == 0);
}

static void closing_finishes_what_was_handed_in(struct fixture *f)
{
    enum { MANY = 500 };
    static char tokens[MANY][TOKEN_LEN + 1];
    struct counter stored = COUNTER_INIT;
    for (size_t i = 0; i < MANY; i++) {
        struct store_submission submission = submission_of("x");
        memcpy(tokens[i], submission.token, sizeof(tokens[i]));
        store_submit(f->store, &submission, count_success, &stored);
    }
    fixture_reopen(f, NULL);
    assert_int_equal(counter_get(&stored), MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_status(f->store, tokens[i], STATUS_QUEUED);
}

const struct contract_case watch_cases[] = {
    CASE(depth_counts),
    CASE(a_full_queue_refuses),
    CASE(events_come_in_order),
    CASE(status_alone_at_each_step),
    CASE(watchers_hear_each_change),
    CASE(watchers_hear_the_sweep),
    CASE(unwatch_is_a_barrier),
    CASE(watch_then_get_misses_nothing),
    CASE(all_survives_reopening),
    CASE(a_killer_fails_over_restarts),
    CASE(closing_finishes_what_was_handed_in),
    {NULL, NULL},
};
