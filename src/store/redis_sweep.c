/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_sweep.c: lapsed leases and retention. Every process sweeps, whatever its role, so that there is always somebody; a sweep that
 * finds nothing writes nothing. Times are the server's: processes on machines with wrong clocks agree all the same.
 */
#include <errno.h>

#include "base/clock.h"
#include "store/redis_store.h"

enum { SWEEP_STEP = 64 };

/* A lease's end is seen by the next sweep: that time is taken off it, so far as a short one can spare it. */
int64_t redis_lease(const struct redis_store *s)
{
    return s->config.lease_ms - MIN(s->config.lease_ms / 4, REDIS_SWEEP_MOST_MS);
}

/* at_ms 0: the server's time. Gives how many changed, or -errno. */
static int sweep_step(struct redis_store *s, int64_t at_ms)
{
    struct redis_args args = {0};
    if (at_ms)
        redis_args_int(&args, at_ms);
    else
        redis_args_text(&args, "");
    redis_args_int(&args, s->config.lease_ms);
    redis_args_int(&args, s->config.retention_ms);
    redis_args_int(&args, SWEEP_STEP);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_call(s, REDIS_sweep, &args, REDIS_QUICK_MS, &reply);
    redis_args_release(&args);
    if (r < 0)
        return r;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING)
            watch_notify(s->base.watches, reply->element[i]->str);
    return reply->type == REDIS_REPLY_ARRAY ? (int)reply->elements : -EPROTO;
}

int redis_sweep(struct store *store, int64_t now_ms)
{
    int r;
    do {
        r = sweep_step(redis_of(store), now_ms);
    } while (r > 0);
    return r;
}

/* Sleeps; false when it is time to end. Never two processes in step for long. */
static bool await_turn(struct redis_store *s)
{
    struct timespec until = clock_after_ms(REDIS_SWEEP_MS / 2 + (int64_t)random_below(REDIS_SWEEP_MS));
    pthread_mutex_lock(&s->lock);
    while (!s->stopping && pthread_cond_timedwait(&s->stopped, &s->lock, &until) == 0)
        continue;
    bool going_on = !s->stopping;
    pthread_mutex_unlock(&s->lock);
    return going_on;
}

void *redis_sweeper_main(void *store)
{
    struct redis_store *s = store;
    while (await_turn(s))
        while (sweep_step(s, 0) >= SWEEP_STEP)
            continue;
    return NULL;
}
