/* SPDX-License-Identifier: Apache-2.0 */
/* contract_queue.c: what store.h promises of submitting, idempotency keys, the order of the queue and claims. */
#include "contract.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"

/* --- submit, get ---------------------------------------------------------------------------------------------------- */

static void submitted_is_there(struct fixture *f)
{
    struct store_submission submission = submission_of("hello");
    struct store_receipt receipt = submit_wait(f->store, &submission);
    assert_int_equal(receipt.code, 0);
    assert_string_equal(receipt.token, submission.token);
    assert_int_equal(receipt.status, STATUS_QUEUED);
    assert_int_equal(receipt.created_ms, submission.created_ms);
    struct store_record record;
    assert_int_equal(store_get(f->store, receipt.token, &record), 0);
    assert_int_equal(record.status, STATUS_QUEUED);
    assert_int_equal(record.attempts, 0);
    assert_int_equal(record.created_ms, submission.created_ms);
    assert_int_equal(record.started_ms, 0);
    assert_int_equal(record.finished_ms, 0);
    assert_string_equal(buf_str(&record.request), "hello");
    assert_int_equal(record.result.len, 0);
    assert_null(record.message);
    assert_int_equal(record.event_count, 0);
    store_record_release(&record);
}

static void unknown_is_not_there(struct fixture *f)
{
    char token[TOKEN_LEN + 1];
    token_new(token);
    struct store_record record;
    assert_int_equal(store_get(f->store, token, &record), -ENOENT);
    assert_int_equal(store_get(f->store, "", &record), -ENOENT);
    assert_int_equal(store_get(f->store, "' OR 1=1 --", &record), -ENOENT);
    assert_int_equal(store_cancel(f->store, token), -ENOENT);
    assert_int_equal(store_forget(f->store, token), -ENOENT);
    assert_int_equal(store_renew(f->store, token, 1), -ESTALE);
    assert_int_equal(store_release(f->store, token, 1), -ESTALE);
    assert_int_equal(store_progress(f->store, token, 1, STORE_EVENT_TEST, 0, STR("x")), -ESTALE);
    assert_int_equal(store_complete(f->store, token, 1, STATUS_COMPLETED, STR("x"), 0), -ESTALE);
}

static void bytes_are_kept_exactly(struct fixture *f)
{
    enum { LARGE = 16 << 20 };
    unsigned char every[1024];
    for (size_t i = 0; i < sizeof(every); i++)
        every[i] = (unsigned char)(i * 7);
    struct buf large = BUF_INIT;
    buf_reserve(&large, LARGE);
    while (large.len < LARGE)
        buf_append(&large, every, sizeof(every));
    const struct str requests[] = {
        {.data = "", .len = 0}, {.data = (const char *)every, .len = sizeof(every)}, buf_view(&large)};
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct store_submission submission = submission_of("");
        submission.request = requests[i];
        assert_int_equal(submit_wait(f->store, &submission).code, 0);
        struct store_claim claim = take(f->store);
        assert_true(str_eq(buf_view(&claim.request), requests[i]));
        assert_int_equal(store_progress(f->store, claim.token, claim.fence, STORE_EVENT_TEST, 1, STR("a\0b")), 0);
        struct store_record record;
        assert_int_equal(store_get(f->store, claim.token, &record), 0);
        assert_true(str_eq(buf_view(&record.request), requests[i]));
        assert_int_equal(record.event_count, 1);
        assert_true(str_eq(buf_view(&record.events[0].data), STR("a\0b")));
        store_record_release(&record);
        assert_int_equal(store_complete(f->store, claim.token, claim.fence, STATUS_COMPLETED, requests[i], 0), 0);
        assert_int_equal(store_get(f->store, claim.token, &record), 0);
        assert_true(str_eq(buf_view(&record.request), requests[i]));
        assert_true(str_eq(buf_view(&record.result), requests[i]));
        store_record_release(&record);
        buf_release(&claim.request);
    }
    buf_release(&large);
}

