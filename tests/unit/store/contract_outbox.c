/* SPDX-License-Identifier: Apache-2.0 */
/* contract_outbox.c: what outbox.h promises: what is owed, in which order, to whom it is handed, and when it is settled. */
#include "contract.h"

#include <errno.h>
#include <pthread.h>

#include "base/clock.h"

#define URL "https://example.com/hook?a=b"

enum {
    ON_STARTED = 1u << STORE_DELIVERY_STARTED,
    ON_TEST = 1u << STORE_DELIVERY_TEST,
    ON_COMPLETED = 1u << STORE_DELIVERY_COMPLETED,
    DELIVERY_LEASE_MS = 60000
};

static void put_hooked(struct store *store, unsigned events, char token[TOKEN_LEN + 1])
{
    struct store_submission submission = submission_of("hooked");
    submission.webhook_url = URL;
    submission.webhook_events = events;
    submission.owner = "school";
    assert_int_equal(submit_wait(store, &submission).code, 0);
    memcpy(token, submission.token, sizeof(submission.token));
}

/* Submitted, claimed and completed. */
static void put_done(struct store *store, unsigned events, char token[TOKEN_LEN + 1])
{
    struct store_claim claim;
    put_hooked(store, events, token);
    take_expect(store, "hooked", 1, &claim);
    assert_string_equal(claim.token, token);
    finish(store, &claim, "result");
}

static struct store_delivery fetch_for(struct store *store, int64_t lease_ms)
{
    struct store_delivery delivery = {0};
    size_t count = 0;
    assert_int_equal(store_outbox_claim(store, "tester", lease_ms, WAIT_MS, 1, &delivery, &count), 0);
    assert_int_equal(count, 1);
    return delivery;
}

static struct store_delivery fetch(struct store *store)
{
    return fetch_for(store, DELIVERY_LEASE_MS);
}

/* The next one is this; it is released, but for what settling needs. */
static struct store_delivery fetch_expect(struct store *store, const char *token, enum store_delivery_kind kind,
                                          unsigned index, int attempt)
{
    struct store_delivery delivery = fetch(store);
    assert_string_equal(delivery.token, token);
    assert_int_equal(delivery.kind, kind);
    assert_int_equal(delivery.index, index);
    assert_int_equal(delivery.attempt, attempt);
    assert_string_equal(delivery.url, URL);
    struct store_delivery kept = delivery;
    kept.url = NULL;
    kept.data = kept.body = BUF_INIT;
    store_delivery_release(&delivery);
    return kept;
}

static void assert_nothing_due(struct store *store)
{
    struct store_delivery delivery = {0};
    size_t count = 0;
    assert_int_equal(store_outbox_claim(store, "tester", DELIVERY_LEASE_MS, 0, 1, &delivery, &count), -EAGAIN);
}

static void settle_as(struct store *store, const struct store_delivery *delivery, enum store_outcome outcome,
                      int64_t due_ms, int http_status, const char *error)
{
    struct store_settlement settlement = {
        .outcome = outcome, .due_ms = due_ms, .http_status = http_status, .error = error};
    assert_int_equal(store_outbox_settle(store, delivery->id, delivery->fence, &settlement), 0);
}

static void deliver(struct store *store, const struct store_delivery *delivery)
{
    settle_as(store, delivery, STORE_OUTCOME_DELIVERED, 0, 204, NULL);
}

static int try_settle(struct store *store, const struct store_delivery *delivery)
{
    struct store_settlement settlement = {.outcome = STORE_OUTCOME_DELIVERED, .http_status = 200};
    return store_outbox_settle(store, delivery->id, delivery->fence, &settlement);
}

static int try_seal(struct store *store, const struct store_delivery *delivery, struct str body)
{
    _cleanup_(buf_release) struct buf kept = BUF_INIT;
    return store_outbox_seal(store, delivery->id, delivery->fence, body, &kept);
}

static void seal_expect(struct store *store, const struct store_delivery *delivery, const char *body,
                        const char *expected)
{
    _cleanup_(buf_release) struct buf kept = BUF_INIT;
    assert_int_equal(store_outbox_seal(store, delivery->id, delivery->fence, str_of(body), &kept), 0);
    assert_string_equal(buf_str(&kept), expected);
}

static struct store_delivery_state state_of(struct store *store, const char *token)
{
    struct store_record record;
    assert_int_equal(store_get(store, token, &record), 0);
    struct store_delivery_state state = record.webhook;
    record.webhook = (struct store_delivery_state){0};
    store_record_release(&record);
    return state;
}

