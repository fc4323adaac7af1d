/* SPDX-License-Identifier: Apache-2.0 */
/* redis_outbox.c: the outbox's verbs: one script each, on the rows that common.lua writes with the change they tell of. */
#include <errno.h>

#include "base/clock.h"
#include "store/redis_store.h"

/* Bodies handed out with one claim: a row beyond it waits for the next one. */
#define DISPATCH_BYTES_MAX (64LL << 20)

enum { NAME_ORDINAL = 16 + TOKEN_LEN, PLACE_DIGITS = 15 };

/* ---- claim ---- */

static int take_delivery(const redisReply *row, struct store_delivery *ret)
{
    struct str token = redis_bytes_at(row, 0), url = redis_bytes_at(row, 3), owner = redis_bytes_at(row, 4),
               data = redis_bytes_at(row, 8), body = redis_bytes_at(row, 9);
    int64_t kind = redis_int_at(row, 1);
    if (!token_valid(token.data, token.len) || kind < 0 || kind >= STORE_DELIVERY_KIND_COUNT)
        return -EPROTO;
    struct delivery_key key = {.kind = (enum store_delivery_kind)kind, .index = (unsigned)redis_int_at(row, 2)};
    memcpy(key.token, token.data, token.len);
    *ret = (struct store_delivery){
        .kind = key.kind,
        .index = key.index,
        .url = str_dup(url),
        .attempt = (int)redis_int_at(row, 5),
        .fence = (uint64_t)redis_int_at(row, 6),
        .created_ms = redis_int_at(row, 7),
    };
    memcpy(ret->token, key.token, sizeof(ret->token));
    snprintf(ret->owner, sizeof(ret->owner), "%.*s", (int)owner.len, owner.data ? owner.data : "");
    delivery_id_write(&key, ret->id);
    buf_append(&ret->data, data.data ? data.data : "", data.len);
    buf_append(&ret->body, body.data ? body.data : "", body.len);
    return 0;
}

static int take_deliveries(const redisReply *reply, size_t max, struct store_delivery *ret, size_t *ret_count)
{
    size_t count = 0;
    int r = reply->elements > max ? -EPROTO : 0;
    for (; r == 0 && count < reply->elements; count += r == 0)
        r = take_delivery(reply->element[count], &ret[count]);
    if (r == 0)
        *ret_count = count;
    for (size_t i = 0; r < 0 && i < count; i++)
        store_delivery_release(&ret[i]);
    return r;
}

struct outbox_call {
    const char *dispatcher;
    int64_t lease_ms;
    size_t max;
    struct store_delivery *deliveries;
    size_t *count;
};

/* -EAGAIN: nothing is due before *until_ns, if it is known. */
static int claim_now(struct redis_store *s, const struct redis_waiter *waiter, const struct outbox_call *call,
                     int64_t *until_ns)
{
    struct redis_args args = {0};
    redis_args_text(&args, waiter->name);
    redis_args_int(&args, (int64_t)waiter->call);
    redis_args_text(&args, call->dispatcher);
    redis_args_int(&args, call->lease_ms);
    redis_args_int(&args, (int64_t)call->max);
    redis_args_int(&args, DISPATCH_BYTES_MAX);
    redis_args_int(&args, (int64_t)waiter->received);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(s, REDIS_outbox_claim, &args, REDIS_PATIENT_MS, &reply);
    redis_args_release(&args);
    if (r < 0)
        return r;
    if (reply->type == REDIS_REPLY_ARRAY)
        return take_deliveries(reply, call->max, call->deliveries, call->count);
    *until_ns = INT64_MAX;
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer < INT32_MAX)
        *until_ns = clock_monotonic_ns() + reply->integer * NS_PER_MS;
    return -EAGAIN;
}

int redis_outbox_claim(struct store *store, const char *dispatcher, int64_t lease_ms, int timeout_ms, size_t max,
                       struct store_delivery *ret, size_t *ret_count)
{
    struct redis_store *s = redis_of(store);
    const struct outbox_call call = {dispatcher, lease_ms, max, ret, ret_count};
    int64_t deadline_ns = clock_monotonic_ns() + MAX(timeout_ms, 0) * NS_PER_MS, until_ns = INT64_MAX;
    struct redis_waiter waiter;
    redis_wait_enter(s, REDIS_WAIT_OUTBOX, &waiter);
    int r = redis_interrupted(s) ? -ECANCELED : claim_now(s, &waiter, &call, &until_ns);
    while (r == -EAGAIN && clock_monotonic_ns() < deadline_ns) {
        r = redis_wait_sleep(s, &waiter, MIN(deadline_ns, until_ns));
        if (r == -EAGAIN)
            r = claim_now(s, &waiter, &call, &until_ns);
    }
    redis_wait_leave(s, &waiter, r);
    return r;
}

/* ---- what a claim's holder does ---- */

static struct redis_args row_args(const struct delivery_key *key, uint64_t fence)
{
    struct redis_args args = {0};
    redis_args_text(&args, key->token);
    redis_args_int(&args, (int64_t)key->kind);
    redis_args_int(&args, (int64_t)key->index);
    redis_args_int(&args, (int64_t)fence);
    return args;
}

