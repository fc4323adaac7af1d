/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stress.c: everybody at once: submitters, workers good and bad, cancellers, watchers, readers and sweeps. Meant for the
 * sanitizers; in any build it checks that every submission ends exactly once and that the counts add up.
 */
#include "fixture.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"

enum { SUBMITTERS = 6, WORKERS = 5, EACH = 150, TOTAL = SUBMITTERS * EACH };

struct stress {
    struct store *store;
    unsigned rounds_a_sweep;
    char tokens[TOTAL][TOKEN_LEN + 1];
    struct counter submitted, completed, cancelled, wrong, heard, stop;
};

struct part {
    struct stress *stress;
    pthread_t thread;
    unsigned number;
};

static void count(struct counter *counter, bool holds)
{
    if (holds)
        counter_add(counter, 1);
}

static void hear(void *context, const char *token)
{
    (void)token;
    counter_add(context, 1);
}

static void *submit_some(void *argument)
{
    struct part *part = argument;
    struct stress *stress = part->stress;
    for (unsigned i = 0; i < EACH; i++) {
        struct store_submission submission = submission_of("");
        submission.request = str_of(submission.token);
        submission.priority = (int)(i % 21) - 10;
        memcpy(stress->tokens[part->number * EACH + i], submission.token, sizeof(submission.token));
        struct store_watch *watch = store_watch(stress->store, submission.token, hear, &stress->heard);
        count(&stress->wrong, submit_wait(stress->store, &submission).code != 0);
        counter_add(&stress->submitted, 1);
        if (i % 10 == 0) {
            int r = store_cancel(stress->store, submission.token);
            count(&stress->cancelled, r == 0);
            count(&stress->wrong, r != 0 && r != -EALREADY);
        }
        store_unwatch(stress->store, watch);
        struct store_record record;
        int r = store_get(stress->store, submission.token, &record);
        count(&stress->wrong, r != 0);
        if (r == 0) {
            count(&stress->wrong, !str_is(buf_view(&record.request), submission.token));
            store_record_release(&record);
        }
    }
    return NULL;
}

/* Mostly honest work; now and then hands back, or dies with the claim, so that a sweep has to end it. */
static void *work_some(void *argument)
{
    struct part *part = argument;
    struct stress *stress = part->stress;
    for (unsigned i = 0;; i++) {
        struct store_claim claim;
        int r = store_claim(stress->store, "worker", WAIT_MS, &claim);
        count(&stress->wrong, r < 0 && r != -ECANCELED);
        if (r < 0)
            return NULL;
        count(&stress->wrong, !str_is(buf_view(&claim.request), claim.token));
        buf_release(&claim.request);
        if (i % 16 == 3)
            continue;
        if (i % 16 == 7) {
            store_release(stress->store, claim.token, claim.fence);
            continue;
        }
        store_renew(stress->store, claim.token, claim.fence);
        store_progress(stress->store, claim.token, claim.fence, STORE_EVENT_TEST, i, STR("done"));
        r = store_complete(stress->store, claim.token, claim.fence, STATUS_COMPLETED, STR("result"), 0);
        count(&stress->completed, r == 0);
        count(&stress->wrong, r != 0 && r != -ESTALE && r != -ECANCELED);
    }
}

static void *sweep_on(void *argument)
{
    struct part *part = argument;
    struct stress *stress = part->stress;
    for (unsigned i = 0; counter_get(&stress->stop) == 0; i++) {
        /* Every lease not renewed since, and many that were; but not so often that nobody comes to an end. */
        if (i % stress->rounds_a_sweep == 0)
            store_sweep(stress->store, clock_realtime_ms() + LEASE_MS + 1);
        struct store_depth depth;
        count(&stress->wrong, store_depth(stress->store, &depth) < 0 || depth.waiting < 0 || depth.running < 0);
        count(&stress->wrong, store_ping(stress->store) < 0);
    }
    return NULL;
}

static void start(struct part *part, struct stress *stress, unsigned number, void *(*run)(void *))
{
    *part = (struct part){.stress = stress, .number = number};
    assert_int_equal(pthread_create(&part->thread, NULL, run, part), 0);
}