static void nonsense_is_refused(struct fixture *f)
{
    struct store_submission submission = submission_of("x");
    submission.priority = 11;
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    submission.priority = -11;
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    submission = submission_of("x");
    submission.token[3] = '/';
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    char key[STORE_KEY_MAX + 2];
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    submission = submission_of("x");
    submission.idempotency_key = key;
    assert_int_equal(submit_wait(f->store, &submission).code, -EINVAL);
    key[STORE_KEY_MAX] = '\0';
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    /* the same token again, which no caller should do */
    submission.idempotency_key = NULL;
    assert_int_equal(submit_wait(f->store, &submission).code, -ENOTUNIQ);
    assert_depth(f->store, 1, 0);
    struct store_claim claim;
    take_expect(f->store, "x", 1, &claim);
    assert_int_equal(store_complete(f->store, claim.token, claim.fence, STATUS_RUNNING, STR("x"), 0), -EINVAL);
    assert_int_equal(store_complete(f->store, claim.token, claim.fence, STATUS_CANCELLED, STR("x"), 0), -EINVAL);
    assert_status(f->store, claim.token, STATUS_RUNNING);
}

/* --- idempotency ---------------------------------------------------------------------------------------------------- */

static struct store_submission with_key(const char *request, const char *key, unsigned char digest)
{
    struct store_submission submission = submission_of(request);
    submission.idempotency_key = key;
    memset(submission.body_digest, digest, sizeof(submission.body_digest));
    return submission;
}

static void a_key_makes_one_submission(struct fixture *f)
{
    struct store_submission first = with_key("one", "key", 1), same = with_key("one", "key", 1),
                            other = with_key("two", "key", 2), another_key = with_key("one", "Key", 1);
    first.created_ms -= 5000;
    assert_int_equal(submit_wait(f->store, &first).code, 0);
    struct store_receipt receipt = submit_wait(f->store, &same);
    assert_int_equal(receipt.code, 0);
    assert_true(receipt.repeated);
    assert_string_equal(receipt.token, first.token);
    assert_int_equal(receipt.created_ms, first.created_ms);
    assert_int_equal(receipt.status, STATUS_QUEUED);
    assert_int_equal(submit_wait(f->store, &other).code, -EEXIST);
    assert_false(submit_wait(f->store, &another_key).repeated);
    assert_depth(f->store, 2, 0);
    struct store_record record;
    assert_int_equal(store_get(f->store, same.token, &record), -ENOENT);
    assert_int_equal(store_get(f->store, other.token, &record), -ENOENT);
}

static void a_key_is_known_until_forgotten(struct fixture *f)
{
    struct store_submission first = with_key("one", "key", 1), second = with_key("one", "key", 1);
    assert_int_equal(submit_wait(f->store, &first).code, 0);
    struct store_claim claim;
    take_expect(f->store, "one", 1, &claim);
    assert_int_equal(submit_wait(f->store, &second).status, STATUS_RUNNING);
    finish(f->store, &claim, "done");
    struct store_receipt receipt = submit_wait(f->store, &second);
    assert_true(receipt.repeated);
    assert_int_equal(receipt.status, STATUS_COMPLETED);
    fixture_reopen(f, NULL);
    assert_true(submit_wait(f->store, &second).repeated);
    assert_int_equal(store_forget(f->store, first.token), 0);
    receipt = submit_wait(f->store, &second);
    assert_int_equal(receipt.code, 0);
    assert_false(receipt.repeated);
    assert_string_equal(receipt.token, second.token);
}

static void a_key_counts_when_full(struct fixture *f)
{
    struct store_config small = f->config;
    small.max_depth = 1;
    fixture_reopen(f, &small);
    struct store_submission first = with_key("one", "key", 1), second = with_key("one", "key", 1);
    assert_int_equal(submit_wait(f->store, &first).code, 0);
    assert_true(submit_wait(f->store, &second).repeated);
}

struct race {
    struct store *store;
    struct counter answered;
    atomic_size_t next; /* receipts may come from several threads */
    struct store_receipt receipts[64];
};

static void note_receipt(void *context, const struct store_receipt *receipt)
{
    struct race *race = context;
    race->receipts[atomic_fetch_add(&race->next, 1)] = *receipt;
    counter_add(&race->answered, 1);
}

static void a_key_holds_in_a_crowd(struct fixture *f)
{
    /* All handed in before the first is answered: they meet inside one transaction. */
    struct race race = {.answered = COUNTER_INIT};
    for (size_t i = 0; i < ARRAY_LEN(race.receipts); i++) {
        struct store_submission submission = with_key("one", "key", 1);
        store_submit(f->store, &submission, note_receipt, &race);
    }
    assert_true(counter_await(&race.answered, ARRAY_LEN(race.receipts)));
    size_t new = 0;
    for (size_t i = 0; i < ARRAY_LEN(race.receipts); i++) {
        assert_int_equal(race.receipts[i].code, 0);
        assert_string_equal(race.receipts[i].token, race.receipts[0].token);
        new += !race.receipts[i].repeated;
    }
    assert_int_equal(new, 1);
    assert_depth(f->store, 1, 0);
}