int redis_outbox_seal(struct store *store, const struct delivery_key *key, uint64_t fence, struct str body,
                      struct buf *ret_body)
{
    struct redis_args args = row_args(key, fence);
    redis_args_str(&args, body);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(redis_of(store), REDIS_outbox_seal, &args, REDIS_PATIENT_MS, &reply);
    redis_args_release(&args);
    if (r < 0)
        return r;
    if (reply->type == REDIS_REPLY_INTEGER)
        return (int)reply->integer;
    if (reply->type != REDIS_REPLY_STRING)
        return -EPROTO;
    buf_append(ret_body, reply->str, (size_t)reply->len);
    return 0;
}

int redis_outbox_settle(struct store *store, const struct delivery_key *key, uint64_t fence,
                        const struct store_settlement *settlement)
{
    struct redis_args args = row_args(key, fence);
    redis_args_int(&args, (int64_t)settlement->outcome);
    redis_args_int(&args, settlement->due_ms);
    redis_args_int(&args, settlement->http_status);
    redis_args_text(&args, settlement->error ? settlement->error : "");
    redis_args_int(&args, clock_realtime_ms());
    int r = redis_call_code(redis_of(store), REDIS_outbox_settle, &args, REDIS_PATIENT_MS);
    redis_args_release(&args);
    return r;
}

int redis_outbox_resend(struct store *store, const char *token)
{
    struct redis_args args = {0};
    redis_args_text(&args, token);
    int r = redis_call_code(redis_of(store), REDIS_outbox_resend, &args, REDIS_QUICK_MS);
    redis_args_release(&args);
    return r;
}

/* ---- looking ---- */

void redis_delivery_state(const redisReply *list, size_t first, struct store_delivery_state *ret)
{
    struct str error = redis_bytes_at(list, first + 3);
    *ret = (struct store_delivery_state){
        .status = (enum store_delivery_status)redis_int_at(list, first),
        .attempts = (int)redis_int_at(list, first + 1),
        .last_status = (int)redis_int_at(list, first + 2),
        .last_error = error.len ? str_dup(error) : NULL,
        .next_ms = redis_int_at(list, first + 4),
        .delivered_ms = redis_int_at(list, first + 5),
    };
}

static int take_owed(const redisReply *row, struct store_owed *ret)
{
    struct str name = redis_bytes_at(row, 0), token = redis_bytes_at(row, 1), owner = redis_bytes_at(row, 5);
    int64_t kind = redis_int_at(row, 2);
    if (!token_valid(token.data, token.len) || name.len >= STORE_CURSOR_SIZE || kind < 0 ||
        kind >= STORE_DELIVERY_KIND_COUNT)
        return -EPROTO;
    struct delivery_key key = {.kind = (enum store_delivery_kind)kind, .index = (unsigned)redis_int_at(row, 3)};
    memcpy(key.token, token.data, token.len);
    *ret = (struct store_owed){.kind = key.kind,
                               .index = key.index,
                               .url = str_dup(redis_bytes_at(row, 4)),
                               .created_ms = redis_int_at(row, 6)};
    memcpy(ret->token, key.token, sizeof(ret->token));
    memcpy(ret->cursor, name.data, name.len);
    snprintf(ret->owner, sizeof(ret->owner), "%.*s", (int)owner.len, owner.data ? owner.data : "");
    delivery_id_write(&key, ret->id);
    redis_delivery_state(row, 7, &ret->state);
    return 0;
}

/* A row's name: PLACE:NNNNNN:KIND:INDEX. */
static bool is_cursor(const char *text)
{
    size_t len = strlen(text);
    return len > NAME_ORDINAL && len < STORE_CURSOR_SIZE && strspn(text, "0123456789") >= PLACE_DIGITS &&
           token_valid(text + PLACE_DIGITS, TOKEN_LEN) && text[PLACE_DIGITS + TOKEN_LEN] == ':';
}

int redis_outbox_list(struct store *store, enum store_delivery_status status, const char *after, size_t max,
                      struct store_owed *ret, size_t *ret_count)
{
    if (after && !is_cursor(after))
        return -EINVAL;
    struct redis_args args = {0};
    redis_args_text(&args, status == STORE_OWED_DEAD ? "dead" : "pending");
    redis_args_text(&args, after ? after : "");
    redis_args_int(&args, (int64_t)max);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(redis_of(store), REDIS_outbox_list, &args, REDIS_QUICK_MS, &reply);
    redis_args_release(&args);
    if (r < 0)
        return r;
    size_t count = 0;
    r = reply->type != REDIS_REPLY_ARRAY || reply->elements > max ? -EPROTO : 0;
    for (; r == 0 && count < reply->elements; count += r == 0)
        r = take_owed(reply->element[count], &ret[count]);
    for (size_t i = 0; r < 0 && i < count; i++)
        store_owed_release(&ret[i]);
    if (r == 0)
        *ret_count = count;
    return r;
}

int redis_outbox_depth(struct store *store, struct store_outbox_depth *ret)
{
    const struct redis_args none = {0};
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(redis_of(store), REDIS_outbox_depth, &none, REDIS_QUICK_MS, &reply);
    if (r < 0)
        return r;
    struct store_outbox_depth depth = {.pending = redis_int_at(reply, 0), .dead = redis_int_at(reply, 1)};
    if (depth.pending > 0)
        depth.oldest_ms = MAX(redis_int_at(reply, 3) - redis_int_at(reply, 2), 0);
    *ret = depth;
    return 0;
}