static void assert_state(struct store *store, const char *token, enum store_delivery_status status, int attempts,
                         int last_status, const char *error)
{
    struct store_delivery_state state = state_of(store, token);
    assert_int_equal(state.status, status);
    assert_int_equal(state.attempts, attempts);
    assert_int_equal(state.last_status, last_status);
    if (error)
        assert_string_equal(state.last_error ? state.last_error : "", error);
    else
        assert_null(state.last_error);
    assert_true(status == STORE_OWED_DELIVERED ? state.delivered_ms > 0 : state.delivered_ms == 0);
    store_delivery_state_release(&state);
}

static void assert_outbox_depth(struct store *store, int64_t pending, int64_t dead)
{
    struct store_outbox_depth depth = {0};
    assert_int_equal(store_outbox_depth(store, &depth), 0);
    assert_int_equal(depth.pending, pending);
    assert_int_equal(depth.dead, dead);
    if (pending == 0)
        assert_int_equal(depth.oldest_ms, 0);
}

/* --- what is owed --------------------------------------------------------------------------------------------------- */

static void without_a_url_nothing_is_owed(struct fixture *f)
{
    struct store_submission submission = submission_of("x");
    submission.webhook_events = ON_STARTED | ON_TEST | ON_COMPLETED;
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_progress(f->store, claim.token, claim.fence, STORE_EVENT_TEST, 0, STR("t")), 0);
    finish(f->store, &claim, "result");
    char quiet[TOKEN_LEN + 1]; /* with a URL, but no events */
    put_done(f->store, 0, quiet);
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 0, 0);
    assert_state(f->store, claim.token, STORE_OWED_NONE, 0, 0, NULL);
    assert_state(f->store, quiet, STORE_OWED_NONE, 0, 0, NULL);
    assert_int_equal(store_outbox_resend(f->store, quiet), -ENOENT);
}

static void completion_is_owed_and_delivered(struct fixture *f)
{
    char token[TOKEN_LEN + 1], id[STORE_DELIVERY_ID_SIZE];
    struct store_claim claim;
    int64_t before = clock_realtime_ms();
    put_hooked(f->store, ON_COMPLETED, token);
    assert_state(f->store, token, STORE_OWED_PENDING, 0, 0, NULL);
    take_expect(f->store, "hooked", 1, &claim);
    assert_nothing_due(f->store);
    finish(f->store, &claim, "result");
    assert_outbox_depth(f->store, 1, 0);
    struct store_delivery delivery = fetch(f->store);
    snprintf(id, sizeof(id), "msg_%s_completed", token);
    assert_string_equal(delivery.id, id);
    assert_string_equal(delivery.token, token);
    assert_int_equal(delivery.kind, STORE_DELIVERY_COMPLETED);
    assert_string_equal(delivery.url, URL);
    assert_string_equal(delivery.owner, "school");
    assert_int_equal(delivery.attempt, 1);
    assert_in_range(delivery.created_ms, before, clock_realtime_ms());
    assert_int_equal(delivery.data.len, 0);
    assert_int_equal(delivery.body.len, 0);
    assert_nothing_due(f->store);
    assert_state(f->store, token, STORE_OWED_PENDING, 1, 0, NULL);
    seal_expect(f->store, &delivery, "body", "body");
    deliver(f->store, &delivery);
    assert_state(f->store, token, STORE_OWED_DELIVERED, 1, 204, NULL);
    assert_int_equal(try_settle(f->store, &delivery), -ESTALE);
    assert_int_equal(try_seal(f->store, &delivery, STR("late")), -ESTALE);
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 0, 0);
    store_delivery_release(&delivery);
}

static void cancellation_and_failure_are_owed(struct fixture *f)
{
    char queued[TOKEN_LEN + 1], running[TOKEN_LEN + 1], lost[TOKEN_LEN + 1], failed[TOKEN_LEN + 1];
    struct store_claim claim;
    put_hooked(f->store, ON_COMPLETED, queued);
    assert_int_equal(store_cancel(f->store, queued), 0);
    struct store_delivery delivery = fetch_expect(f->store, queued, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    put_hooked(f->store, ON_COMPLETED, running);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_cancel(f->store, running), 0);
    delivery = fetch_expect(f->store, running, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    put_hooked(f->store, ON_COMPLETED, lost);
    for (int i = 0; i < STORE_ATTEMPTS_MAX; i++) {
        assert_nothing_due(f->store);
        take_expect(f->store, "hooked", i + 1, NULL);
        assert_int_equal(store_sweep(f->store, later(2 * LEASE_MS)), 0);
    }
    assert_status(f->store, lost, STATUS_FAILED);
    delivery = fetch_expect(f->store, lost, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    put_hooked(f->store, ON_COMPLETED, failed);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_complete(f->store, failed, claim.fence, STATUS_FAILED, STR("r"), 0), 0);
    fetch_expect(f->store, failed, STORE_DELIVERY_COMPLETED, 0, 1);
}

static void refused_changes_owe_nothing(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    put_hooked(f->store, ON_TEST | ON_COMPLETED, token);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_progress(f->store, token, claim.fence + 1, STORE_EVENT_TEST, 0, STR("t")), -ESTALE);
    assert_int_equal(store_complete(f->store, token, claim.fence + 1, STATUS_COMPLETED, STR("r"), 0), -ESTALE);
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 0, 0);
}

