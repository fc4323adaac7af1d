/* SPDX-License-Identifier: Apache-2.0 */
/* redis_read.c: the verbs that look: a record whole and of one moment, the status alone, the depth; and the trial write of ping. */
#include <errno.h>

#include "base/clock.h"
#include "store/redis_store.h"

/* "KIND INDEX DATA" */
static int take_event(const redisReply *item, struct store_event *ret)
{
    char *end = NULL;
    if (item->type != REDIS_REPLY_STRING)
        return -EPROTO;
    unsigned long kind = strtoul(item->str, &end, 10);
    if (*end != ' ')
        return -EPROTO;
    unsigned long index = strtoul(end + 1, &end, 10);
    if (*end != ' ')
        return -EPROTO;
    *ret = (struct store_event){.kind = (enum store_event_kind)kind, .index = (unsigned)index};
    buf_append(&ret->data, end + 1, (size_t)item->len - (size_t)(end + 1 - item->str));
    return 0;
}

static int take_events(const redisReply *list, struct store_record *record)
{
    if (list->type != REDIS_REPLY_ARRAY)
        return -EPROTO;
    record->events = list->elements ? xcalloc(list->elements, sizeof(*record->events)) : NULL;
    for (size_t i = 0; i < list->elements; i++) {
        int r = take_event(list->element[i], &record->events[i]);
        if (r < 0)
            return r;
        record->event_count++;
    }
    return 0;
}

static int take_record(const redisReply *reply, struct store_record *ret)
{
    enum { MESSAGE = 5, REQUEST, RESULT, NOTES, OWNER, WEBHOOK, EVENTS, FIELDS };
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < FIELDS)
        return -EPROTO;
    struct str message = redis_bytes_at(reply, MESSAGE), request = redis_bytes_at(reply, REQUEST),
               result = redis_bytes_at(reply, RESULT), notes = redis_bytes_at(reply, NOTES),
               owner = redis_bytes_at(reply, OWNER);
    ret->status = (enum status)redis_int_at(reply, 0);
    ret->attempts = (int)redis_int_at(reply, 1);
    ret->created_ms = redis_int_at(reply, 2);
    ret->started_ms = redis_int_at(reply, 3);
    ret->finished_ms = redis_int_at(reply, 4);
    ret->message = message.len ? str_dup(message) : NULL;
    buf_append(&ret->request, request.data ? request.data : "", request.len);
    buf_append(&ret->result, result.data ? result.data : "", result.len);
    buf_append(&ret->notes, notes.data ? notes.data : "", notes.len);
    ret->owner = owner.len ? str_dup(owner) : NULL;
    redis_delivery_state(reply->element[WEBHOOK], 0, &ret->webhook);
    return take_events(reply->element[EVENTS], ret);
}

/* It may be 32 MiB that come: so long as they keep coming, they may take longer. */
int redis_get(struct store *store, const char *token, struct store_record *ret)
{
    struct redis_args args = {0};
    redis_args_text(&args, token);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(redis_of(store), REDIS_get, &args, REDIS_QUICK_MS, &reply);
    redis_args_release(&args);
    if (r < 0)
        return r;
    if (reply->type == REDIS_REPLY_NIL)
        return -ENOENT;
    struct store_record record = {0};
    r = take_record(reply, &record);
    if (r < 0)
        store_record_release(&record);
    else
        *ret = record;
    return r;
}

int redis_status(struct store *store, const char *token, enum status *ret)
{
    struct redis_store *s = redis_of(store);
    _cleanup_(freep) char *key = xasprintf("%s:s:%s", s->prefix, token);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_plain(s, 3, (const char *[]){"HGET", key, "status"}, REDIS_QUICK_MS, &reply);
    if (r < 0)
        return r;
    if (reply->type != REDIS_REPLY_STRING)
        return reply->type == REDIS_REPLY_NIL ? -ENOENT : -EPROTO;
    *ret = (enum status)strtol(reply->str, NULL, 10);
    return 0;
}

int redis_depth(struct store *store, struct store_depth *ret)
{
    const struct redis_args none = {0};
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(redis_of(store), REDIS_depth, &none, REDIS_QUICK_MS, &reply);
    if (r < 0)
        return r;
    struct store_depth depth = {
        .waiting = redis_int_at(reply, 0), .running = redis_int_at(reply, 1), .finished = redis_int_at(reply, 4)};
    if (depth.waiting > 0)
        depth.oldest_ms = MAX(redis_int_at(reply, 3) - redis_int_at(reply, 2), 0);
    *ret = depth;
    return 0;
}

/* A write, synced like any other: a server that only reads (a replica, a full disk, no memory) does not pass. */
int redis_ping(struct store *store)
{
    struct redis_store *s = redis_of(store);
    if (!redis_link_up(&s->link))
        return -ENOTCONN;
    _cleanup_(freep) char *key = xasprintf("%s:trial", s->prefix);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    return redis_plain(s, 3, (const char *[]){"SET", key, "1"}, REDIS_QUICK_MS, &reply);
}
