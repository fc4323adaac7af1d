/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_writer.c: the writer's thread: takes all that has been handed in, runs it as one transaction, and answers.
 *
 * While one transaction is being synced to the disk, the next callers queue up: the slower the disk, the more share a sync.
 * When the file fails in the middle, nobody is made to suffer for another's 16 MiB: everything is rolled back, in the file and
 * in live, and each operation is tried in a transaction of its own; only those that fail then are told so.
 */
#include <errno.h>

#include "base/clock.h"
#include "store/sqlite_store.h"

void sqlite_hand_in(struct sqlite_store *s, struct op *op)
{
    pthread_mutex_lock(&s->lock);
    STAILQ_INSERT_TAIL(&s->queue, op, link);
    s->queue_count++;
    if (s->queue_count == 1 || s->queue_count >= s->crowd)
        pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
}

int sqlite_wait(struct sqlite_store *s, struct op *op)
{
    pthread_cond_init(&op->cond, NULL);
    sqlite_hand_in(s, op);
    pthread_mutex_lock(&s->lock);
    while (!op->done)
        pthread_cond_wait(&op->cond, &s->lock);
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&op->cond);
    return op->code;
}

/* Claims were taken on the word of a transaction: either they stand, or the claimers wait on as before. */
static void settle_claims(struct sqlite_store *s, bool committed)
{
    struct claimer *claimer;
    if (committed) {
        TAILQ_FOREACH(claimer, &s->taken, link)
        {
            claimer->entry->lease_until_ms = sqlite_steady_ms(s) + s->config.lease_ms;
            struct buf *request = claimer->entry->fresh_request;
            claimer->has_request = request != NULL;
            if (request) { /* stored in this transaction: no need to read it back */
                claimer->claim.request = *request;
                *request = BUF_INIT;
            }
        }
        return;
    }
    while ((claimer = TAILQ_LAST(&s->taken, claimer_list))) {
        TAILQ_REMOVE(&s->taken, claimer, link);
        TAILQ_INSERT_HEAD(&s->claimers, claimer, link);
        claimer->state = CLAIM_WAITING;
        pthread_cond_signal(&claimer->cond); /* it may have been interrupted, or its time may be up */
    }
}

static void tell_watchers(struct sqlite_store *s, struct touched_list *touched, bool committed)
{
    while (!STAILQ_EMPTY(touched)) {
        struct entry *entry = STAILQ_FIRST(touched);
        STAILQ_REMOVE_HEAD(touched, touch);
        if (committed)
            watch_notify(s->base.watches, entry->token);
        if (entry_gone(entry))
            entry_free(entry);
    }
    for (size_t at = 0; committed && at < s->changed.len; at += strlen(s->changed.data + at) + 1)
        watch_notify(s->base.watches, s->changed.data + at);
    buf_clear(&s->changed);
}

static void settle(struct sqlite_store *s, bool committed)
{
    struct touched_list touched;
    pthread_mutex_lock(&s->lock);
    settle_claims(s, committed);
    sqlite_settle_dispatch(s, committed);
    live_settle(&s->live, committed, &touched);
    pthread_mutex_unlock(&s->lock);
    tell_watchers(s, &touched, committed);
    s->batch_bytes = 0;
}

static int transact(struct sqlite_store *s, struct op_list *ops, bool claims)
{
    bool shared = s->reader == s->db;
    if (shared)
        pthread_mutex_lock(&s->read_lock);
    sqlite3_int64 changes = sqlite3_total_changes64(s->db);
    int r = sql_run(s, SQL_BEGIN, "");
    struct op *op;
    STAILQ_FOREACH(op, ops, link)
    {
        if (r < 0)
            break;
        op->code = 0;
        r = op->run(s, op);
    }
    if (r == 0 && claims)
        r = sqlite_run_claims(s);
    if (r == 0 && claims)
        r = sqlite_run_dispatch(s);
    if (r == 0)
        r = sql_run(s, SQL_COMMIT, "");
    if (r < 0 && !sqlite3_get_autocommit(s->db))
        sql_run(s, SQL_ROLLBACK, "");
    if (r < 0 || sqlite3_total_changes64(s->db) != changes)
        s->broken = r;
    if (shared)
        pthread_mutex_unlock(&s->read_lock);
    settle(s, r == 0);
    return r;
}

static void answer_ops(struct sqlite_store *s, struct op_list *ops)
{
    struct op *op;
    while ((op = STAILQ_FIRST(ops))) {
        STAILQ_REMOVE_HEAD(ops, link);
        if (op->answer) {
            op->answer(s, op);
            continue;
        }
        pthread_mutex_lock(&s->lock);
        op->done = true;
        pthread_cond_signal(&op->cond); /* with the lock held: afterwards op may be gone */
        pthread_mutex_unlock(&s->lock);
    }
}

