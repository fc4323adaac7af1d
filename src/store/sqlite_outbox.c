/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_outbox.c: the outbox's verbs, as callers see them; what they do inside the transaction is in sqlite_outbox_ops.c. */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "store/sqlite_store.h"

/* Progress on its way to the outbox; past it, who reports progress waits for the disk. */
enum { OWED_BYTES_MAX = 64 << 20 };

struct progress_op {
    struct op op;
    char token[TOKEN_LEN + 1];
    struct buf data;
};

static void answer_progress(struct sqlite_store *s, struct op *op)
{
    struct progress_op *progress = (struct progress_op *)op;
    pthread_mutex_lock(&s->lock);
    s->owed_bytes -= progress->data.len;
    pthread_mutex_unlock(&s->lock);
    buf_release(&progress->data);
    free(progress);
}

void sqlite_owe_progress(struct sqlite_store *s, const char *token, uint64_t fence, unsigned index, struct str data)
{
    pthread_mutex_lock(&s->lock);
    bool room = s->owed_bytes + data.len <= OWED_BYTES_MAX;
    s->owed_bytes += room ? data.len : 0;
    pthread_mutex_unlock(&s->lock);
    if (!room) {
        struct op op = {.run = sqlite_run_progress, .token = token, .fence = fence, .index = index, .result = data};
        sqlite_wait(s, &op); /* a disk that fails shows when the result is to be stored */
        return;
    }
    struct progress_op *progress = xcalloc(1, sizeof(*progress));
    snprintf(progress->token, sizeof(progress->token), "%s", token);
    buf_append(&progress->data, data.data, data.len);
    progress->op = (struct op){.run = sqlite_run_progress,
                               .answer = answer_progress,
                               .token = progress->token,
                               .fence = fence,
                               .index = index,
                               .result = buf_view(&progress->data)};
    sqlite_hand_in(s, &progress->op);
}

/* With the lock held: waits until the writer has answered, or until the time is up, which takes it off the list. */
static int wait_for_rows(struct sqlite_store *s, struct dispatcher *dispatcher, const struct timespec *until)
{
    bool expired = false;
    while (dispatcher->state != DISPATCH_DONE) {
        bool waiting = dispatcher->state == DISPATCH_WAITING;
        if (waiting && ((expired && dispatcher->looked) || s->interrupted)) {
            TAILQ_REMOVE(&s->dispatchers, dispatcher, link);
            return s->interrupted ? -ECANCELED : -EAGAIN;
        }
        if (expired || !waiting)
            pthread_cond_wait(&dispatcher->cond, &s->lock);
        else if (pthread_cond_timedwait(&dispatcher->cond, &s->lock, until) == ETIMEDOUT)
            expired = true;
    }
    return dispatcher->code;
}

int sqlite_outbox_claim(struct store *store, const char *name, int64_t lease_ms, int timeout_ms, size_t max,
                        struct store_delivery *ret, size_t *ret_count)
{
    struct sqlite_store *s = sqlite_of(store);
    struct timespec until = clock_after_ms(MAX(timeout_ms, 0));
    struct dispatcher dispatcher = {
        .state = DISPATCH_WAITING, .name = name, .lease_ms = lease_ms, .max = max, .deliveries = ret};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&dispatcher.cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_lock(&s->lock);
    TAILQ_INSERT_TAIL(&s->dispatchers, &dispatcher, link);
    pthread_cond_signal(&s->work); /* it looks whether something is due */
    int r = wait_for_rows(s, &dispatcher, &until);
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&dispatcher.cond);
    if (r == 0)
        *ret_count = dispatcher.count;
    return r;
}

int sqlite_outbox_seal(struct store *store, const struct delivery_key *key, uint64_t fence, struct str body,
                       struct buf *ret_body)
{
    struct op op = {.run = sqlite_run_seal, .key = key, .fence = fence, .result = body};
    int r = sqlite_wait(sqlite_of(store), &op);
    struct str kept = op.sealed.len > 0 ? buf_view(&op.sealed) : body;
    if (r == 0)
        buf_append(ret_body, kept.data, kept.len);
    buf_release(&op.sealed);
    return r;
}

int sqlite_outbox_settle(struct store *store, const struct delivery_key *key, uint64_t fence,
                         const struct store_settlement *settlement)
{
    struct op op = {.run = sqlite_run_settle, .key = key, .fence = fence, .settlement = settlement};
    return sqlite_wait(sqlite_of(store), &op);
}

int sqlite_outbox_resend(struct store *store, const char *token)
{
    struct op op = {.run = sqlite_run_resend, .token = token};
    return sqlite_wait(sqlite_of(store), &op);
}

/* ---- reading ---- */