static void events_come_in_the_order_they_happened(struct fixture *f)
{
    static const unsigned order[] = {2, 0, 1};
    char token[TOKEN_LEN + 1], text[16];
    struct store_claim claim;
    put_hooked(f->store, ON_STARTED | ON_TEST | ON_COMPLETED, token);
    assert_nothing_due(f->store);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_COMPILE, 0, STR("compiled")), 0);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        snprintf(text, sizeof(text), "test %u", order[i]);
        assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, order[i], str_of(text)), 0);
    }
    finish(f->store, &claim, "result");
    assert_outbox_depth(f->store, 5, 0);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    assert_nothing_due(f->store); /* the others come after it */
    deliver(f->store, &delivery);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        delivery = fetch(f->store);
        assert_int_equal(delivery.kind, STORE_DELIVERY_TEST);
        assert_int_equal(delivery.index, order[i]);
        snprintf(text, sizeof(text), "test %u", order[i]);
        assert_string_equal(buf_str(&delivery.data), text);
        snprintf(text, sizeof(text), "_test_%u", order[i]);
        assert_non_null(strstr(delivery.id, text));
        assert_nothing_due(f->store);
        deliver(f->store, &delivery);
        store_delivery_release(&delivery);
    }
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    assert_nothing_due(f->store);
}

static void work_done_again_owes_nothing_new(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    put_hooked(f->store, ON_STARTED | ON_TEST | ON_COMPLETED, token);
    for (int i = 0; i < 2; i++) {
        take_expect(f->store, "hooked", i + 1, &claim);
        for (unsigned test = 0; test <= (unsigned)i; test++)
            assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, test, STR("t")), 0);
        if (i == 0)
            assert_int_equal(store_sweep(f->store, later(2 * LEASE_MS)), 0);
    }
    assert_int_equal(store_release(f->store, token, claim.fence), 0);
    take_expect(f->store, "hooked", 2, &claim);
    finish(f->store, &claim, "result");
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    deliver(f->store, &delivery);
    for (unsigned test = 0; test < 2; test++) {
        delivery = fetch_expect(f->store, token, STORE_DELIVERY_TEST, test, 1);
        deliver(f->store, &delivery);
    }
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 0, 0);
}

static void only_what_was_asked_for_is_owed(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    put_hooked(f->store, ON_TEST, token);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_progress(f->store, token, claim.fence, STORE_EVENT_TEST, 7, STR("t")), 0);
    finish(f->store, &claim, "result");
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_TEST, 7, 1);
    deliver(f->store, &delivery);
    assert_nothing_due(f->store);
    assert_state(f->store, token, STORE_OWED_NONE, 0, 0, NULL);
}

static void owner_and_priority_are_carried(struct fixture *f)
{
    struct store_submission submission = submission_of("x");
    char owner[STORE_OWNER_MAX + 1];
    memset(owner, 'o', STORE_OWNER_MAX);
    owner[STORE_OWNER_MAX] = '\0';
    submission.owner = owner;
    submission.priority = -3;
    submission.webhook_url = URL;
    submission.webhook_events = ON_COMPLETED;
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    fixture_reopen(f, NULL);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_string_equal(claim.owner, owner);
    assert_int_equal(claim.priority, -3);
    finish(f->store, &claim, "result");
    struct store_record record;
    assert_int_equal(store_get(f->store, claim.token, &record), 0);
    assert_string_equal(record.owner, owner);
    store_record_release(&record);
    struct store_delivery delivery = fetch(f->store);
    assert_string_equal(delivery.owner, owner);
    store_delivery_release(&delivery);
    char nobody[TOKEN_LEN + 1];
    put(f->store, "y", nobody);
    take_expect(f->store, "y", 1, &claim);
    assert_string_equal(claim.owner, "");
    assert_int_equal(claim.priority, 0);
    assert_int_equal(store_get(f->store, nobody, &record), 0);
    assert_null(record.owner);
    store_record_release(&record);
}

