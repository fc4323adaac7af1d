/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_read.c: reading, on a connection of its own: WAL lets it see the last commit while the writer works on the next.
 */
#include <errno.h>

#include "store/sqlite_store.h"

void sqlite_column_buf(sqlite3_stmt *row, int column, struct buf *ret)
{
    const void *data = sqlite3_column_blob(row, column); /* before the length: it may convert */
    buf_append(ret, data ? data : "", (size_t)sqlite3_column_bytes(row, column));
}

/* Steps once with token or id bound, hands the row to take, and resets. 0, -ENOENT without a row, -errno. */
static int read_row(struct sqlite_store *s, sqlite3_stmt *stmt, int bound, void (*take)(sqlite3_stmt *row, void *ret),
                    void *ret)
{
    int r = bound;
    if (r == 0) {
        int rc = sqlite3_step(stmt);
        r = rc == SQLITE_DONE ? -ENOENT : sql_errno(s->reader, rc);
        if (rc == SQLITE_ROW)
            take(stmt, ret);
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return r;
}

/* Columns from 10 on: does it ask for the completed-delivery, and that row, if it is there already. */
static void take_webhook(sqlite3_stmt *row, struct store_delivery_state *ret)
{
    if (!(sqlite3_column_int(row, 10) & 1 << STORE_DELIVERY_COMPLETED))
        return;
    ret->status = STORE_OWED_PENDING;
    if (sqlite3_column_type(row, 11) != SQLITE_NULL)
        sqlite_delivery_state(row, 11, ret);
}

static void take_record(sqlite3_stmt *row, void *ret)
{
    struct store_record *record = ret;
    record->status = (enum status)sqlite3_column_int(row, 0);
    record->attempts = sqlite3_column_int(row, 1);
    record->created_ms = sqlite3_column_int64(row, 2);
    record->started_ms = sqlite3_column_int64(row, 3);
    record->finished_ms = sqlite3_column_int64(row, 4);
    const char *message = (const char *)sqlite3_column_text(row, 5);
    record->message = message ? xstrdup(message) : NULL;
    sqlite_column_buf(row, 6, &record->request);
    sqlite_column_buf(row, 7, &record->result);
    const char *owner = (const char *)sqlite3_column_text(row, 8);
    record->owner = owner ? xstrdup(owner) : NULL;
    sqlite_column_buf(row, 9, &record->notes);
    take_webhook(row, &record->webhook);
}

static void take_request(sqlite3_stmt *row, void *ret)
{
    sqlite_column_buf(row, 0, ret);
}

static void take_status(sqlite3_stmt *row, void *ret)
{
    *(int *)ret = sqlite3_column_int(row, 0);
}

/* What memory knows of a live submission: its committed state and its progress. */
static bool copy_live(struct sqlite_store *s, const char *token, struct store_record *ret)
{
    pthread_mutex_lock(&s->lock);
    const struct entry *entry = live_find(&s->live, token);
    bool live = entry && !entry_gone(entry);
    if (live) {
        ret->status = (enum status)entry->now.status;
        ret->attempts = entry->now.attempts;
        ret->started_ms = entry->now.started_ms;
        ret->event_count = entry->event_count;
        ret->events = entry->event_count ? xcalloc(entry->event_count, sizeof(*ret->events)) : NULL;
        for (size_t i = 0; i < entry->event_count; i++) {
            const struct store_event *event = &entry->events[i];
            ret->events[i] = (struct store_event){.kind = event->kind, .index = event->index};
            buf_append(&ret->events[i].data, event->data.data, event->data.len);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return live;
}

/* Memory first, then the file: whatever happens between the two only makes the file newer, and final beats live. */
int sqlite_get(struct store *store, const char *token, struct store_record *ret)
{
    struct sqlite_store *s = sqlite_of(store);
    struct store_record seen = {0}, record = {0};
    bool live = copy_live(s, token, &seen);
    pthread_mutex_lock(&s->read_lock);
    int r = read_row(s, s->read_record, sql_bind(s->read_record, "t", token), take_record, &record);
    pthread_mutex_unlock(&s->read_lock);
    if (r == 0 && live && !status_final(record.status)) {
        record.status = seen.status;
        record.attempts = seen.attempts;
        record.started_ms = seen.started_ms;
        record.events = STEAL(seen.events);
        record.event_count = seen.event_count;
        seen.event_count = 0;
    }
    store_record_release(&seen);
    if (r < 0)
        store_record_release(&record);
    else
        *ret = record;
    return r;
}

int sqlite_read_request(struct sqlite_store *s, int64_t id, struct buf *ret)
{
    struct buf request = BUF_INIT;
    pthread_mutex_lock(&s->read_lock);
    int r = read_row(s, s->read_request, sql_bind(s->read_request, "i", id), take_request, &request);
    pthread_mutex_unlock(&s->read_lock);
    if (r < 0)
        buf_release(&request);
    else
        *ret = request;
    return r;
}

static int stored_status(struct sqlite_store *s, const char *token, int *ret)
{
    pthread_mutex_lock(&s->read_lock);
    int r = read_row(s, s->read_status, sql_bind(s->read_status, "t", token), take_status, ret);
    pthread_mutex_unlock(&s->read_lock);
    return r;
}

/* Memory first, as in sqlite_get. An entry leaves it after the commit that ends it, and before the watchers hear of that. */
int sqlite_status(struct store *store, const char *token, enum status *ret)
{
    struct sqlite_store *s = sqlite_of(store);
    int status = STATUS_ABSENT;
    pthread_mutex_lock(&s->lock);
    const struct entry *entry = live_find(&s->live, token);
    bool live = entry && !entry_gone(entry);
    if (live)
        status = entry->now.status;
    pthread_mutex_unlock(&s->lock);
    int r = live ? 0 : stored_status(s, token, &status);
    if (r == 0)
        *ret = (enum status)status;
    return r;
}

int sqlite_lost_claim(struct sqlite_store *s, const char *token)
{
    int status = STATUS_ABSENT;
    int r = stored_status(s, token, &status);
    if (r < 0 && r != -ENOENT)
        return r;
    return status == STATUS_CANCELLED ? -ECANCELED : -ESTALE;
}