static void drain(struct stress *stress)
{
    struct store_depth depth = {.waiting = 1};
    struct counter heard = COUNTER_INIT;
    for (size_t i = 0; i < TOTAL; i++) {
        struct store_watch *watch = store_watch(stress->store, stress->tokens[i], hear, &heard);
        for (bool final = false; !final;) {
            long before = counter_get(&heard);
            struct store_record record;
            assert_int_equal(store_get(stress->store, stress->tokens[i], &record), 0);
            final = status_final(record.status);
            store_record_release(&record);
            assert_true(final || counter_await(&heard, before + 1));
        }
        store_unwatch(stress->store, watch);
    }
    assert_int_equal(store_depth(stress->store, &depth), 0);
    assert_int_equal(depth.waiting, 0);
    assert_int_equal(depth.running, 0);
}

static void check_ends(struct stress *stress)
{
    long by_status[STATUS_COUNT] = {0};
    for (size_t i = 0; i < TOTAL; i++) {
        struct store_record record;
        assert_int_equal(store_get(stress->store, stress->tokens[i], &record), 0);
        by_status[record.status]++;
        assert_string_equal(buf_str(&record.request), stress->tokens[i]);
        assert_string_equal(buf_str(&record.result), record.status == STATUS_COMPLETED ? "result" : "");
        assert_int_equal(record.message != NULL, record.status == STATUS_FAILED);
        assert_in_range(record.attempts, record.status == STATUS_CANCELLED ? 0 : 1, STORE_ATTEMPTS_MAX);
        store_record_release(&record);
    }
    assert_int_equal(by_status[STATUS_COMPLETED], counter_get(&stress->completed));
    assert_int_equal(by_status[STATUS_CANCELLED], counter_get(&stress->cancelled));
    assert_int_equal(by_status[STATUS_QUEUED] + by_status[STATUS_RUNNING], 0);
    assert_true(by_status[STATUS_COMPLETED] > TOTAL / 4); /* else this tested little */
}

static void everybody_at_once(void **state)
{
    struct fixture f;
    fixture_open(&f, *state);
    static struct stress stress;
    stress = (struct stress){.submitted = COUNTER_INIT,
                             .completed = COUNTER_INIT,
                             .cancelled = COUNTER_INIT,
                             .wrong = COUNTER_INIT,
                             .heard = COUNTER_INIT,
                             .stop = COUNTER_INIT};
    stress.store = f.store;
    stress.rounds_a_sweep = f.shared ? 16 : 1; /* a round trip a verb: a claim takes longer */
    struct part submitters[SUBMITTERS], workers[WORKERS], sweeper;
    for (unsigned i = 0; i < SUBMITTERS; i++)
        start(&submitters[i], &stress, i, submit_some);
    for (unsigned i = 0; i < WORKERS; i++)
        start(&workers[i], &stress, i, work_some);
    start(&sweeper, &stress, 0, sweep_on);
    for (unsigned i = 0; i < SUBMITTERS; i++)
        pthread_join(submitters[i].thread, NULL);
    assert_int_equal(counter_get(&stress.submitted), TOTAL);
    drain(&stress);
    counter_add(&stress.stop, 1);
    pthread_join(sweeper.thread, NULL);
    store_interrupt(f.store);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    assert_int_equal(counter_get(&stress.wrong), 0);
    assert_true(counter_get(&stress.heard) > 0);
    check_ends(&stress);
    fixture_reopen(&f, NULL);
    stress.store = f.store;
    check_ends(&stress);
    fixture_close(&f);
}

int main(void)
{
    static char sqlite[] = "sqlite:%s/evalx.db", redis[] = "redis+unix:%s/redis.sock";
    const struct CMUnitTest tests[] = {
        {"everybody_at_once, SQLite", everybody_at_once, NULL, NULL, sqlite},
        {"everybody_at_once, Redis", everybody_at_once, NULL, NULL, redis},
    };
    return cmocka_run_group_tests_name("store_stress", tests, NULL, NULL);
}