/* --- order and claims ----------------------------------------------------------------------------------------------- */

static void first_in_first_out(struct fixture *f)
{
    char name[16];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        put(f->store, name, NULL);
    }
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        take_expect(f->store, name, 1, NULL);
    }
    assert_nothing_waits(f->store);
}

static void higher_priority_first(struct fixture *f)
{
    static const struct {
        const char *name;
        int priority;
    } given[] = {{"c1", 0}, {"e", -10}, {"b", 1}, {"a1", 10}, {"c2", 0}, {"d", -1}, {"a2", 10}};
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        put_priority(f->store, given[i].name, given[i].priority, NULL);
    fixture_reopen(f, NULL); /* the order is in the file, not only in memory */
    static const char *const expected[] = {"a1", "a2", "b", "c1", "c2", "d", "e"};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        take_expect(f->store, expected[i], 1, NULL);
}

static void depth_counts_what_has_ended(struct fixture *f)
{
    struct store_depth before, after;
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    put(f->store, "a", NULL);
    assert_int_equal(store_depth(f->store, &before), 0);
    take_expect(f->store, "a", 1, &claim);
    assert_int_equal(store_release(f->store, claim.token, claim.fence), 0);
    assert_int_equal(store_depth(f->store, &after), 0);
    assert_int_equal(after.finished, before.finished);
    take_expect(f->store, "a", 1, &claim);
    finish(f->store, &claim, "done");
    put(f->store, "b", token);
    assert_int_equal(store_cancel(f->store, token), 0);
    assert_int_equal(store_forget(f->store, token), 0);
    assert_int_equal(store_depth(f->store, &after), 0);
    assert_int_equal(after.finished, before.finished + 2);
}

static void put_at(struct store *store, const char *request, int priority, int64_t created_ms)
{
    struct store_submission submission = submission_of(request);
    submission.priority = priority;
    submission.created_ms = created_ms;
    assert_int_equal(submit_wait(store, &submission).code, 0);
}

static void low_priority_ages(struct fixture *f)
{
    const int64_t now = later(0), worth = 20 * STORE_AGEING_MS; /* of the way from -10 to 10 */
    put_at(f->store, "old", -10, now - worth - 5000);
    put_at(f->store, "younger", -10, now - worth + 60000);
    put_at(f->store, "new", 10, now);
    take_expect(f->store, "old", 1, NULL);
    take_expect(f->store, "new", 1, NULL);
    take_expect(f->store, "younger", 1, NULL);
}

/* However many come at a high priority, one that waits is never more than its ageing behind. */
static void none_starves(struct fixture *f)
{
    const int64_t begin = later(-3600000);
    put_at(f->store, "low", -10, begin);
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof(name), "high%d", i);
        put_at(f->store, name, 10, begin + i * STORE_AGEING_MS);
    }
    fixture_reopen(f, NULL);
    for (int i = 0; i <= 50; i++) {
        struct store_claim claim = take(f->store);
        bool low = strcmp(buf_str(&claim.request), "low") == 0;
        buf_release(&claim.request);
        assert_int_equal(low,
                         i == 20); /* after those within 20 steps of ageing; of two equals the first to come is first */
    }
}

/* Also among those that are queued again. */
static void order_is_of_creation(struct fixture *f)
{
    struct store_claim claims[3];
    const int64_t begin = later(-10000);
    for (int i = 0; i < 7; i++) {
        char name[2] = {(char)('a' + i), 0};
        put_at(f->store, name, 0, begin + i * 10);
    }
    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        claims[i] = take(f->store);
        buf_release(&claims[i].request);
    }
    put_at(f->store, "late", 0, begin + 15); /* between b and c: stamped before, arrived after */
    static const size_t back[] = {1, 2, 0};
    for (size_t i = 0; i < ARRAY_LEN(back); i++)
        assert_int_equal(store_release(f->store, claims[back[i]].token, claims[back[i]].fence), 0);
    static const char *const expected[] = {"a", "b", "late", "c", "d", "e", "f", "g"};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        take_expect(f->store, expected[i], 1, NULL);
}