static void nonsense_is_refused(struct fixture *f)
{
    char owner[STORE_OWNER_MAX + 2], url[STORE_URL_MAX + 2];
    memset(owner, 'o', sizeof(owner) - 1);
    owner[sizeof(owner) - 1] = '\0';
    memset(url, 'u', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    struct store_submission submission = submission_of("x");
    submission.owner = owner;
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    submission = submission_of("x");
    submission.webhook_url = url;
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    submission = submission_of("x");
    submission.webhook_events = 1u << STORE_DELIVERY_KIND_COUNT;
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    assert_depth(f->store, 0, 0);
    url[STORE_URL_MAX] = owner[STORE_OWNER_MAX] = '\0';
    submission.webhook_url = url;
    submission.owner = owner;
    submission.webhook_events = ON_COMPLETED;
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    struct store_settlement settlement = {.outcome = STORE_OUTCOME_DEAD};
    _cleanup_(buf_release) struct buf kept = BUF_INIT;
    static const char *const ids[] = {"",
                                      "msg_",
                                      "msg_0123456789012345678901",
                                      "msg_0123456789012345678901_complete",
                                      "msg_0123456789012345678901_test_",
                                      "msg_0123456789012345678901_test_01",
                                      "msg_0123456789012345678901_started_0",
                                      "msg_012345678901234567890!_started"};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_int_equal(store_outbox_settle(f->store, ids[i], 1, &settlement), -EINVAL);
        assert_int_equal(store_outbox_seal(f->store, ids[i], 1, STR("x"), &kept), -EINVAL);
    }
    static const char unknown[] = "msg_0123456789012345678901_test_12";
    assert_int_equal(store_outbox_settle(f->store, unknown, 1, &settlement), -ESTALE);
    assert_int_equal(store_outbox_seal(f->store, unknown, 1, STR("x"), &kept), -ESTALE);
    assert_int_equal(store_outbox_seal(f->store, unknown, 1, STR(""), &kept), -EINVAL);
    assert_int_equal(store_outbox_resend(f->store, "0123456789012345678901"), -ENOENT);
    assert_int_equal(store_annotate(f->store, "0123456789012345678901", STR("x"), true), -ENOENT);
    struct store_owed owed;
    size_t count;
    assert_int_equal(store_outbox_list(f->store, STORE_OWED_DELIVERED, NULL, 1, &owed, &count), -EINVAL);
    assert_int_equal(store_outbox_list(f->store, STORE_OWED_DEAD, "no cursor", 1, &owed, &count), -EINVAL);
}

/* --- settling ------------------------------------------------------------------------------------------------------- */

static void a_retry_waits_for_its_time(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_COMPLETED, token);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    int64_t due_ms = later(3600000);
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, due_ms, 503, "answered 503");
    assert_nothing_due(f->store);
    assert_state(f->store, token, STORE_OWED_PENDING, 1, 503, "answered 503");
    struct store_delivery_state state = state_of(f->store, token);
    assert_int_equal(state.next_ms, due_ms);
    store_delivery_state_release(&state);
    put_done(f->store, ON_COMPLETED, token);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    int64_t soon_ms = later(150);
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, soon_ms, 0, "connection refused");
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 2); /* waits until it is due */
    assert_true(clock_realtime_ms() >= soon_ms);
    assert_state(f->store, token, STORE_OWED_PENDING, 2, 0, "connection refused");
    deliver(f->store, &delivery);
    assert_state(f->store, token, STORE_OWED_DELIVERED, 2, 204, NULL);
}

static void what_is_held_is_not_counted(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_COMPLETED, token);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(-1), 500, "answered 500");
    for (int i = 0; i < 3; i++) {
        delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 2);
        settle_as(f->store, &delivery, STORE_OUTCOME_HELD, later(-1), 0, "not tried");
        assert_state(f->store, token, STORE_OWED_PENDING, 1, 500, "answered 500");
    }
}

static void the_dead_let_the_next_one_go(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_STARTED | ON_COMPLETED, token);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(-1), 500, "answered 500");
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 2);
    settle_as(f->store, &delivery, STORE_OUTCOME_DEAD, 0, 410, "gone");
    assert_outbox_depth(f->store, 1, 1);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_DEAD, 0, 410, "gone");
    assert_state(f->store, token, STORE_OWED_DEAD, 1, 410, "gone");
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 0, 2);
}