/* Those who got something; with code < 0 everybody who waits. */
static void answer_claims(struct sqlite_store *s, int code)
{
    struct claimer_list *from = code < 0 ? &s->claimers : &s->taken;
    pthread_mutex_lock(&s->lock);
    struct claimer *claimer;
    while ((claimer = TAILQ_FIRST(from))) {
        TAILQ_REMOVE(from, claimer, link);
        claimer->code = code;
        claimer->state = CLAIM_DONE;
        pthread_cond_signal(&claimer->cond);
    }
    sqlite_answer_dispatch(s, code);
    pthread_mutex_unlock(&s->lock);
}

static void work_one_by_one(struct sqlite_store *s, struct op_list *batch)
{
    struct op *op;
    while ((op = STAILQ_FIRST(batch))) {
        STAILQ_REMOVE_HEAD(batch, link);
        struct op_list one = STAILQ_HEAD_INITIALIZER(one);
        STAILQ_INSERT_TAIL(&one, op, link);
        int r = transact(s, &one, false);
        if (r < 0)
            op->code = r;
        answer_ops(s, &one);
    }
    answer_claims(s, transact(s, batch, true));
}

static void work(struct sqlite_store *s, struct op_list *batch)
{
    if (transact(s, batch, true) < 0) {
        work_one_by_one(s, batch);
        return;
    }
    answer_claims(s, 0);
    answer_ops(s, batch);
}

/* Every second: leases and retention. In small steps, without a pause as long as there is more to forget. */
static void sweep(struct sqlite_store *s)
{
    struct op op = {.run = sqlite_run_sweep, .lease_now_ms = sqlite_steady_ms(s), .expire_now_ms = clock_realtime_ms()};
    struct op_list only = STAILQ_HEAD_INITIALIZER(only);
    STAILQ_INSERT_TAIL(&only, &op, link);
    int r = transact(s, &only, false);
    s->next_sweep_ns = r == 0 && op.more ? 0 : clock_monotonic_ns() + NS_PER_S;
}

static bool something_to_do(const struct sqlite_store *s)
{
    return s->stopping || !STAILQ_EMPTY(&s->queue) ||
           (!s->interrupted && ((!TAILQ_EMPTY(&s->claimers) && owners_first(&s->live.owners)) ||
                                (!TAILQ_EMPTY(&s->dispatchers) && s->next_due_ms <= clock_realtime_ms())));
}

/* When to look again without being called: the next sweep, or the next row of the outbox that somebody waits for. */
static int64_t next_look_ns(const struct sqlite_store *s)
{
    int64_t left_ms = s->next_due_ms - clock_realtime_ms(), now_ns = clock_monotonic_ns();
    bool soon = !s->interrupted && !TAILQ_EMPTY(&s->dispatchers) && left_ms < (s->next_sweep_ns - now_ns) / NS_PER_MS;
    return soon ? now_ns + MAX(left_ms, 1) * NS_PER_MS : s->next_sweep_ns;
}

static int wait_for_work(struct sqlite_store *s, int64_t until_ns)
{
    struct timespec until = clock_timespec(until_ns);
    return pthread_cond_timedwait(&s->work, &s->lock, &until);
}

/*
 * Callers who are answered together come back together, but not in the same microsecond: without this the first of a crowd
 * would have a sync of its own and the others wait for it. So the writer gives as many as came last time a small part of what
 * a batch costs to come again. A lone caller never waits.
 */
static void gather(struct sqlite_store *s)
{
    int64_t until_ns = clock_monotonic_ns() + MIN(s->last_work_ns / 8, NS_PER_MS);
    while (s->queue_count < s->crowd && !s->stopping)
        if (wait_for_work(s, until_ns) == ETIMEDOUT)
            break;
}

/* Waits for work, or for the time of the next sweep. False when it is time to end. */
static bool take_batch(struct sqlite_store *s, struct op_list *batch)
{
    pthread_mutex_lock(&s->lock);
    while (!something_to_do(s)) {
        sqlite_nothing_due(s);
        if (wait_for_work(s, next_look_ns(s)) == ETIMEDOUT)
            break;
    }
    if (s->queue_count > 0)
        gather(s);
    STAILQ_CONCAT(batch, &s->queue);
    s->crowd = s->queue_count;
    s->queue_count = 0;
    bool more = !s->stopping || !STAILQ_EMPTY(batch);
    pthread_mutex_unlock(&s->lock);
    return more;
}

void *sqlite_writer_main(void *store)
{
    struct sqlite_store *s = store;
    struct op_list batch = STAILQ_HEAD_INITIALIZER(batch);
    while (take_batch(s, &batch)) {
        int64_t start_ns = clock_monotonic_ns();
        work(s, &batch);
        s->last_work_ns = clock_monotonic_ns() - start_ns;
        if (clock_monotonic_ns() >= s->next_sweep_ns)
            sweep(s);
    }
    return NULL;
}
