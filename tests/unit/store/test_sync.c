/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sync.c: the SQLite store and the moment that makes it durable. This program puts its own fdatasync in front of the
 * C library's, so it sees every sync, can hold one back, and can make it fail.
 */
#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    struct counter syncs, held; /* done, and callers that stand before the gate */
    pthread_mutex_t lock;       /* of what follows */
    pthread_cond_t opened;
    bool closed, fails;
} disk = {
    .syncs = COUNTER_INIT, .held = COUNTER_INIT, .lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};

int fdatasync(int fd)
{
    counter_add(&disk.held, 1);
    pthread_mutex_lock(&disk.lock);
    while (disk.closed)
        pthread_cond_wait(&disk.opened, &disk.lock);
    bool fails = disk.fails;
    pthread_mutex_unlock(&disk.lock);
    counter_add(&disk.held, -1);
    if (fails) {
        errno = EIO;
        return -1;
    }
    int r = (int)syscall(SYS_fdatasync, fd);
    counter_add(&disk.syncs, 1);
    return r;
}

static void set_disk(bool closed, bool fails)
{
    pthread_mutex_lock(&disk.lock);
    disk.closed = closed;
    disk.fails = fails;
    pthread_cond_broadcast(&disk.opened);
    pthread_mutex_unlock(&disk.lock);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    *state = f;
    fixture_open(f, "sqlite:%s/evalx.db");
    return 0;
}

static int tear_down(void **state)
{
    set_disk(false, false);
    fixture_close(*state);
    free(*state);
    return 0;
}

struct answers {
    struct counter all;
    long syncs_before; /* when the first was handed in */
    int unsynced;      /* answers that came before any later sync had ended */
    int failed;
};

static void receive(void *context, const struct store_receipt *receipt)
{
    struct answers *answers = context;
    answers->failed += receipt->code != 0;
    answers->unsynced += counter_get(&disk.syncs) == answers->syncs_before;
    counter_add(&answers->all, 1);
}

static void an_answer_follows_its_sync(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        struct answers answers = {.all = COUNTER_INIT, .syncs_before = counter_get(&disk.syncs)};
        struct store_submission submission = submission_of("x");
        set_disk(true, false);
        store_submit(f->store, &submission, receive, &answers);
        assert_true(counter_await(&disk.held, 1)); /* it stands before the disk now, */
        assert_int_equal(counter_get(&answers.all), 0);
        struct store_record record;
        assert_int_equal(store_get(f->store, submission.token, &record), -ENOENT); /* seen by nobody, */
        set_disk(false, false);
        assert_true(counter_await(&answers.all, 1)); /* and answered after */
        assert_int_equal(answers.unsynced, 0);
        assert_int_equal(answers.failed, 0);
        assert_status(f->store, submission.token, STATUS_QUEUED);

        struct store_claim claim = take(f->store);
        buf_release(&claim.request);
        long before = counter_get(&disk.syncs);
        finish(f->store, &claim, "result");
        assert_true(counter_get(&disk.syncs) > before);
    }
}

static void an_attempt_is_counted_before_the_work(void **state)
{
    struct fixture *f = *state;
    put(f->store, "x", NULL);
    long before = counter_get(&disk.syncs);
    take_expect(f->store, "x", 1, NULL);
    assert_true(counter_get(&disk.syncs) > before);
}

static void a_crowd_shares_a_sync(void **state)
{
    struct fixture *f = *state;
    enum { CROWD = 1000 };
    struct answers answers = {.all = COUNTER_INIT};
    set_disk(true, false);
    struct store_submission first = submission_of("first");
    store_submit(f->store, &first, receive, &answers);
    assert_true(counter_await(&disk.held, 1));
    long before = counter_get(&disk.syncs);
    answers.syncs_before = -1;
    for (int i = 0; i < CROWD; i++) {
        struct store_submission submission = submission_of("x");
        store_submit(f->store, &submission, receive, &answers);
    }
    set_disk(false, false);
    assert_true(counter_await(&answers.all, CROWD + 1));
    assert_int_equal(answers.failed, 0);
    assert_in_range(counter_get(&disk.syncs) - before, 2, 6); /* the first, the crowd, and perhaps a checkpoint */
    assert_depth(f->store, CROWD + 1, 0);
}

