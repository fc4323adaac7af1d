/* SPDX-License-Identifier: Apache-2.0 */
/* contract_lease.c: what store.h promises of leases, fences, and the ways a submission ends. */
#include "contract.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"

/* --- leases --------------------------------------------------------------------------------------------------------- */

static void a_lease_lapses(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "x", token);
    struct store_claim first, second;
    take_expect(f->store, "x", 1, &first);
    assert_int_equal(store_progress(f->store, token, first.fence, STORE_EVENT_TEST, 0, STR("old")), 0);
    assert_int_equal(store_sweep(f->store, later(LEASE_MS / 2)), 0);
    assert_status(f->store, token, STATUS_RUNNING);
    assert_int_equal(store_sweep(f->store, later(LEASE_MS + 1)), 0);
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_int_equal(record.status, STATUS_QUEUED);
    assert_int_equal(record.attempts, 1);
    assert_int_equal(record.started_ms, 0);
    assert_int_equal(record.event_count, 0); /* the work will be done again */
    store_record_release(&record);
    assert_depth(f->store, 1, 0);
    take_expect(f->store, "x", 2, &second);
    assert_true(second.fence > first.fence);
}

static void a_renewed_lease_holds(struct fixture *f)
{
    put(f->store, "x", NULL);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_renew(f->store, claim.token, claim.fence), 0);
    int64_t renewed = later(0);
    assert_int_equal(store_sweep(f->store, renewed + LEASE_MS - 1000), 0);
    assert_int_equal(store_renew(f->store, claim.token, claim.fence), 0);
    assert_status(f->store, claim.token, STATUS_RUNNING);
    assert_int_equal(store_sweep(f->store, later(LEASE_MS + 1)), 0);
    assert_int_equal(store_renew(f->store, claim.token, claim.fence), -ESTALE);
}

static void short_leases_lapse_by_themselves(struct fixture *f)
{
    struct store_config config = f->config;
    config.lease_ms = 1;
    fixture_reopen(f, &config);
    put(f->store, "x", NULL);
    take_expect(f->store, "x", 1, NULL);
    take_expect(f->store, "x", 2, NULL); /* nobody called store_sweep */
}

static void a_stale_fence_writes_nothing(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "x", token);
    struct store_claim lost, held;
    take_expect(f->store, "x", 1, &lost);
    assert_int_equal(store_sweep(f->store, later(LEASE_MS + 1)), 0);
    for (int round = 0; round < 2; round++) { /* while it is queued again, and while another worker has it */
        assert_int_equal(store_renew(f->store, token, lost.fence), -ESTALE);
        assert_int_equal(store_progress(f->store, token, lost.fence, STORE_EVENT_TEST, 0, STR("lie")), -ESTALE);
        assert_int_equal(store_complete(f->store, token, lost.fence, STATUS_COMPLETED, STR("lie"), 0), -ESTALE);
        assert_int_equal(store_release(f->store, token, lost.fence), -ESTALE);
        if (round == 0)
            take_expect(f->store, "x", 2, &held);
    }
    finish(f->store, &held, "truth");
    assert_int_equal(store_complete(f->store, token, lost.fence, STATUS_COMPLETED, STR("lie"), 0), -ESTALE);
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_string_equal(buf_str(&record.result), "truth");
    store_record_release(&record);
}

static void too_many_lapses_fail(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "killer", token);
    for (int attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
        assert_status(f->store, token, STATUS_QUEUED);
        struct store_claim claim;
        take_expect(f->store, "killer", attempt, &claim);
        assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_COMPILE, 0, STR("c")), 0);
        if (attempt == STORE_ATTEMPTS_MAX)
            assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, 6, STR("t")), 0);
        assert_int_equal(store_sweep(f->store, later(LEASE_MS + 1)), 0);
    }
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_int_equal(record.status, STATUS_FAILED);
    assert_int_equal(record.attempts, STORE_ATTEMPTS_MAX);
    assert_non_null(record.message);
    assert_non_null(strstr(record.message, "3 times"));
    assert_non_null(strstr(record.message, "the end of test case 6")); /* its last words */
    assert_true(record.finished_ms > 0);
    assert_int_equal(record.result.len, 0);
    store_record_release(&record);
    assert_nothing_waits(f->store);
    assert_depth(f->store, 0, 0);
}

static void release_gives_back_uncounted(struct fixture *f)
{
    put(f->store, "first", NULL);
    put(f->store, "second", NULL);
    struct store_claim claim;
    for (int round = 0; round < STORE_ATTEMPTS_MAX + 2; round++) {
        take_expect(f->store, "first", 1, &claim); /* at its old place, attempt not counted */
        assert_int_equal(store_release(f->store, claim.token, claim.fence), 0);
        assert_int_equal(store_release(f->store, claim.token, claim.fence), -ESTALE);
        assert_int_equal(store_complete(f->store, claim.token, claim.fence, STATUS_COMPLETED, STR("x"), 0), -ESTALE);
    }
    uint64_t fence = claim.fence;
    take_expect(f->store, "first", 1, &claim);
    assert_true(claim.fence > fence);
    take_expect(f->store, "second", 1, NULL);
}

