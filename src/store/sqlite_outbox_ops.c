/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_outbox_ops.c: the outbox inside the writer's transaction.
 *
 * Only the first pending row of a submission has a due_ms that ever comes: the later ones are OUTBOX_BLOCKED until the one before
 * them is settled for good. So the index over due_ms holds exactly what may be handed out, in the order in which it may, and a
 * thousand blocked rows cost a claim nothing.
 *
 * A claim moves due_ms to the end of its lease: when nobody settles, the row comes up again by itself. A claim that waits is served
 * in the very transaction that writes the row, so that its durable attempt costs no sync of its own.
 */
#include <errno.h>

#include "base/clock.h"
#include "store/sqlite_store.h"

/* Bodies handed out with one claim: a row beyond it waits for the next one. */
enum { DISPATCH_BYTES_MAX = 64 << 20 };

static void due_at(struct sqlite_store *s, int64_t due_ms)
{
    s->next_due_ms = MIN(s->next_due_ms, due_ms);
}

int sqlite_owe(struct sqlite_store *s, const struct entry *entry, enum store_delivery_kind kind, unsigned index,
               struct str data, int64_t hold_ms)
{
    if (!(entry->webhook_events & 1u << kind))
        return 0;
    int64_t now_ms = clock_realtime_ms(), before = sqlite3_total_changes64(s->db);
    int r = sql_run(s, SQL_OWE, "iiiiii", entry->id, (int64_t)kind, (int64_t)index, now_ms, now_ms + hold_ms,
                    OUTBOX_BLOCKED);
    if (r < 0 || sqlite3_total_changes64(s->db) == before)
        return r; /* was owed already */
    due_at(s, now_ms + hold_ms);
    if (data.len == 0)
        return 0;
    return sql_run(s, SQL_OWE_DATA, "ib", (int64_t)sqlite3_last_insert_rowid(s->db), (const void *)data.data, data.len);
}

int sqlite_unhold(struct sqlite_store *s, int64_t submission)
{
    due_at(s, 0);
    return sql_run(s, SQL_UNHOLD, "iii", submission, clock_realtime_ms(), (int64_t)STORE_DELIVERY_COMPLETED);
}

/* The first of the submission's pending rows may go. */
static int next_up(struct sqlite_store *s, int64_t submission)
{
    due_at(s, 0);
    return sql_run(s, SQL_NEXT_UP, "ii", submission, clock_realtime_ms());
}

/* 1 and the row that op's claim holds; 0, with op->code set, when it holds none. */
static int claimed(struct sqlite_store *s, struct op *op, int64_t *ret_id, int64_t *ret_submission)
{
    sqlite3_stmt *row;
    int r = sql_row(s, &row, SQL_OWED, "tiii", op->key->token, (int64_t)op->key->kind, (int64_t)op->key->index,
                    (int64_t)op->fence);
    if (r == 1) {
        *ret_id = sqlite3_column_int64(row, 0);
        *ret_submission = sqlite3_column_int64(row, 1);
        sqlite3_reset(row);
    } else if (r == 0) {
        op->code = -ESTALE;
    }
    return r;
}

int sqlite_run_seal(struct sqlite_store *s, struct op *op)
{
    int64_t id, submission;
    buf_clear(&op->sealed); /* it may run twice */
    int r = claimed(s, op, &id, &submission);
    if (r != 1)
        return r;
    sqlite3_stmt *row;
    r = sql_row(s, &row, SQL_SEALED, "i", id);
    if (r == 1) {
        sqlite_column_buf(row, 0, &op->sealed);
        sqlite3_reset(row);
        return 0;
    }
    if (r == 0)
        r = sql_run(s, SQL_SEAL, "ib", id, (const void *)op->result.data, op->result.len);
    return r == 0 ? sql_run(s, SQL_SPENT, "i", id) : r;
}

static int settle_for_good(struct sqlite_store *s, const struct store_settlement *settlement, int64_t id,
                           int64_t submission)
{
    bool delivered = settlement->outcome == STORE_OUTCOME_DELIVERED;
    int r = sql_run(s, SQL_SETTLE, "iiiiit", id, (int64_t)(delivered ? 1 : 2), INT64_C(0), clock_realtime_ms(),
                    (int64_t)settlement->http_status, settlement->error);
    return r == 0 ? next_up(s, submission) : r;
}

