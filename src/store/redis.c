/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c: the store around a Redis or Valkey server: any number of processes, on any number of machines, share one queue. This
 * file opens and closes it; the others are named in redis_store.h; the keys and the scripts are in src/store/redis/common.lua.
 *
 * Why sorted sets and not streams. A stream gives out what came first. This queue is ordered by priority and age (STORE_AGEING_MS),
 * gives back what a worker returns at its old place, and takes out of the middle what is cancelled: that is a set sorted by rank. The
 * lease is a second sorted set, by the time it ends. A submission is a hash, and which set it is in follows from its status; a consumer
 * group's list of pending entries would be a second truth beside that.
 *
 * Why a crash between two writes loses nothing: there is no between. Every step that writes more than one key is one Lua script. The
 * server runs it alone; it puts what it did into its append-only file between MULTI and EXEC, and a start that finds no EXEC drops all of it.
 * With appendfsync always the answer follows the sync. So at any crash of the server each submission is in exactly one
 * of ready, running and done, and what was acknowledged is there. A crash of a process between two scripts leaves: a submission
 * queued (nobody was told: the client comes again, with an idempotency key if it cares), or a claim whose lease lapses. An answer
 * that was lost with the connection is asked for again, with a flag, and each script finds what it did the first time (redis_call.c).
 * What need not outlive a crash (progress, renewals, who waits) is written with REPL_NONE: to memory alone, so it waits for no disk.
 *
 * Renewals not kept means that a server that comes back thinks of all leases as old. Nobody swept meanwhile either, and by that it
 * knows: it gives each running submission one more lease (sweep.lua). Only then somebody else may have it, and
 * the fence, which only the newest claim has, keeps the result from being written twice.
 *
 * No key expires by itself: it could go while its webhook is owed, and a server short of memory would drop it first. The sweep forgets.
 *
 * Threads. Verbs run in their caller's thread on a connection of the pool (redis_link.c, whose keeper reconnects). The submitters share
 * syncs among submissions (redis_submit.c), the listener hears of changes elsewhere (redis_listen.c), the sweeper ends leases
 * (redis_sweep.c). Locks: the store's and the link's are never held together, nor while watchers are called.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "store/redis_store.h"

enum { OPEN_MS = 5000, OPEN_PAUSE_MS = 100, THREADS = REDIS_SUBMITTERS + 2 };

static void free_store(struct redis_store *s)
{
    fd_closep(&s->stop_fd);
    redis_address_release(&s->address);
    free(s->prefix);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->submitted);
    pthread_cond_destroy(&s->woken);
    pthread_cond_destroy(&s->stopped);
    free(s);
}
DEFINE_CLEANUP(struct redis_store, free_store)

/* Those of the threads that were started, in the order of `threads`. */
static void stop_threads(struct redis_store *s, size_t started)
{
    const pthread_t threads[THREADS] = {s->submitters[0], s->submitters[1], s->sweeper, s->listener};
    uint64_t one = 1;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->submitted);
    pthread_cond_broadcast(&s->stopped);
    pthread_mutex_unlock(&s->lock);
    if (s->stop_fd >= 0 && write(s->stop_fd, &one, sizeof(one)) < 0) {
        /* The listener looks once a second as well. */
    }
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static void redis_close(struct store *store)
{
    struct redis_store *s = redis_of(store);
    redis_interrupt(store);
    stop_threads(s, THREADS);
    redis_link_close(&s->link);
    free_store(s);
}

static const struct store_ops redis_ops = {
    .close = redis_close,
    .submit = redis_submit,
    .claim = redis_claim,
    .interrupt = redis_interrupt,
    .renew = redis_renew,
    .progress = redis_progress,
    .complete = redis_complete,
    .annotate = redis_annotate,
    .release = redis_release,
    .cancel = redis_cancel,
    .forget = redis_forget,
    .get = redis_get,
    .status = redis_status,
    .depth = redis_depth,
    .ping = redis_ping,
    .sweep = redis_sweep,
    .outbox_claim = redis_outbox_claim,
    .outbox_seal = redis_outbox_seal,
    .outbox_settle = redis_outbox_settle,
    .outbox_list = redis_outbox_list,
    .outbox_resend = redis_outbox_resend,
    .outbox_depth = redis_outbox_depth,
};

static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static struct redis_store *new_store(const struct store_config *config, struct watch_table *watches)
{
    struct redis_store *s = xcalloc(1, sizeof(*s));
    s->base = (struct store){.ops = &redis_ops, .watches = watches};
    s->config = *config;
    s->stop_fd = -1;
    char token[TOKEN_LEN + 1];
    token_new(token);
    memcpy(s->origin, token, REDIS_ORIGIN_LEN);
    STAILQ_INIT(&s->submits);
    pthread_mutex_init(&s->lock, NULL);
    init_cond(&s->submitted);
    init_cond(&s->woken);
    init_cond(&s->stopped);
    return s;
}

/* A server that is just starting, or still reading its file, is waited for; one that refuses is not. */
static int reach(const struct redis_address *address, struct error *err)
{
    int64_t deadline_ns = clock_monotonic_ns() + OPEN_MS * NS_PER_MS;
    for (;;) {
        redisContext *c = NULL;
        int r = redis_connect(address, OPEN_MS, &c, err);
        if (r == 0) {
            redisFree(c);
            return 0;
        }
        if (r == -EACCES || clock_monotonic_ns() > deadline_ns)
            return r;
        struct timespec pause = {.tv_nsec = OPEN_PAUSE_MS * NS_PER_MS};
        nanosleep(&pause, NULL);
    }
}

static int start_threads(struct redis_store *s, struct error *err)
{
    const struct {
        pthread_t *thread;
        void *(*run)(void *);
    } threads[THREADS] = {
        {&s->submitters[0], redis_submitter_main},
        {&s->submitters[1], redis_submitter_main},
        {&s->sweeper, redis_sweeper_main},
        {&s->listener, redis_listener_main},
    };
    s->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (s->stop_fd < 0)
        return error_errno(err, -errno, "eventfd");
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        int r = -pthread_create(threads[i].thread, NULL, threads[i].run, s);
        if (r < 0) {
            stop_threads(s, i);
            return error_errno(err, r, "starting the store's threads");
        }
    }
    return 0;
}

/* Until changes made elsewhere are heard; for a while: without, watchers would only hear late. */
static void await_listener(struct redis_store *s)
{
    struct timespec until = clock_after_ms(OPEN_MS);
    pthread_mutex_lock(&s->lock);
    while (!s->listening && pthread_cond_timedwait(&s->woken, &s->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&s->lock);
}

int redis_store_open(const char *scheme, const char *rest, const struct store_config *config,
                     struct watch_table *watches, struct store **ret, struct error *err)
{
    _cleanup_(free_storep) struct redis_store *s = new_store(config, watches);
    int r = redis_address_parse(scheme, rest, &s->address, err);
    if (r < 0)
        return r;
    s->prefix = xasprintf("{%s}", s->address.queue);
    r = reach(&s->address, err);
    if (r == 0)
        r = redis_link_open(&s->link, &s->address, err);
    if (r < 0)
        return r;
    r = redis_check(s, err);
    if (r == 0)
        r = start_threads(s, err);
    if (r < 0) {
        redis_link_close(&s->link);
        free(s->base.warning);
        return r;
    }
    await_listener(s);
    if (strcmp(s->address.queue, REDIS_QUEUE_DEFAULT) != 0)
        s->base.queue = xstrdup(s->address.queue);
    *ret = &STEAL(s)->base;
    return 0;
}