static char *column_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? xstrdup(text) : NULL;
}

void sqlite_delivery_state(sqlite3_stmt *row, int first, struct store_delivery_state *ret)
{
    static const enum store_delivery_status statuses[] = {STORE_OWED_PENDING, STORE_OWED_DELIVERED, STORE_OWED_DEAD};
    int state = sqlite3_column_int(row, first);
    int64_t due_ms = sqlite3_column_int64(row, first + 4), settled_ms = sqlite3_column_int64(row, first + 5);
    bool claimed = sqlite3_column_int(row, first + 6);
    *ret = (struct store_delivery_state){
        .status = state >= 0 && state < (int)ARRAY_LEN(statuses) ? statuses[state] : STORE_OWED_PENDING,
        .attempts = sqlite3_column_int(row, first + 1),
        .last_status = sqlite3_column_int(row, first + 2),
        .last_error = column_text(row, first + 3),
    };
    if (ret->status == STORE_OWED_PENDING && !claimed && due_ms != OUTBOX_BLOCKED)
        ret->next_ms = due_ms;
    if (ret->status == STORE_OWED_DELIVERED)
        ret->delivered_ms = settled_ms;
}

static void read_owed(sqlite3_stmt *row, struct store_owed *ret)
{
    struct delivery_key key = {.kind = (enum store_delivery_kind)sqlite3_column_int(row, 3),
                               .index = (unsigned)sqlite3_column_int(row, 4)};
    _cleanup_(freep) char *token = column_text(row, 2), *owner = column_text(row, 6);
    snprintf(key.token, sizeof(key.token), "%s", token ? token : "");
    *ret = (struct store_owed){
        .kind = key.kind, .index = key.index, .url = column_text(row, 5), .created_ms = sqlite3_column_int64(row, 7)};
    memcpy(ret->token, key.token, sizeof(ret->token));
    snprintf(ret->owner, sizeof(ret->owner), "%s", owner ? owner : "");
    snprintf(ret->cursor, sizeof(ret->cursor), "%lld.%lld", (long long)sqlite3_column_int64(row, 0),
             (long long)sqlite3_column_int64(row, 1));
    delivery_id_write(&key, ret->id);
    sqlite_delivery_state(row, 8, &ret->state);
}

static int read_cursor(const char *after, int64_t *ret_submission, int64_t *ret_id)
{
    *ret_submission = *ret_id = INT64_MIN;
    if (!after)
        return 0;
    int end = 0;
    if (sscanf(after, "%" SCNd64 ".%" SCNd64 "%n", ret_submission, ret_id, &end) != 2 || after[end] != '\0')
        return -EINVAL;
    return 0;
}

int sqlite_outbox_list(struct store *store, enum store_delivery_status status, const char *after, size_t max,
                       struct store_owed *ret, size_t *ret_count)
{
    struct sqlite_store *s = sqlite_of(store);
    int64_t submission, id;
    if (read_cursor(after, &submission, &id) < 0)
        return -EINVAL;
    sqlite3_stmt *stmt = status == STORE_OWED_DEAD ? s->read_dead : s->read_pending;
    size_t count = 0;
    int rc = SQLITE_DONE;
    pthread_mutex_lock(&s->read_lock);
    int r = sql_bind(stmt, "iii", submission, id, (int64_t)max);
    while (r == 0 && count < max && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        read_owed(stmt, &ret[count++]);
    if (r == 0)
        r = sql_errno(s->reader, rc);
    sqlite3_reset(stmt);
    pthread_mutex_unlock(&s->read_lock);
    for (size_t i = 0; r < 0 && i < count; i++)
        store_owed_release(&ret[i]);
    if (r == 0)
        *ret_count = count;
    return r;
}

int sqlite_outbox_depth(struct store *store, struct store_outbox_depth *ret)
{
    struct sqlite_store *s = sqlite_of(store);
    pthread_mutex_lock(&s->read_lock);
    int rc = sqlite3_step(s->read_outbox_depth), r = sql_errno(s->reader, rc);
    int64_t oldest_ms = 0;
    if (rc == SQLITE_ROW) {
        *ret = (struct store_outbox_depth){.pending = sqlite3_column_int64(s->read_outbox_depth, 0),
                                           .dead = sqlite3_column_int64(s->read_outbox_depth, 1)};
        oldest_ms = sqlite3_column_int64(s->read_outbox_depth, 2);
    }
    sqlite3_reset(s->read_outbox_depth);
    pthread_mutex_unlock(&s->read_lock);
    if (r == 0 && oldest_ms)
        ret->oldest_ms = MAX(clock_realtime_ms() - oldest_ms, 0);
    return r;
}