int sqlite_run_settle(struct sqlite_store *s, struct op *op)
{
    const struct store_settlement *settlement = op->settlement;
    int64_t id, submission;
    int r = claimed(s, op, &id, &submission);
    if (r != 1)
        return r;
    switch (settlement->outcome) {
    case STORE_OUTCOME_RETRY:
        due_at(s, settlement->due_ms);
        return sql_run(s, SQL_SETTLE, "iiiiit", id, INT64_C(0), settlement->due_ms, INT64_C(0),
                       (int64_t)settlement->http_status, settlement->error);
    case STORE_OUTCOME_HELD:
        due_at(s, settlement->due_ms);
        return sql_run(s, SQL_HOLD, "ii", id, settlement->due_ms);
    case STORE_OUTCOME_DELIVERED:
    case STORE_OUTCOME_DEAD:
        return settle_for_good(s, settlement, id, submission);
    }
    op->code = -EINVAL;
    return 0;
}

/* 1 when there were rows in that state: they are pending again. */
static int revive(struct sqlite_store *s, int64_t submission, int64_t state)
{
    int64_t before = sqlite3_total_changes64(s->db);
    int r = sql_run(s, SQL_RESEND, "iii", submission, state, OUTBOX_BLOCKED);
    return r < 0 ? r : sqlite3_total_changes64(s->db) > before;
}

int sqlite_run_resend(struct sqlite_store *s, struct op *op)
{
    int64_t id;
    int status;
    sqlite3_stmt *row;
    int r = sqlite_look_up(s, op->token, &id, &status);
    op->code = -ENOENT;
    if (r != 1)
        return r;
    r = sql_row(s, &row, SQL_PENDING, "i", id);
    if (r == 1) {
        sqlite3_reset(row);
        op->code = -EBUSY;
        return 0;
    }
    if (r == 0)
        r = revive(s, id, 2);
    if (r == 0)
        r = revive(s, id, 1);
    if (r != 1)
        return r;
    op->code = 0;
    return next_up(s, id);
}

/* ---- handing out ---- */

static void read_delivery(sqlite3_stmt *row, struct store_delivery *ret)
{
    struct delivery_key key = {.kind = (enum store_delivery_kind)sqlite3_column_int(row, 1),
                               .index = (unsigned)sqlite3_column_int(row, 2)};
    const char *token = (const char *)sqlite3_column_text(row, 6), *url = (const char *)sqlite3_column_text(row, 7),
               *owner = (const char *)sqlite3_column_text(row, 8);
    snprintf(key.token, sizeof(key.token), "%s", token ? token : "");
    *ret = (struct store_delivery){.kind = key.kind,
                                   .index = key.index,
                                   .url = xstrdup(url ? url : ""),
                                   .attempt = sqlite3_column_int(row, 3) + 1,
                                   .fence = (uint64_t)sqlite3_column_int64(row, 4) + 1,
                                   .created_ms = sqlite3_column_int64(row, 5)};
    memcpy(ret->token, key.token, sizeof(ret->token));
    snprintf(ret->owner, sizeof(ret->owner), "%s", owner ? owner : "");
    delivery_id_write(&key, ret->id);
    sqlite_column_buf(row, 9, &ret->data);
    sqlite_column_buf(row, 10, &ret->body);
}

/* Reads what is due into the dispatcher's array, and each row's id into ids, so that nothing is changed while the index is walked. */
static int read_due(struct sqlite_store *s, struct dispatcher *dispatcher, int64_t now_ms, int64_t *ids)
{
    sqlite3_stmt *row;
    size_t bytes = 0;
    int rc = SQLITE_ROW, r = sql_row(s, &row, SQL_DUE, "ii", now_ms, (int64_t)dispatcher->max);
    if (r <= 0)
        return r;
    for (; rc == SQLITE_ROW && bytes <= DISPATCH_BYTES_MAX; rc = sqlite3_step(row)) {
        struct store_delivery *delivery = &dispatcher->deliveries[dispatcher->count];
        ids[dispatcher->count++] = sqlite3_column_int64(row, 0);
        read_delivery(row, delivery);
        bytes += delivery->data.len + delivery->body.len;
    }
    sqlite3_reset(row);
    return sql_errno(s->db, rc);
}