static void a_lapsed_lease_is_taken_over(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_COMPLETED, token);
    struct store_delivery lost = fetch_for(f->store, 50);
    seal_expect(f->store, &lost, "body", "body");
    struct store_delivery delivery = fetch(f->store); /* waits for the lease to lapse */
    assert_string_equal(delivery.id, lost.id);
    assert_int_equal(delivery.attempt, 2);
    assert_true(delivery.fence > lost.fence);
    assert_string_equal(buf_str(&delivery.body), "body");
    assert_int_equal(try_settle(f->store, &lost), -ESTALE);
    assert_int_equal(try_seal(f->store, &lost, STR("other")), -ESTALE);
    deliver(f->store, &delivery);
    assert_state(f->store, token, STORE_OWED_DELIVERED, 2, 204, NULL);
    store_delivery_release(&lost);
    store_delivery_release(&delivery);
}

static void a_body_is_sealed_once(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_COMPLETED, token);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    seal_expect(f->store, &delivery, "first", "first");
    seal_expect(f->store, &delivery, "second", "first");
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(-1), 500, NULL);
    fixture_reopen(f, NULL);
    delivery = fetch(f->store);
    assert_string_equal(buf_str(&delivery.body), "first");
    seal_expect(f->store, &delivery, "third", "first");
    deliver(f->store, &delivery);
    store_delivery_release(&delivery);
    /* any bytes, and many of them */
    put_done(f->store, ON_COMPLETED, token);
    struct buf large = BUF_INIT, kept = BUF_INIT;
    for (size_t i = 0; i < 3 << 20; i++)
        buf_append_char(&large, (char)(i * 31));
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    assert_int_equal(store_outbox_seal(f->store, delivery.id, delivery.fence, buf_view(&large), &kept), 0);
    assert_true(str_eq(buf_view(&kept), buf_view(&large)));
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(-1), 500, NULL);
    delivery = fetch(f->store);
    assert_true(str_eq(buf_view(&delivery.body), buf_view(&large)));
    store_delivery_release(&delivery);
    buf_release(&large);
    buf_release(&kept);
}

/* --- holding and notes ---------------------------------------------------------------------------------------------- */

static void a_hold_ends_with_the_last_note_or_by_itself(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    put_hooked(f->store, ON_COMPLETED, token);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_complete(f->store, token, claim.fence, STATUS_COMPLETED, STR("r"), 3600000), 0);
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 1, 0);
    assert_int_equal(store_annotate(f->store, token, STR("one"), false), 0);
    assert_nothing_due(f->store);
    assert_int_equal(store_annotate(f->store, token, STR("two"), true), 0);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(3600000), 500, NULL);
    assert_int_equal(store_annotate(f->store, token, STR("three"), true), 0); /* a retry is no hold */
    assert_nothing_due(f->store);
    put_hooked(f->store, ON_COMPLETED, token);
    take_expect(f->store, "hooked", 1, &claim);
    int64_t before = clock_realtime_ms();
    assert_int_equal(store_complete(f->store, token, claim.fence, STATUS_COMPLETED, STR("r"), 200), 0);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    assert_true(clock_realtime_ms() >= before + 200);
    deliver(f->store, &delivery);
    /* behind another one: the hold counts from the end all the same */
    put_hooked(f->store, ON_STARTED | ON_COMPLETED, token);
    take_expect(f->store, "hooked", 1, &claim);
    assert_int_equal(store_complete(f->store, token, claim.fence, STATUS_COMPLETED, STR("r"), 3600000), 0);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    deliver(f->store, &delivery);
    assert_nothing_due(f->store);
    assert_int_equal(store_annotate(f->store, token, STR("last"), true), 0);
    fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
}

static void assert_notes(struct store *store, const char *token, struct str notes)
{
    struct store_record record;
    assert_int_equal(store_get(store, token, &record), 0);
    assert_true(str_eq(buf_view(&record.notes), notes));
    store_record_release(&record);
}

static void count_change(void *context, const char *token)
{
    (void)token;
    counter_add(context, 1);
}

static void notes_are_kept(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    put(f->store, "x", token);
    assert_int_equal(store_annotate(f->store, token, STR("early"), false), -EBUSY);
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_annotate(f->store, token, STR("early"), false), -EBUSY);
    assert_notes(f->store, token, STR(""));
    finish(f->store, &claim, "result");
    assert_notes(f->store, token, STR(""));
    struct counter changes = COUNTER_INIT;
    struct store_watch *watch = store_watch(f->store, token, count_change, &changes);
    assert_int_equal(store_annotate(f->store, token, STR("a\0b"), false), 0);
    assert_true(counter_await(&changes, 1));
    assert_notes(f->store, token, STR("a\0b"));
    assert_int_equal(store_annotate(f->store, token, STR("later and longer"), true), 0);
    assert_true(counter_await(&changes, 2));
    store_unwatch(f->store, watch);
    fixture_reopen(f, NULL);
    assert_notes(f->store, token, STR("later and longer"));
    assert_status(f->store, token, STATUS_COMPLETED);
    put(f->store, "y", token);
    assert_int_equal(store_cancel(f->store, token), 0);
    assert_int_equal(store_annotate(f->store, token, STR("x"), true), -ECANCELED);
    assert_int_equal(store_forget(f->store, token), 0);
    assert_int_equal(store_annotate(f->store, token, STR("x"), true), -ENOENT);
}

