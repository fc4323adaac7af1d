/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_ops.c: what runs inside the writer's transaction. Each function decides on `next` (live.h) or, for what is final, on
 * the tables; writes; and changes `next` along. A negative return means that the file failed and nothing of it will stand.
 */
#include <errno.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "store/sqlite_store.h"

/* Kept free for the results of what has been accepted: a disk that fills up stops submits first. */
#define RESERVE_BYTES (16LL << 20)

enum { SWEEP_STEP = 32 };

static struct entry *find(struct sqlite_store *s, const char *token)
{
    pthread_mutex_lock(&s->lock);
    struct entry *entry = live_find(&s->live, token);
    pthread_mutex_unlock(&s->lock);
    if (entry && entry->next.status != STATUS_QUEUED && entry->next.status != STATUS_RUNNING)
        return NULL; /* ended in this very transaction: the tables have the rest */
    return entry;
}

static void change(struct sqlite_store *s, struct entry *entry, struct entry_state next)
{
    pthread_mutex_lock(&s->lock);
    live_change(&s->live, entry, next);
    pthread_mutex_unlock(&s->lock);
}

/* Queued or running from here. */
static int move(struct sqlite_store *s, struct entry *entry, struct entry_state next, const char *worker)
{
    change(s, entry, next);
    return sql_run(s, SQL_MOVE, "iiiiit", entry->id, (int64_t)next.status, (int64_t)next.attempts, (int64_t)next.fence,
                   next.started_ms, worker);
}

static int finish(struct sqlite_store *s, struct entry *entry, enum status status, const char *message,
                  struct str result, int64_t hold_ms)
{
    struct entry_state next = entry->next;
    next.status = status;
    change(s, entry, next);
    int r = sql_run(s, SQL_FINISH, "iiit", entry->id, (int64_t)status, clock_realtime_ms(), message);
    if (r == 0 && result.len > 0)
        r = sql_run(s, SQL_ADD_RESULT, "ib", entry->id, (const void *)result.data, result.len);
    return r == 0 ? sqlite_owe(s, entry, STORE_DELIVERY_COMPLETED, 0, (struct str){0}, hold_ms) : r;
}

static int requeue(struct sqlite_store *s, struct entry *entry, int attempts)
{
    struct entry_state next = {.status = STATUS_QUEUED, .attempts = attempts, .fence = entry->next.fence};
    return move(s, entry, next, NULL);
}

int sqlite_look_up(struct sqlite_store *s, const char *token, int64_t *ret_id, int *ret_status)
{
    sqlite3_stmt *row;
    int r = sql_row(s, &row, SQL_BY_TOKEN, "t", token);
    if (r == 1) {
        *ret_id = sqlite3_column_int64(row, 0);
        *ret_status = sqlite3_column_int(row, 1);
        sqlite3_reset(row);
    }
    return r;
}

/* The running entry whose claim is op's; or NULL with op->code saying why not (and *r negative when the file failed). */
static struct entry *claimed(struct sqlite_store *s, struct op *op, int *r)
{
    struct entry *entry = find(s, op->token);
    if (entry && entry->next.status == STATUS_RUNNING && entry->next.fence == op->fence)
        return entry;
    op->code = -ESTALE;
    int64_t id;
    int status = STATUS_ABSENT;
    if (!entry)
        *r = MIN(sqlite_look_up(s, op->token, &id, &status), 0);
    if (status == STATUS_CANCELLED)
        op->code = -ECANCELED;
    return NULL;
}

/* Room in the file system and in the file's own free pages, beyond the reserve. Unknown sizes count as room. */
static bool has_room(struct sqlite_store *s, int64_t bytes)
{
    struct statvfs fs;
    if (s->lock_fd < 0 || fstatvfs(s->lock_fd, &fs) < 0 || fs.f_blocks == 0)
        return true;
    int64_t needed = RESERVE_BYTES + s->batch_bytes + bytes;
    int64_t room = (int64_t)(fs.f_bavail * fs.f_frsize);
    if (room >= needed)
        return true;
    enum { PAGE_SIZE = 4096 };
    sqlite3_stmt *row;
    if (sql_row(s, &row, SQL_FREE_PAGES, "") == 1) {
        room += sqlite3_column_int64(row, 0) * PAGE_SIZE;
        sqlite3_reset(row);
    }
    return room >= needed;
}