static int take_due(struct sqlite_store *s, struct dispatcher *dispatcher)
{
    int64_t now_ms = clock_realtime_ms(), lease_end_ms = now_ms + dispatcher->lease_ms;
    _cleanup_(freep) int64_t *ids = xcalloc(dispatcher->max, sizeof(*ids));
    int r = read_due(s, dispatcher, now_ms, ids);
    for (size_t i = 0; r == 0 && i < dispatcher->count; i++)
        r = sql_run(s, SQL_TAKE, "iit", ids[i], lease_end_ms, dispatcher->name);
    return r;
}

static int find_next_due(struct sqlite_store *s)
{
    sqlite3_stmt *row;
    int r = sql_row(s, &row, SQL_NEXT_DUE, "");
    if (r < 0)
        return r;
    s->next_due_ms = OUTBOX_BLOCKED;
    if (r == 1) {
        if (sqlite3_column_type(row, 0) != SQLITE_NULL)
            s->next_due_ms = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    return 0;
}

static struct dispatcher *next_dispatcher(struct sqlite_store *s)
{
    pthread_mutex_lock(&s->lock);
    struct dispatcher *dispatcher = s->interrupted ? NULL : TAILQ_FIRST(&s->dispatchers);
    if (dispatcher) {
        TAILQ_REMOVE(&s->dispatchers, dispatcher, link);
        TAILQ_INSERT_TAIL(&s->served, dispatcher, link);
        dispatcher->state = DISPATCH_TAKEN;
    }
    pthread_mutex_unlock(&s->lock);
    return dispatcher;
}

int sqlite_run_dispatch(struct sqlite_store *s)
{
    struct dispatcher *dispatcher;
    int r = 0;
    while (r == 0 && s->next_due_ms <= clock_realtime_ms() && (dispatcher = next_dispatcher(s))) {
        r = take_due(s, dispatcher);
        if (r == 0)
            r = find_next_due(s);
    }
    return r;
}

static void let_wait_again(struct sqlite_store *s, struct dispatcher *dispatcher)
{
    for (size_t i = 0; i < dispatcher->count; i++)
        store_delivery_release(&dispatcher->deliveries[i]);
    dispatcher->count = 0;
    TAILQ_REMOVE(&s->served, dispatcher, link);
    TAILQ_INSERT_HEAD(&s->dispatchers, dispatcher, link);
    dispatcher->state = DISPATCH_WAITING;
    pthread_cond_signal(&dispatcher->cond); /* it may have been interrupted, or its time may be up */
}

/* Who got nothing, or whose rows were rolled back, waits on. */
void sqlite_settle_dispatch(struct sqlite_store *s, bool committed)
{
    struct dispatcher *dispatcher = TAILQ_LAST(&s->served, dispatcher_list);
    while (dispatcher) {
        struct dispatcher *before = TAILQ_PREV(dispatcher, dispatcher_list, link);
        if (!committed || dispatcher->count == 0)
            let_wait_again(s, dispatcher);
        dispatcher = before;
    }
    if (!committed)
        s->next_due_ms = 0; /* to be found out anew */
}

void sqlite_nothing_due(struct sqlite_store *s)
{
    struct dispatcher *dispatcher;
    TAILQ_FOREACH(dispatcher, &s->dispatchers, link)
    {
        if (!dispatcher->looked)
            pthread_cond_signal(&dispatcher->cond);
        dispatcher->looked = true;
    }
}

void sqlite_answer_dispatch(struct sqlite_store *s, int code)
{
    struct dispatcher_list *from = code < 0 ? &s->dispatchers : &s->served;
    struct dispatcher *dispatcher;
    while ((dispatcher = TAILQ_FIRST(from))) {
        TAILQ_REMOVE(from, dispatcher, link);
        dispatcher->code = code;
        dispatcher->state = DISPATCH_DONE;
        pthread_cond_signal(&dispatcher->cond);
    }
}