/* Submits count requests "<owner>0", "<owner>1", … */
static void put_owned(struct store *store, const char *owner, unsigned share, int count)
{
    for (int i = 0; i < count; i++) {
        char request[32];
        snprintf(request, sizeof(request), "%s%d", owner, i);
        struct store_submission submission = submission_of(request);
        submission.owner = owner;
        submission.share = share;
        assert_int_equal(submit_wait(store, &submission).code, 0);
    }
}

/* Of the next count claims, which are completed, how many are owner's; each is that owner's next one, from *next on. */
static int take_owned(struct store *store, const char *owner, int count, int *next)
{
    int found = 0;
    for (int i = 0; i < count; i++) {
        struct store_claim claim = take(store);
        if (strcmp(claim.owner, owner) == 0) {
            char expected[32];
            snprintf(expected, sizeof(expected), "%s%d", owner, (*next)++);
            assert_string_equal(buf_str(&claim.request), expected);
            found++;
        }
        buf_release(&claim.request);
        finish(store, &claim, "done"); /* or a store that is opened again might queue it again */
    }
    return found;
}

static void owners_take_turns(struct fixture *f)
{
    int next = 0;
    put_owned(f->store, "crowd", 1, 60);
    put_owned(f->store, "single", 1, 1);
    assert_int_equal(take_owned(f->store, "single", 2, &next), 1); /* sixty others came before */
    put_owned(f->store, "pair", 1, 20);
    next = 0;
    assert_in_range(take_owned(f->store, "pair", 20, &next), 9, 11);
}

static void shares_weigh(struct fixture *f)
{
    int next = 0;
    put_owned(f->store, "light", 1, 40);
    put_owned(f->store, "heavy", 3, 40);
    assert_in_range(take_owned(f->store, "heavy", 24, &next), 17, 19);
    fixture_reopen(f, NULL); /* names and shares are kept; what had been served is not */
    assert_in_range(take_owned(f->store, "heavy", 20, &next), 14, 16);
    for (int i = 0; i < 6; i++) {
        struct store_claim claim = take(f->store);
        assert_int_equal(claim.share, strcmp(claim.owner, "heavy") == 0 ? 3 : 1);
        buf_release(&claim.request);
    }
}

static void an_idle_owner_saves_nothing_up(struct fixture *f)
{
    int next = 0;
    put_owned(f->store, "idle", 1, 1);
    assert_int_equal(take_owned(f->store, "idle", 1, &next), 1);
    put_owned(f->store, "busy", 1, 60);
    next = 0;
    assert_int_equal(take_owned(f->store, "busy", 30, &next), 30);
    put_owned(f->store, "idle", 1, 20);
    assert_in_range(take_owned(f->store, "busy", 20, &next), 9, 11);
}

static void an_owner_may_have_only_so_many_waiting(struct fixture *f)
{
    struct store_submission submission = submission_of("more");
    submission.owner = "a";
    submission.max_waiting = 2;
    put_owned(f->store, "a", 1, 2);
    assert_int_equal(submit_wait(f->store, &submission).code, -EDQUOT);
    struct store_submission other = submission_of("other");
    other.owner = "b";
    other.max_waiting = 1;
    assert_int_equal(submit_wait(f->store, &other).code, 0);
    struct store_claim claim = take(f->store);
    assert_string_equal(claim.owner, "a");
    buf_release(&claim.request);
    assert_int_equal(submit_wait(f->store, &submission).code, 0); /* what runs does not count */
    assert_depth(f->store, 3, 1);
}

static void a_claim_says_all(struct fixture *f)
{
    struct store_submission submission = submission_of("work");
    submit_wait(f->store, &submission);
    int64_t before = clock_realtime_ms();
    struct store_claim claim = take(f->store);
    assert_string_equal(claim.token, submission.token);
    assert_true(claim.fence > 0);
    assert_int_equal(claim.attempt, 1);
    assert_int_equal(claim.created_ms, submission.created_ms);
    assert_string_equal(buf_str(&claim.request), "work");
    buf_release(&claim.request);
    struct store_record record;
    assert_int_equal(store_get(f->store, claim.token, &record), 0);
    assert_int_equal(record.status, STATUS_RUNNING);
    assert_int_equal(record.attempts, 1);
    assert_true(record.started_ms >= before && record.started_ms <= clock_realtime_ms());
    store_record_release(&record);
    assert_depth(f->store, 0, 1);
}

