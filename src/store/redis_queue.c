/* SPDX-License-Identifier: Apache-2.0 */
/* redis_queue.c: the verbs that move a submission: one script each. What they changed, this process's watchers hear from here. */
#include <errno.h>

#include "base/clock.h"
#include "store/redis_store.h"

/* ---- claim ---- */

static int take_claim(const redisReply *reply, struct store_claim *ret)
{
    struct str token = redis_bytes_at(reply, 0), request = redis_bytes_at(reply, 4), owner = redis_bytes_at(reply, 6);
    if (!token_valid(token.data, token.len))
        return -EPROTO;
    struct store_claim claim = {
        .fence = (uint64_t)redis_int_at(reply, 1),
        .attempt = (int)redis_int_at(reply, 2),
        .created_ms = redis_int_at(reply, 3),
        .priority = (int)redis_int_at(reply, 5),
        .share = (unsigned)redis_int_at(reply, 7),
    };
    snprintf(claim.owner, sizeof(claim.owner), "%.*s", (int)owner.len, owner.data ? owner.data : "");
    memcpy(claim.token, token.data, token.len);
    buf_append(&claim.request, request.data, request.len);
    *ret = claim;
    return 0;
}

static int claim_now(struct redis_store *s, const struct redis_waiter *waiter, const char *worker,
                     struct store_claim *ret)
{
    struct redis_args args = {0};
    redis_args_text(&args, waiter->name);
    redis_args_int(&args, (int64_t)waiter->call);
    redis_args_text(&args, worker);
    redis_args_int(&args, redis_lease(s));
    redis_args_int(&args, (int64_t)waiter->received);
    redisReply *reply = NULL;
    int r = redis_call(s, REDIS_claim, &args, REDIS_PATIENT_MS, &reply);
    redis_args_release(&args);
    if (r < 0)
        return r;
    r = reply->type == REDIS_REPLY_NIL ? -EAGAIN : take_claim(reply, ret);
    freeReplyObject(reply);
    return r;
}

int redis_claim(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret)
{
    struct redis_store *s = redis_of(store);
    int64_t deadline_ns = clock_monotonic_ns() + MAX(timeout_ms, 0) * NS_PER_MS;
    struct redis_waiter waiter;
    redis_wait_enter(s, REDIS_WAIT_QUEUE, &waiter);
    int r = redis_interrupted(s) ? -ECANCELED : claim_now(s, &waiter, worker, ret);
    while (r == -EAGAIN && clock_monotonic_ns() < deadline_ns) {
        r = redis_wait_sleep(s, &waiter, deadline_ns);
        if (r == -EAGAIN)
            r = claim_now(s, &waiter, worker, ret);
    }
    redis_wait_leave(s, &waiter, r);
    if (r == 0)
        watch_notify(store->watches, ret->token);
    return r;
}

/* ---- what a claim's holder does ---- */

static struct redis_args held_args(const char *token, uint64_t fence)
{
    struct redis_args args = {0};
    redis_args_text(&args, token);
    redis_args_int(&args, (int64_t)fence);
    return args;
}

/* Sends, releases args, and tells the watchers of a change. */
static int call(struct redis_store *s, enum redis_script script, struct redis_args *args, int budget_ms,
                const char *changed)
{
    int r = redis_call_code(s, script, args, budget_ms);
    redis_args_release(args);
    if (r == 0 && changed)
        watch_notify(s->base.watches, changed);
    return r;
}

enum { RENEW_LEAST_MS = 300 };

int redis_renew(struct store *store, const char *token, uint64_t fence)
{
    struct redis_store *s = redis_of(store);
    struct redis_args args = held_args(token, fence);
    redis_args_int(&args, redis_lease(s));
    /* No longer than until it should be tried again: one renewal that hangs must not cost the lease, nor others theirs. */
    int budget_ms = (int)MAX(MIN(s->config.lease_ms / 3, REDIS_PATIENT_MS), RENEW_LEAST_MS);
    return call(s, REDIS_renew, &args, budget_ms, NULL);
}

int redis_progress(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind, unsigned index,
                   struct str data)
{
    char head[32];
    snprintf(head, sizeof(head), "%d %u ", (int)kind, index);
    struct redis_args args = held_args(token, fence);
    redis_args_text(&args, head);
    redis_args_str(&args, data);
    return call(redis_of(store), REDIS_progress, &args, redis_budget(REDIS_QUICK_MS, data.len), token);
}

int redis_complete(struct store *store, const char *token, uint64_t fence, enum status status, struct str result,
                   int64_t hold_ms)
{
    struct redis_args args = held_args(token, fence);
    redis_args_int(&args, (int64_t)status);
    redis_args_str(&args, result);
    redis_args_int(&args, MAX(hold_ms, 0));
    return call(redis_of(store), REDIS_complete, &args, redis_budget(REDIS_PATIENT_MS, result.len), token);
}

int redis_annotate(struct store *store, const char *token, struct str notes, bool last)
{
    struct redis_args args = {0};
    redis_args_text(&args, token);
    redis_args_str(&args, notes);
    redis_args_int(&args, last);
    return call(redis_of(store), REDIS_annotate, &args, REDIS_PATIENT_MS, token);
}

int redis_release(struct store *store, const char *token, uint64_t fence)
{
    struct redis_args args = held_args(token, fence);
    return call(redis_of(store), REDIS_release, &args, REDIS_PATIENT_MS, token);
}

/* ---- what a client does ---- */

int redis_cancel(struct store *store, const char *token)
{
    struct redis_args args = {0};
    redis_args_text(&args, token);
    return call(redis_of(store), REDIS_cancel, &args, REDIS_QUICK_MS, token);
}

int redis_forget(struct store *store, const char *token)
{
    struct redis_args args = {0};
    redis_args_text(&args, token);
    return call(redis_of(store), REDIS_forget, &args, REDIS_QUICK_MS, token);
}