/* --- ends ----------------------------------------------------------------------------------------------------------- */

static void first_completion_wins(struct fixture *f)
{
    put(f->store, "x", NULL);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_complete(f->store, claim.token, claim.fence, STATUS_FAILED, STR("first"), 0), 0);
    assert_int_equal(store_complete(f->store, claim.token, claim.fence, STATUS_COMPLETED, STR("second"), 0), -ESTALE);
    assert_int_equal(store_renew(f->store, claim.token, claim.fence), -ESTALE);
    struct store_record record;
    assert_int_equal(store_get(f->store, claim.token, &record), 0);
    assert_int_equal(record.status, STATUS_FAILED);
    assert_string_equal(buf_str(&record.result), "first");
    assert_true(record.started_ms > 0);
    assert_true(record.finished_ms >= record.started_ms);
    assert_null(record.message);
    store_record_release(&record);
    assert_depth(f->store, 0, 0);
}

static void cancel_queued(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "x", token);
    put(f->store, "y", NULL);
    assert_int_equal(store_cancel(f->store, token), 0);
    assert_status(f->store, token, STATUS_CANCELLED);
    assert_int_equal(store_cancel(f->store, token), -EALREADY);
    take_expect(f->store, "y", 1, NULL);
    assert_nothing_waits(f->store);
    assert_depth(f->store, 0, 1);
}

static void cancel_running(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "x", token);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, 0, STR("x")), 0);
    assert_int_equal(store_cancel(f->store, token), 0);
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), 0);
    assert_int_equal(record.status, STATUS_CANCELLED);
    assert_true(record.finished_ms > 0);
    assert_int_equal(record.event_count, 0);
    store_record_release(&record);
    assert_int_equal(store_renew(f->store, token, claim.fence), -ECANCELED);
    assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, 0, STR("x")), -ECANCELED);
    assert_int_equal(store_complete(f->store, token, claim.fence, STATUS_COMPLETED, STR("x"), 0), -ECANCELED);
    assert_int_equal(store_release(f->store, token, claim.fence), -ECANCELED);
    assert_status(f->store, token, STATUS_CANCELLED);
    assert_depth(f->store, 0, 0);
}

static void cancel_final(struct fixture *f)
{
    put(f->store, "x", NULL);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    finish(f->store, &claim, "result");
    assert_int_equal(store_cancel(f->store, claim.token), -EALREADY);
    assert_status(f->store, claim.token, STATUS_COMPLETED);
}

static void forget_only_final(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put(f->store, "x", token);
    assert_int_equal(store_forget(f->store, token), -EBUSY);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_forget(f->store, token), -EBUSY);
    finish(f->store, &claim, "result");
    assert_int_equal(store_forget(f->store, token), 0);
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), -ENOENT);
    assert_int_equal(store_forget(f->store, token), -ENOENT);
    assert_int_equal(store_cancel(f->store, token), -ENOENT);
    assert_int_equal(store_complete(f->store, token, claim.fence, STATUS_COMPLETED, STR("x"), 0), -ESTALE);
}

static void old_results_are_forgotten(struct fixture *f)
{
    enum { OLD = 100 };
    char old[OLD][TOKEN_LEN + 1], queued[TOKEN_LEN + 1];
    struct store_claim claim;
    for (size_t i = 0; i < OLD; i++) {
        put(f->store, "x", old[i]);
        take_expect(f->store, "x", 1, &claim);
        finish(f->store, &claim, "result");
    }
    put(f->store, "old but queued", queued);
    assert_int_equal(store_sweep(f->store, later(RETENTION_MS - 10000)), 0);
    for (size_t i = 0; i < OLD; i++)
        assert_status(f->store, old[i], STATUS_COMPLETED);
    assert_int_equal(store_sweep(f->store, later(RETENTION_MS + 1)), 0);
    struct store_record record;
    for (size_t i = 0; i < OLD; i++)
        assert_int_equal(store_get(f->store, old[i], &record), -ENOENT);
    assert_status(f->store, queued, STATUS_QUEUED);
}

const struct contract_case lease_cases[] = {
    CASE(a_lease_lapses),
    CASE(a_renewed_lease_holds),
    CASE(short_leases_lapse_by_themselves),
    CASE(a_stale_fence_writes_nothing),
    CASE(too_many_lapses_fail),
    CASE(release_gives_back_uncounted),
    CASE(first_completion_wins),
    CASE(cancel_queued),
    CASE(cancel_running),
    CASE(cancel_final),
    CASE(forget_only_final),
    CASE(old_results_are_forgotten),
    {NULL, NULL},
};