/* --- resending, looking --------------------------------------------------------------------------------------------- */

static void the_dead_are_resent_as_they_were(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_STARTED | ON_COMPLETED, token);
    assert_int_equal(store_outbox_resend(f->store, token), -EBUSY);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    deliver(f->store, &delivery);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    seal_expect(f->store, &delivery, "body", "body");
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(-1), 500, "x");
    assert_int_equal(store_outbox_resend(f->store, token), -EBUSY);
    struct store_delivery again = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 2);
    settle_as(f->store, &again, STORE_OUTCOME_DEAD, 0, 500, "x");
    assert_int_equal(store_outbox_resend(f->store, token), 0); /* the dead one only */
    assert_outbox_depth(f->store, 1, 0);
    struct store_delivery resent = fetch(f->store);
    assert_string_equal(resent.id, delivery.id);
    assert_int_equal(resent.attempt, 1);
    assert_string_equal(buf_str(&resent.body), "body");
    assert_int_equal(try_settle(f->store, &again), -ESTALE);
    deliver(f->store, &resent);
    store_delivery_release(&resent);
    assert_nothing_due(f->store);
    assert_int_equal(store_outbox_resend(f->store, token), 0); /* none is dead: all, in their order */
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    assert_nothing_due(f->store);
    deliver(f->store, &delivery);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    assert_nothing_due(f->store);
}

static void what_is_owed_is_listed_in_pages(struct fixture *f)
{
    enum { COUNT = 7, PAGE = 3 };
    char tokens[COUNT][TOKEN_LEN + 1], cursor[STORE_CURSOR_SIZE];
    for (size_t i = 0; i < COUNT; i++)
        put_done(f->store, ON_COMPLETED, tokens[i]);
    for (size_t i = 0; i < COUNT; i++) {
        struct store_delivery delivery = fetch(f->store);
        bool dead = !strcmp(delivery.token, tokens[1]) || !strcmp(delivery.token, tokens[4]);
        if (dead)
            settle_as(f->store, &delivery, STORE_OUTCOME_DEAD, 0, 404, "answered 404");
        else
            settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(3600000), 500, NULL);
        store_delivery_release(&delivery);
    }
    static const size_t pending[] = {0, 2, 3, 5, 6};
    struct store_owed owed[PAGE];
    size_t count = 0, seen = 0;
    const char *after = NULL;
    do {
        assert_int_equal(store_outbox_list(f->store, STORE_OWED_PENDING, after, PAGE, owed, &count), 0);
        for (size_t i = 0; i < count; i++, seen++) {
            assert_true(seen < ARRAY_LEN(pending));
            assert_string_equal(owed[i].token, tokens[pending[seen]]);
            assert_int_equal(owed[i].state.status, STORE_OWED_PENDING);
            assert_true(owed[i].state.next_ms > clock_realtime_ms());
            memcpy(cursor, owed[i].cursor, sizeof(cursor));
            store_owed_release(&owed[i]);
        }
        after = cursor;
    } while (count > 0);
    assert_int_equal(seen, ARRAY_LEN(pending));
    assert_int_equal(store_outbox_list(f->store, STORE_OWED_DEAD, NULL, PAGE, owed, &count), 0);
    assert_int_equal(count, 2);
    assert_string_equal(owed[0].token, tokens[1]);
    assert_string_equal(owed[1].token, tokens[4]);
    assert_string_equal(owed[1].url, URL);
    assert_string_equal(owed[1].owner, "school");
    assert_int_equal(owed[1].kind, STORE_DELIVERY_COMPLETED);
    assert_int_equal(owed[1].state.status, STORE_OWED_DEAD);
    assert_int_equal(owed[1].state.attempts, 1);
    assert_int_equal(owed[1].state.last_status, 404);
    assert_string_equal(owed[1].state.last_error, "answered 404");
    for (size_t i = 0; i < count; i++)
        store_owed_release(&owed[i]);
    assert_outbox_depth(f->store, 5, 2);
}