static void a_claim_times_out(struct fixture *f)
{
    struct store_claim claim;
    assert_int_equal(store_claim(f->store, "w", 0, &claim), -EAGAIN);
    assert_int_equal(store_claim(f->store, "w", -1, &claim), -EAGAIN);
    int64_t before = clock_monotonic_ns();
    assert_int_equal(store_claim(f->store, "w", 50, &claim), -EAGAIN);
    assert_true(clock_monotonic_ns() - before >= 50 * NS_PER_MS);
    put(f->store, "x", NULL); /* the ones that gave up must not have taken it */
    assert_int_equal(store_claim(f->store, "w", 0, &claim), 0);
    buf_release(&claim.request);
}

struct claiming {
    struct store *store;
    pthread_t thread;
    struct counter *started;
    int timeout_ms, code;
    struct store_claim claim;
};

static void *claim_in_thread(void *argument)
{
    struct claiming *claiming = argument;
    counter_add(claiming->started, 1);
    claiming->code = store_claim(claiming->store, "thread", claiming->timeout_ms, &claiming->claim);
    return NULL;
}

static void a_waiting_claim_gets_it(struct fixture *f)
{
    struct counter started = COUNTER_INIT;
    struct claiming claiming[4];
    for (size_t i = 0; i < ARRAY_LEN(claiming); i++) {
        claiming[i] = (struct claiming){.store = f->store, .started = &started, .timeout_ms = WAIT_MS};
        assert_int_equal(pthread_create(&claiming[i].thread, NULL, claim_in_thread, &claiming[i]), 0);
    }
    assert_true(counter_await(&started, ARRAY_LEN(claiming)));
    char tokens[ARRAY_LEN(claiming)][TOKEN_LEN + 1];
    for (size_t i = 0; i < ARRAY_LEN(claiming); i++)
        put(f->store, "same", tokens[i]);
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LEN(claiming); i++) {
        pthread_join(claiming[i].thread, NULL);
        assert_int_equal(claiming[i].code, 0);
        assert_string_equal(buf_str(&claiming[i].claim.request), "same");
        buf_release(&claiming[i].claim.request);
        for (size_t j = 0; j < ARRAY_LEN(tokens); j++)
            found += !strcmp(tokens[j], claiming[i].claim.token);
    }
    assert_int_equal(found, ARRAY_LEN(claiming)); /* each token once: they are distinct, and so are the claims */
    for (size_t i = 0; i < ARRAY_LEN(claiming); i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(claiming[i].claim.token, claiming[j].claim.token);
    assert_depth(f->store, 0, ARRAY_LEN(claiming));
}

static void interrupt_wakes_claims(struct fixture *f)
{
    struct counter started = COUNTER_INIT;
    struct claiming claiming[3];
    for (size_t i = 0; i < ARRAY_LEN(claiming); i++) {
        claiming[i] = (struct claiming){.store = f->store, .started = &started, .timeout_ms = 60 * 60 * 1000};
        assert_int_equal(pthread_create(&claiming[i].thread, NULL, claim_in_thread, &claiming[i]), 0);
    }
    assert_true(counter_await(&started, ARRAY_LEN(claiming)));
    store_interrupt(f->store);
    for (size_t i = 0; i < ARRAY_LEN(claiming); i++) {
        pthread_join(claiming[i].thread, NULL);
        assert_int_equal(claiming[i].code, -ECANCELED);
    }
    put(f->store, "x", NULL); /* the rest of the store goes on */
    struct store_claim claim;
    assert_int_equal(store_claim(f->store, "w", WAIT_MS, &claim), -ECANCELED);
    assert_depth(f->store, 1, 0);
}

const struct contract_case queue_cases[] = {
    CASE(submitted_is_there),
    CASE(unknown_is_not_there),
    CASE(bytes_are_kept_exactly),
    CASE(nonsense_is_refused),
    CASE(a_key_makes_one_submission),
    CASE(a_key_is_known_until_forgotten),
    CASE(a_key_counts_when_full),
    CASE(a_key_holds_in_a_crowd),
    CASE(first_in_first_out),
    CASE(higher_priority_first),
    CASE(low_priority_ages),
    CASE(none_starves),
    CASE(depth_counts_what_has_ended),
    CASE(owners_take_turns),
    CASE(shares_weigh),
    CASE(an_idle_owner_saves_nothing_up),
    CASE(an_owner_may_have_only_so_many_waiting),
    CASE(order_is_of_creation),
    CASE(a_claim_says_all),
    CASE(a_claim_times_out),
    CASE(a_waiting_claim_gets_it),
    CASE(interrupt_wakes_claims),
    {NULL, NULL},
};