struct claiming {
    struct store *store;
    struct counter claimed, failed;
};

static void *claim_all(void *argument)
{
    struct claiming *claiming = argument;
    struct store_claim claim;
    int r;
    while ((r = store_claim(claiming->store, "w", WAIT_MS, &claim)) == 0) {
        buf_release(&claim.request);
        counter_add(&claiming->claimed, 1);
    }
    counter_add(&claiming->failed, r != -ECANCELED);
    return NULL;
}

static void handing_over_costs_no_sync_of_its_own(void **state)
{
    /* A crowd of claimers waits, so that one is there whenever a submission comes: one sync each, the submission's. */
    struct fixture *f = *state;
    enum { CLAIMERS = 8, ROUNDS = 100 };
    struct claiming claiming = {.store = f->store, .claimed = COUNTER_INIT, .failed = COUNTER_INIT};
    pthread_t threads[CLAIMERS];
    for (size_t i = 0; i < CLAIMERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, &claiming), 0);
    put(f->store, "warm", NULL);
    assert_true(counter_await(&claiming.claimed, 1)); /* at least one of them was there */
    long before = counter_get(&disk.syncs);
    for (int i = 0; i < ROUNDS; i++) {
        put(f->store, "x", NULL);
        assert_true(counter_await(&claiming.claimed, i + 2));
    }
    long syncs = counter_get(&disk.syncs) - before;
    store_interrupt(f->store);
    for (size_t i = 0; i < CLAIMERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counter_get(&claiming.failed), 0);
    assert_in_range(syncs, ROUNDS, ROUNDS + ROUNDS / 4); /* 2 * ROUNDS if claims had their own */
}

static void a_failed_sync_acknowledges_nothing(void **state)
{
    struct fixture *f = *state;
    char running[TOKEN_LEN + 1], waiting[TOKEN_LEN + 1];
    put(f->store, "running", running);
    struct store_claim claim, none;
    take_expect(f->store, "running", 1, &claim);
    put(f->store, "waiting", waiting);
    set_disk(false, true);
    struct store_submission submission = submission_of("x");
    assert_int_equal(submit_wait(f->store, &submission).code, -EIO);
    assert_int_equal(store_complete(f->store, running, claim.fence, STATUS_COMPLETED, STR("result"), 0), -EIO);
    assert_int_equal(store_release(f->store, running, claim.fence), -EIO);
    assert_int_equal(store_cancel(f->store, waiting), -EIO);
    assert_int_equal(store_claim(f->store, "w", WAIT_MS, &none), -EIO);
    assert_int_equal(store_ping(f->store), -EIO);
    struct store_record record;
    assert_int_equal(store_get(f->store, submission.token, &record), -ENOENT);
    assert_status(f->store, running, STATUS_RUNNING);
    assert_status(f->store, waiting, STATUS_QUEUED);
    assert_depth(f->store, 1, 1);
    assert_int_equal(store_renew(f->store, running, claim.fence), 0);
    set_disk(false, false);
    assert_int_equal(store_ping(f->store), 0);
    assert_int_equal(store_complete(f->store, running, claim.fence, STATUS_COMPLETED, STR("result"), 0), 0);
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    take_expect(f->store, "waiting", 1, NULL); /* what failed was not counted */
    take_expect(f->store, "x", 1, NULL);
    assert_nothing_waits(f->store);
    assert_depth(f->store, 0, 2);
    fixture_reopen(f, NULL);
    assert_status(f->store, running, STATUS_COMPLETED);
    assert_depth(f->store, 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_follows_its_sync, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_attempt_is_counted_before_the_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_shares_a_sync, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handing_over_costs_no_sync_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_sync_acknowledges_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("store_sync", tests, NULL, NULL);
}