static void the_oldest_is_known(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_outbox_depth depth;
    put_done(f->store, ON_COMPLETED, token);
    assert_int_equal(store_outbox_depth(f->store, &depth), 0);
    assert_in_range(depth.oldest_ms, 0, WAIT_MS);
    int64_t first_ms = depth.oldest_ms;
    struct store_delivery delivery = fetch_for(f->store, 50);
    store_delivery_release(&delivery);
    delivery = fetch(f->store); /* 50 ms later at the earliest */
    assert_int_equal(store_outbox_depth(f->store, &depth), 0);
    assert_in_range(depth.oldest_ms, first_ms + 40, first_ms + 40 + WAIT_MS);
    store_delivery_release(&delivery);
}

/* --- claims --------------------------------------------------------------------------------------------------------- */

static void a_claim_takes_at_most_what_it_asks_for(struct fixture *f)
{
    enum { COUNT = 10 };
    char token[TOKEN_LEN + 1];
    bool seen[COUNT] = {false};
    char tokens[COUNT][TOKEN_LEN + 1];
    for (size_t i = 0; i < COUNT; i++) {
        put_done(f->store, ON_STARTED | ON_COMPLETED, token);
        memcpy(tokens[i], token, sizeof(token));
    }
    static const size_t asked[] = {4, 4, 4};
    static const size_t expected[] = {4, 4, 2};
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct store_delivery deliveries[COUNT];
        size_t count = 0;
        assert_int_equal(store_outbox_claim(f->store, "t", DELIVERY_LEASE_MS, 0, asked[i], deliveries, &count), 0);
        assert_int_equal(count, expected[i]);
        for (size_t j = 0; j < count; j++) {
            for (size_t k = 0; k < COUNT; k++)
                if (!strcmp(tokens[k], deliveries[j].token)) {
                    assert_false(seen[k]);
                    seen[k] = true;
                }
            assert_int_equal(deliveries[j].kind, STORE_DELIVERY_STARTED);
            store_delivery_release(&deliveries[j]);
        }
    }
    assert_nothing_due(f->store);
}

struct waiting_claim {
    pthread_t thread;
    struct store *store;
    struct counter ended;
    struct store_delivery delivery;
    size_t count;
    int code;
};

static void *wait_for_one(void *argument)
{
    struct waiting_claim *waiting = argument;
    waiting->code = store_outbox_claim(waiting->store, "waiting", DELIVERY_LEASE_MS, 10 * WAIT_MS, 1,
                                       &waiting->delivery, &waiting->count);
    counter_add(&waiting->ended, 1);
    return NULL;
}

static void a_waiting_claim_is_served(struct fixture *f)
{
    struct waiting_claim waiting = {.store = f->store, .ended = COUNTER_INIT};
    assert_int_equal(pthread_create(&waiting.thread, NULL, wait_for_one, &waiting), 0);
    char token[TOKEN_LEN + 1];
    put_done(f->store, ON_COMPLETED, token);
    assert_true(counter_await(&waiting.ended, 1));
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.code, 0);
    assert_int_equal(waiting.count, 1);
    assert_string_equal(waiting.delivery.token, token);
    deliver(f->store, &waiting.delivery);
    store_delivery_release(&waiting.delivery);
}

static void an_interrupt_wakes_claims(struct fixture *f)
{
    struct waiting_claim waiting = {.store = f->store, .ended = COUNTER_INIT};
    assert_int_equal(pthread_create(&waiting.thread, NULL, wait_for_one, &waiting), 0);
    store_interrupt(f->store);
    assert_true(counter_await(&waiting.ended, 1));
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.code, -ECANCELED);
    assert_int_equal(store_outbox_claim(f->store, "t", 1000, 1000, 1, &waiting.delivery, &waiting.count), -ECANCELED);
}

static void a_claim_gives_up_after_its_time(struct fixture *f)
{
    struct store_delivery delivery;
    size_t count;
    int64_t start = clock_monotonic_ns();
    assert_int_equal(store_outbox_claim(f->store, "t", 1000, 100, 1, &delivery, &count), -EAGAIN);
    assert_true(clock_monotonic_ns() - start >= 100 * NS_PER_MS);
    assert_int_equal(store_outbox_claim(f->store, "t", 0, 100, 1, &delivery, &count), -EINVAL);
    assert_int_equal(store_outbox_claim(f->store, "t", 1000, 100, 0, &delivery, &count), -EINVAL);
}

/* --- how long rows live --------------------------------------------------------------------------------------------- */