/* 1 when the key is known: the receipt is filled. */
static int repeat(struct sqlite_store *s, const struct submit_op *submit, struct store_receipt *receipt)
{
    sqlite3_stmt *row;
    int r = sql_row(s, &row, SQL_BY_KEY, "t", submit->key);
    if (r != 1)
        return r;
    const void *digest = sqlite3_column_blob(row, 3);
    size_t len = (size_t)sqlite3_column_bytes(row, 3);
    const char *token = (const char *)sqlite3_column_text(row, 0);
    if (!token || !digest || len != sizeof(submit->submission.body_digest)) {
        r = -EBADMSG;
    } else if (memcmp(digest, submit->submission.body_digest, len) != 0) {
        receipt->code = -EEXIST;
    } else {
        receipt->repeated = true;
        snprintf(receipt->token, sizeof(receipt->token), "%s", token);
        receipt->status = (enum status)sqlite3_column_int(row, 1);
        receipt->created_ms = sqlite3_column_int64(row, 2);
    }
    sqlite3_reset(row);
    return r;
}

static unsigned share_of(const struct store_submission *submission)
{
    return MAX(submission->share, 1U);
}

static int add(struct sqlite_store *s, struct submit_op *submit)
{
    const struct store_submission *sub = &submit->submission;
    int64_t id = s->next_id;
    int r = sql_run(s, SQL_ADD, "itiiitbttii", id, sub->token, (int64_t)STATUS_QUEUED, (int64_t)sub->priority,
                    sub->created_ms, submit->key, (const void *)sub->body_digest, sizeof(sub->body_digest),
                    submit->owner, submit->webhook_url, (int64_t)sub->webhook_events, (int64_t)share_of(sub));
    if (r == -ENOTUNIQ) { /* a token twice: the caller's mistake, and no harm to the others */
        submit->receipt.code = r;
        return 0;
    }
    if (r == 0)
        r = sql_run(s, SQL_ADD_REQUEST, "ib", id, (const void *)submit->request.data, submit->request.len);
    if (r < 0)
        return r;
    s->next_id++;
    s->batch_bytes += (int64_t)submit->request.len;
    pthread_mutex_lock(&s->lock);
    struct owner *owner = owners_get(&s->live.owners, submit->owner);
    owner->share = share_of(sub);
    struct entry *entry = live_add(&s->live, sub->token, id, owner, sub->priority, sub->created_ms,
                                   (struct entry_state){.status = STATUS_QUEUED});
    entry->fresh_request = &submit->request;
    entry->webhook_events = sub->webhook_events;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static int64_t waiting_of(struct sqlite_store *s, const char *owner)
{
    pthread_mutex_lock(&s->lock);
    int64_t count = owners_get(&s->live.owners, owner)->ready_count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

int sqlite_run_submit(struct sqlite_store *s, struct op *op)
{
    struct submit_op *submit = (struct submit_op *)op;
    struct store_receipt *receipt = &submit->receipt;
    *receipt = (struct store_receipt){.status = STATUS_QUEUED, .created_ms = submit->submission.created_ms};
    memcpy(receipt->token, submit->submission.token, sizeof(receipt->token));
    if (submit->key) {
        int r = repeat(s, submit, receipt);
        if (r != 0)
            return MIN(r, 0);
    }
    if (s->live.ready_count >= s->config.max_depth)
        receipt->code = -EAGAIN;
    else if (submit->submission.max_waiting > 0 && waiting_of(s, submit->owner) >= submit->submission.max_waiting)
        receipt->code = -EDQUOT;
    else if (!has_room(s, (int64_t)submit->request.len))
        receipt->code = -ENOSPC;
    else
        return add(s, submit);
    return 0;
}

int sqlite_run_complete(struct sqlite_store *s, struct op *op)
{
    int r = 0;
    struct entry *entry = claimed(s, op, &r);
    return entry ? finish(s, entry, op->status, NULL, op->result, op->hold_ms) : r;
}

int sqlite_run_progress(struct sqlite_store *s, struct op *op)
{
    int r = 0;
    struct entry *entry = claimed(s, op, &r);
    return entry ? sqlite_owe(s, entry, STORE_DELIVERY_TEST, op->index, op->result, 0) : r;
}

int sqlite_run_annotate(struct sqlite_store *s, struct op *op)
{
    int64_t id = 0;
    int status = STATUS_QUEUED, r = find(s, op->token) ? 1 : sqlite_look_up(s, op->token, &id, &status);
    if (r == 0)
        op->code = -ENOENT;
    else if (status == STATUS_CANCELLED)
        op->code = -ECANCELED;
    else if (!status_final((enum status)status))
        op->code = -EBUSY;
    if (r < 0 || op->code < 0)
        return MIN(r, 0);
    r = sql_run(s, SQL_NOTE, "ib", id, (const void *)op->result.data, op->result.len);
    if (r == 0 && op->last)
        r = sqlite_unhold(s, id);
    buf_append(&s->changed, op->token, strlen(op->token) + 1);
    return r;
}

int sqlite_run_release(struct sqlite_store *s, struct op *op)
{
    int r = 0;
    struct entry *entry = claimed(s, op, &r);
    return entry ? requeue(s, entry, entry->next.attempts - 1) : r;
}

int sqlite_run_cancel(struct sqlite_store *s, struct op *op)
{
    struct entry *entry = find(s, op->token);
    if (entry)
        return finish(s, entry, STATUS_CANCELLED, NULL, (struct str){0}, 0);
    int64_t id;
    int status;
    int r = sqlite_look_up(s, op->token, &id, &status);
    op->code = r == 1 ? -EALREADY : -ENOENT;
    return MIN(r, 0);
}

static int drop(struct sqlite_store *s, int64_t id, const char *token)
{
    static const enum statement drops[] = {SQL_DROP,       SQL_DROP_REQUEST,     SQL_DROP_RESULT,
                                           SQL_DROP_NOTES, SQL_DROP_OUTBOX_DATA, SQL_DROP_OUTBOX_BODIES,
                                           SQL_DROP_OUTBOX};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(drops); i++)
        r = sql_run(s, drops[i], "i", id);
    buf_append(&s->changed, token, strlen(token) + 1);
    return r;
}

int sqlite_run_forget(struct sqlite_store *s, struct op *op)
{
    if (find(s, op->token)) {
        op->code = -EBUSY;
        return 0;
    }
    int64_t id;
    int status;
    int r = sqlite_look_up(s, op->token, &id, &status);
    if (r == 1)
        return drop(s, id, op->token);
    op->code = -ENOENT;
    return r;
}

/* What the last worker reported last, in the words of sweep.lua. */
static char *lost_message(struct sqlite_store *s, const struct entry *entry)
{
    pthread_mutex_lock(&s->lock);
    bool heard = entry->event_count > 0;
    struct store_event last = heard ? entry->events[entry->event_count - 1] : (struct store_event){0};
    pthread_mutex_unlock(&s->lock);
    if (!heard)
        return xasprintf(STORE_LOST_MESSAGE "; the last one had reported nothing", STORE_ATTEMPTS_MAX);
    if (last.kind == STORE_EVENT_COMPILE)
        return xasprintf(STORE_LOST_MESSAGE "; the last one had reported the end of compiling", STORE_ATTEMPTS_MAX);
    return xasprintf(STORE_LOST_MESSAGE "; the last one had last reported the end of test case %u", STORE_ATTEMPTS_MAX,
                     last.index);
}

static int lapse(struct sqlite_store *s, struct entry *entry)
{
    if (entry->next.attempts < STORE_ATTEMPTS_MAX)
        return requeue(s, entry, entry->next.attempts);
    _cleanup_(freep) char *message = lost_message(s, entry);
    return finish(s, entry, STATUS_FAILED, message, (struct str){0}, 0);
}

static int end_lapsed_leases(struct sqlite_store *s, int64_t now_ms)
{
    /* Only this thread changes the list; the lock is for the lease, which renew moves. */
    struct entry *entry = TAILQ_FIRST(&s->live.running);
    int r = 0;
    while (entry && r == 0) {
        struct entry *following = TAILQ_NEXT(entry, place);
        pthread_mutex_lock(&s->lock);
        bool lapsed = entry->lease_until_ms <= now_ms;
        pthread_mutex_unlock(&s->lock);
        if (lapsed)
            r = lapse(s, entry);
        entry = following;
    }
    return r;
}

/* Forgets at most SWEEP_STEP, so that the callers in the queue never wait long behind it. */
static int forget_expired(struct sqlite_store *s, int64_t until_ms, bool *ret_more)
{
    struct {
        int64_t id;
        char token[TOKEN_LEN + 1];
    } expired[SWEEP_STEP];
    size_t count = 0;
    sqlite3_stmt *row;
    int rc = SQLITE_ROW, r = sql_row(s, &row, SQL_EXPIRED, "ii", until_ms, (int64_t)SWEEP_STEP);
    if (r <= 0)
        return r;
    for (; rc == SQLITE_ROW; rc = sqlite3_step(row), count++) {
        const char *token = (const char *)sqlite3_column_text(row, 1);
        expired[count].id = sqlite3_column_int64(row, 0);
        snprintf(expired[count].token, sizeof(expired[count].token), "%s", token ? token : "");
    }
    r = sql_errno(s->db, rc);
    sqlite3_reset(row);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = drop(s, expired[i].id, expired[i].token);
    *ret_more = count == SWEEP_STEP;
    return r;
}

/* Who has lost two workers to the end of this process may have been there by chance: his last attempt is for when it stays alive. */
static void end_holds(struct sqlite_store *s, int64_t now_ms)
{
    pthread_mutex_lock(&s->lock);
    if (now_ms - s->opened_realtime_ms >= STORE_CALM_MS)
        live_unhold(&s->live);
    pthread_mutex_unlock(&s->lock);
}

int sqlite_run_sweep(struct sqlite_store *s, struct op *op)
{
    end_holds(s, op->lease_now_ms);
    int r = end_lapsed_leases(s, op->lease_now_ms);
    op->more = false;
    return r == 0 ? forget_expired(s, op->expire_now_ms - s->config.retention_ms, &op->more) : r;
}

int sqlite_run_ping(struct sqlite_store *s, struct op *op)
{
    if (!has_room(s, 0))
        op->code = -ENOSPC;
    return s->broken ? sql_run(s, SQL_TRY_WRITE, "") : 0;
}

/* Takes the first claimer off the list if there is something for him. */
static struct claimer *next_pair(struct sqlite_store *s)
{
    pthread_mutex_lock(&s->lock);
    struct claimer *claimer = s->interrupted ? NULL : TAILQ_FIRST(&s->claimers);
    struct entry *entry = claimer ? owners_first(&s->live.owners) : NULL;
    if (entry) {
        TAILQ_REMOVE(&s->claimers, claimer, link);
        TAILQ_INSERT_TAIL(&s->taken, claimer, link);
        claimer->state = CLAIM_TAKEN;
        claimer->entry = entry;
        claimer->id = entry->id;
        owners_served(&s->live.owners, entry->owner);
    } else {
        /* Nothing is left: who waited only for that may go. */
        TAILQ_FOREACH(claimer, &s->claimers, link)
        if (claimer->expired)
            pthread_cond_signal(&claimer->cond);
    }
    pthread_mutex_unlock(&s->lock);
    return entry ? claimer : NULL;
}

int sqlite_run_claims(struct sqlite_store *s)
{
    struct claimer *claimer;
    int r = 0;
    while (r == 0 && (claimer = next_pair(s))) {
        struct entry *entry = claimer->entry;
        struct entry_state next = {.status = STATUS_RUNNING,
                                   .attempts = entry->next.attempts + 1,
                                   .fence = entry->next.fence + 1,
                                   .started_ms = clock_realtime_ms()};
        claimer->claim = (struct store_claim){.fence = next.fence,
                                              .attempt = next.attempts,
                                              .priority = entry->priority,
                                              .created_ms = entry->created_ms};
        memcpy(claimer->claim.token, entry->token, sizeof(claimer->claim.token));
        snprintf(claimer->claim.owner, sizeof(claimer->claim.owner), "%s", entry->owner->name);
        claimer->claim.share = entry->owner->share;
        r = move(s, entry, next, claimer->worker);
        if (r == 0 && next.attempts == 1)
            r = sqlite_owe(s, entry, STORE_DELIVERY_STARTED, 0, (struct str){0}, 0);
    }
    return r;
}