static void forgetting_drops_what_is_owed(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    struct store_record record;
    put_done(f->store, ON_STARTED | ON_COMPLETED, token);
    struct store_delivery delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    assert_int_equal(store_forget(f->store, token), 0);
    assert_int_equal(store_get(f->store, token, &record), -ENOENT);
    assert_int_equal(try_settle(f->store, &delivery), -ESTALE);
    assert_int_equal(try_seal(f->store, &delivery, STR("x")), -ESTALE);
    assert_nothing_due(f->store);
    assert_outbox_depth(f->store, 0, 0);
    assert_int_equal(store_outbox_resend(f->store, token), -ENOENT);
}

static void what_is_owed_outlives_the_retention(struct fixture *f)
{
    char owed[TOKEN_LEN + 1], delivered[TOKEN_LEN + 1], dead[TOKEN_LEN + 1];
    struct store_record record;
    put_done(f->store, ON_COMPLETED, delivered);
    struct store_delivery delivery = fetch_expect(f->store, delivered, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    put_done(f->store, ON_COMPLETED, dead);
    delivery = fetch_expect(f->store, dead, STORE_DELIVERY_COMPLETED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_DEAD, 0, 410, NULL);
    put_done(f->store, ON_COMPLETED, owed);
    assert_int_equal(store_sweep(f->store, later(2 * RETENTION_MS)), 0);
    assert_int_equal(store_get(f->store, delivered, &record), -ENOENT);
    assert_int_equal(store_get(f->store, dead, &record), -ENOENT);
    assert_outbox_depth(f->store, 1, 0);
    delivery = fetch_expect(f->store, owed, STORE_DELIVERY_COMPLETED, 0, 1);
    deliver(f->store, &delivery);
    assert_int_equal(store_sweep(f->store, later(2 * RETENTION_MS)), 0);
    assert_int_equal(store_get(f->store, owed, &record), -ENOENT);
    assert_outbox_depth(f->store, 0, 0);
}

static void what_is_owed_outlives_the_process(struct fixture *f)
{
    char token[TOKEN_LEN + 1], retried[TOKEN_LEN + 1], dead[TOKEN_LEN + 1];
    put_done(f->store, ON_COMPLETED, retried);
    struct store_delivery delivery = fetch_expect(f->store, retried, STORE_DELIVERY_COMPLETED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_RETRY, later(3600000), 500, "x");
    put_done(f->store, ON_COMPLETED, dead);
    delivery = fetch_expect(f->store, dead, STORE_DELIVERY_COMPLETED, 0, 1);
    settle_as(f->store, &delivery, STORE_OUTCOME_DEAD, 0, 410, NULL);
    put_done(f->store, ON_STARTED | ON_COMPLETED, token);
    fixture_reopen(f, NULL);
    assert_outbox_depth(f->store, 3, 1);
    assert_state(f->store, retried, STORE_OWED_PENDING, 1, 500, "x");
    assert_state(f->store, dead, STORE_OWED_DEAD, 1, 410, NULL);
    delivery = fetch_expect(f->store, token, STORE_DELIVERY_STARTED, 0, 1);
    assert_nothing_due(f->store);
    deliver(f->store, &delivery);
    fetch_expect(f->store, token, STORE_DELIVERY_COMPLETED, 0, 1);
}

const struct contract_case outbox_cases[] = {
    CASE(without_a_url_nothing_is_owed),
    CASE(completion_is_owed_and_delivered),
    CASE(cancellation_and_failure_are_owed),
    CASE(refused_changes_owe_nothing),
    CASE(events_come_in_the_order_they_happened),
    CASE(work_done_again_owes_nothing_new),
    CASE(only_what_was_asked_for_is_owed),
    CASE(owner_and_priority_are_carried),
    CASE(nonsense_is_refused),
    CASE(a_retry_waits_for_its_time),
    CASE(what_is_held_is_not_counted),
    CASE(the_dead_let_the_next_one_go),
    CASE(a_lapsed_lease_is_taken_over),
    CASE(a_body_is_sealed_once),
    CASE(a_hold_ends_with_the_last_note_or_by_itself),
    CASE(notes_are_kept),
    CASE(the_dead_are_resent_as_they_were),
    CASE(what_is_owed_is_listed_in_pages),
    CASE(the_oldest_is_known),
    CASE(a_claim_takes_at_most_what_it_asks_for),
    CASE(a_waiting_claim_is_served),
    CASE(an_interrupt_wakes_claims),
    CASE(a_claim_gives_up_after_its_time),
    CASE(forgetting_drops_what_is_owed),
    CASE(what_is_owed_outlives_the_retention),
    CASE(what_is_owed_outlives_the_process),
    {0},
};
