/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c: the loop between store and executor.
 *
 * Threads: one claims (only when the executor says that a slot is idle, so that what this worker cannot run yet stays free for
 * others), one renews the leases of everything claimed (several times in a lease: cheap, and a cancellation is heard of by it), and a few deliver finished results, several
 * so that they share the store's disk syncs. Progress is reported from the slots' own threads.
 *
 * A claim is in the list from store_claim until its result is taken by the store, its hand-back done, or its loss known; as long
 * as it is there its lease is renewed. So a result waits for a store that is away, and nobody else runs the submission meanwhile.
 * A crash at any line leaves a claim whose lease lapses; the store then gives the submission to somebody else. Nothing is
 * reported twice, since the store refuses what carries a stale fence.
 *
 * Locks: this room's lock may be held while calling the executor, never while calling the store, and callbacks take it without
 * holding any of the executor's.
 */
#include "worker/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "worker/afterwards.h"
#include "worker/measure.h"

enum {
    DELIVERERS = 4,
    IDLE_WAIT_MS = 50,     /* between two looks at what waits, while all slots are busy */
    NEWER_PAUSE_MS = 1000, /* after a request in a form of a newer evalx: for a newer worker to take */
    SHARE_AFTER_MS = 100,  /* what has waited so long for an idle slot, here or elsewhere, shares ours */
    CLAIM_WAIT_MS = 1000,
    BACKOFF_FIRST_MS = 50,
    BACKOFF_MOST_MS = 5000,
    RENEW_EVERY_MS = 250, /* at least: it is also how a cancellation comes to be known */
    TOKEN_SHOWN = 6,      /* characters of a token in the log: it is a secret */
};

struct claim {
    TAILQ_ENTRY(claim) in_all;
    TAILQ_ENTRY(claim) in_finished;
    struct worker *worker;
    char token[TOKEN_LEN + 1];
    uint64_t fence;
    int64_t created_ms;
    struct job *job;       /* NULL before it starts and from when it has finished */
    struct result *result; /* when finished */
    bool lost;             /* cancelled by the client or no longer ours: write nothing */
    bool *untold;  /* test cases of which the store did not take the news, one flag each; NULL: nobody is told */
    bool renewing; /* the renewer looks at it: not to be freed */
};

TAILQ_HEAD(claim_list, claim);

struct worker {
    struct store *store;
    struct executor *executor;
    char *name;
    int64_t lease_ms;
    struct metrics *metrics;
    struct afterwards *afterwards;
    pthread_mutex_t lock;   /* over everything below */
    pthread_cond_t changed; /* of anything below */
    struct claim_list all, finished;
    bool claiming;  /* false: no new claims */
    bool closing;   /* false until nothing is left; then all threads end */
    bool impatient; /* the grace is over: do not wait for a store that is away */
    pthread_t claimer, renewer, deliverers[DELIVERERS];
};

/* ---- small things ---- */

static void shown(const char *token, char out[TOKEN_SHOWN + 1])
{
    snprintf(out, TOKEN_SHOWN + 1, "%.*s", (int)TOKEN_SHOWN, token);
}

/* Waits, with the lock held, until ms have passed or *until is true. */
static void pause_unless(struct worker *worker, int64_t ms, const bool *until)
{
    struct timespec end = clock_after_ms(ms);
    while (!*until && pthread_cond_timedwait(&worker->changed, &worker->lock, &end) == 0)
        continue;
}

static bool is_lost(int code)
{
    return code == -ESTALE || code == -ECANCELED || code == -ENOENT;
}

/* The store said, by this code, that the claim is not ours any more. */
static void lose(struct claim *claim, int code)
{
    struct worker *worker = claim->worker;

    pthread_mutex_lock(&worker->lock);
    bool news = !claim->lost;
    claim->lost = true;
    if (claim->job)
        executor_cancel(worker->executor, claim->job);
    pthread_mutex_unlock(&worker->lock);
    if (news)
        measure_lost(worker->metrics, code);
}

/* ---- what the executor reports ---- */

static int progress(struct claim *claim, enum store_event_kind kind, unsigned index, struct buf *data)
{
    int r = store_progress(claim->worker->store, claim->token, claim->fence, kind, index, buf_view(data));
    buf_release(data);
    if (is_lost(r))
        lose(claim, r);
    return r;
}

static void on_compiled(void *context, const struct compile_result *compile)
{
    struct buf data = BUF_INIT;
    compile_result_store(compile, &data);
    progress(context, STORE_EVENT_COMPILE, 0, &data);
}

static void on_tested(void *context, unsigned index, const struct test_result *test)
{
    struct claim *claim = context;
    struct buf data = BUF_INIT;
    test_result_store(test, &data);
    int r = progress(claim, STORE_EVENT_TEST, index, &data);
    if (r < 0 && claim->untold)
        claim->untold[index] = true;
}

/* What a receiver was promised to be told, and the store was away for, is told before the result. */
static int tell_the_rest(struct claim *claim)
{
    const struct result *result = claim->result;
    int r = 0;

    for (size_t i = 0; claim->untold && i < result->test_count && r == 0; i++) {
        if (!claim->untold[i] || !result->tests[i].done || result->tests[i].verdict == VERDICT_SKIPPED)
            continue;
        struct buf data = BUF_INIT;
        test_result_store(&result->tests[i], &data);
        r = progress(claim, STORE_EVENT_TEST, (unsigned)i, &data);
        claim->untold[i] = r < 0;
    }
    return r;
}

static void finished(struct claim *claim, struct result *result)
{
    struct worker *worker = claim->worker;

    pthread_mutex_lock(&worker->lock);
    claim->job = NULL;
    claim->result = result;
    TAILQ_INSERT_TAIL(&worker->finished, claim, in_finished);
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
}

static void on_finished(void *context, struct result *result)
{
    finished(context, result);
}

/* ---- claiming ---- */

static void log_started(const struct claim *claim, const struct submission *sub, int attempt)
{
    char token[TOKEN_SHOWN + 1];
    shown(claim->token, token);
    log_info("submission.started", LOG_STR("token", token), LOG_STR("language", sub->language),
             LOG_INT("tests", (int64_t)sub->test_count), LOG_INT("attempt", attempt),
             LOG_INT("queued_ms", clock_realtime_ms() - claim->created_ms));
    measure_claim(claim->worker->metrics, attempt, clock_realtime_ms() - claim->created_ms);
}

static void log_store_away(const char *verb, int code)
{
    log_warn("store.away", LOG_STR("verb", verb), LOG_STR("message", strerror(-code)));
}

/*
 * A request that cannot even be read ends failed: running it again would not help. Unless a newer evalx wrote it, as while one is
 * being rolled out: then it is handed back, for a newer worker.
 */
static struct result *unreadable(int code, const struct error *why)
{
    struct result *result = result_new(0);
    result_conclude(result);
    result->status = code == -EPROTONOSUPPORT ? STATUS_CANCELLED : STATUS_FAILED;
    result->verdict = VERDICT_INTERNAL_ERROR;
    result->started_ms = result->finished_ms = clock_realtime_ms();
    result->message = xasprintf("the stored request cannot be read: %s", why->message);
    return result;
}

/* False when it had to be left to a newer worker. */
static bool begin(struct worker *worker, struct store_claim *taken)
{
    static const struct job_callbacks callbacks = {
        .compiled = on_compiled, .tested = on_tested, .finished = on_finished};
    struct claim *claim = xcalloc(1, sizeof(*claim));
    struct submission *sub = NULL;
    struct error why = ERROR_INIT;

    claim->worker = worker;
    memcpy(claim->token, taken->token, sizeof(claim->token));
    claim->fence = taken->fence;
    claim->created_ms = taken->created_ms;
    const struct job_owner owner = {.name = taken->owner, .share = taken->share};
    int r = submission_load(taken->request.data, taken->request.len, &sub, &why);
    buf_release(&taken->request);
    if (r == 0) {
        sub->created_ms = taken->created_ms;
        if (sub->webhook_url && (sub->webhook_events & 1U << WEBHOOK_TEST))
            claim->untold = xcalloc(sub->test_count, sizeof(*claim->untold));
        log_started(claim, sub, taken->attempt);
    }
    pthread_mutex_lock(&worker->lock);
    TAILQ_INSERT_TAIL(&worker->all, claim, in_all);
    if (r == 0)
        claim->job = executor_start(worker->executor, sub, owner, &callbacks, claim); /* finished waits for our lock */
    pthread_mutex_unlock(&worker->lock);
    if (r < 0)
        finished(claim, unreadable(r, &why));
    if (r == -EPROTONOSUPPORT)
        log_warn("submission.newer", LOG_STR("message", why.message));
    return r != -EPROTONOSUPPORT;
}

static bool still_claiming(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool claiming = worker->claiming;
    pthread_mutex_unlock(&worker->lock);
    return claiming;
}

/*
 * How long to wait for a claim now; -1: not at all. With an idle slot, as long as it takes. Without one, when large submissions
 * have the slots, a small one need not wait for their end: it is taken on beside them, but only if no idle slot of any worker took it first.
 */
static int claim_patience(struct worker *worker)
{
    struct store_depth depth = {0};

    if (executor_wait_idle(worker->executor, IDLE_WAIT_MS))
        return CLAIM_WAIT_MS;
    if (!executor_can_share(worker->executor) || store_depth(worker->store, &depth) < 0)
        return -1;
    return depth.waiting > 0 && depth.oldest_ms >= SHARE_AFTER_MS ? 0 : -1;
}

static void pause_claiming(struct worker *worker, int64_t ms)
{
    struct timespec end = clock_after_ms(ms);

    pthread_mutex_lock(&worker->lock);
    while (worker->claiming && pthread_cond_timedwait(&worker->changed, &worker->lock, &end) == 0)
        continue;
    pthread_mutex_unlock(&worker->lock);
}

static void *claimer_main(void *argument)
{
    struct worker *worker = argument;
    int64_t backoff = 0;

    while (still_claiming(worker)) {
        struct store_claim taken = {0};
        int patience = claim_patience(worker);
        if (patience < 0)
            continue;
        int r = store_claim(worker->store, worker->name, patience, &taken);
        if (r == 0) {
            backoff = 0;
            if (!begin(worker, &taken))
                pause_claiming(worker, NEWER_PAUSE_MS);
        } else if (r == -ECANCELED) {
            break;
        } else if (r != -EAGAIN) {
            log_store_away("claim", r);
            backoff = backoff ? MIN(2 * backoff, BACKOFF_MOST_MS) : BACKOFF_FIRST_MS;
            pause_claiming(worker, backoff);
        }
    }
    return NULL;
}

/* ---- renewing ---- */

/* The next claim after previous (NULL: the first) that is not lost, kept from being freed; gives previous back. */
static struct claim *next_to_renew(struct worker *worker, struct claim *previous)
{
    pthread_mutex_lock(&worker->lock);
    struct claim *next = previous ? TAILQ_NEXT(previous, in_all) : TAILQ_FIRST(&worker->all);
    while (next && next->lost)
        next = TAILQ_NEXT(next, in_all);
    if (next)
        next->renewing = true;
    if (previous) {
        previous->renewing = false;
        pthread_cond_broadcast(&worker->changed);
    }
    pthread_mutex_unlock(&worker->lock);
    return next;
}

static void *renewer_main(void *argument)
{
    struct worker *worker = argument;

    for (;;) {
        pthread_mutex_lock(&worker->lock);
        pause_unless(worker, MAX(MIN(worker->lease_ms / 3, RENEW_EVERY_MS), 1), &worker->closing);
        bool closing = worker->closing;
        pthread_mutex_unlock(&worker->lock);
        if (closing)
            return NULL;
        struct claim *claim = NULL;
        while ((claim = next_to_renew(worker, claim))) {
            int r = store_renew(worker->store, claim->token, claim->fence);
            if (is_lost(r))
                lose(claim, r);
            else if (r < 0)
                log_store_away("renew", r);
        }
    }
}

/* ---- delivering ---- */

static void log_completed(const struct claim *claim)
{
    const struct result *result = claim->result;
    char token[TOKEN_SHOWN + 1];

    shown(claim->token, token);
    log_info("submission.completed", LOG_STR("token", token), LOG_STR("status", status_name(result->status)),
             LOG_STR("verdict", verdict_name(result->verdict)), LOG_INT("tests", (int64_t)result->test_count),
             LOG_INT("ms", result->finished_ms - claim->created_ms));
    measure_result(claim->worker->metrics, result);
}

/* One attempt to be rid of a finished claim. 0 or a loss: it is done with; other failures: the store is away. */
static int settle(struct claim *claim, const struct buf *data, int64_t hold_ms)
{
    struct store *store = claim->worker->store;

    if (claim->result->status == STATUS_CANCELLED)
        return store_release(store, claim->token, claim->fence); /* cancelled by us: for somebody else to run */
    int r = tell_the_rest(claim);
    return r < 0 ? r
                 : store_complete(store, claim->token, claim->fence, claim->result->status, buf_view(data), hold_ms);
}

static bool is_given_up(struct claim *claim, int64_t backoff)
{
    struct worker *worker = claim->worker;

    pthread_mutex_lock(&worker->lock);
    if (backoff && !claim->lost)
        pause_unless(worker, backoff, &worker->impatient);
    bool given_up = claim->lost || (backoff && worker->impatient);
    pthread_mutex_unlock(&worker->lock);
    return given_up;
}

/* Gives the result to the store, however long that takes. */
static void deliver(struct claim *claim)
{
    _cleanup_(buf_release) struct buf data = BUF_INIT;
    char token[TOKEN_SHOWN + 1];
    struct afterwards_plan plan;
    int64_t backoff = 0;

    shown(claim->token, token);
    afterwards_plan(claim->worker->afterwards, claim->result, &plan);
    if (claim->result->status != STATUS_CANCELLED)
        result_store(claim->result, &data);
    while (!is_given_up(claim, backoff)) {
        int r = settle(claim, &data, plan.hold_ms);
        if (r == 0 && claim->result->status == STATUS_CANCELLED)
            log_info("submission.released", LOG_STR("token", token));
        else if (r == 0)
            log_completed(claim);
        if (r == 0) {
            afterwards_begin(claim->worker->afterwards, claim->token, claim->result, &plan);
            return;
        }
        if (is_lost(r)) {
            lose(claim, r);
            break;
        }
        log_store_away("complete", r);
        backoff = backoff ? MIN(2 * backoff, BACKOFF_MOST_MS) : BACKOFF_FIRST_MS;
    }
    log_info("submission.dropped", LOG_STR("token", token));
}

static void forget(struct worker *worker, struct claim *claim)
{
    pthread_mutex_lock(&worker->lock);
    while (claim->renewing)
        pthread_cond_wait(&worker->changed, &worker->lock);
    TAILQ_REMOVE(&worker->all, claim, in_all);
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    result_free(claim->result);
    free(claim->untold);
    free(claim);
}

static void *deliverer_main(void *argument)
{
    struct worker *worker = argument;

    for (;;) {
        pthread_mutex_lock(&worker->lock);
        while (TAILQ_EMPTY(&worker->finished) && !worker->closing)
            pthread_cond_wait(&worker->changed, &worker->lock);
        struct claim *claim = TAILQ_FIRST(&worker->finished);
        if (claim)
            TAILQ_REMOVE(&worker->finished, claim, in_finished);
        pthread_mutex_unlock(&worker->lock);
        if (!claim)
            return NULL;
        deliver(claim);
        forget(worker, claim);
    }
}

/* ---- the verbs ---- */

static void join_all(struct worker *worker, unsigned deliverers, bool renewer)
{
    pthread_mutex_lock(&worker->lock);
    worker->closing = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    for (unsigned i = 0; i < deliverers; i++)
        pthread_join(worker->deliverers[i], NULL);
    if (renewer)
        pthread_join(worker->renewer, NULL);
    afterwards_free(worker->afterwards);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker->name);
    free(worker);
}

int worker_start(const struct worker_config *config, struct worker **ret, struct error *err)
{
    struct worker *worker = xcalloc(1, sizeof(*worker));
    pthread_condattr_t attr;
    unsigned deliverers = 0;
    int r = 0;

    worker->store = config->store;
    worker->executor = config->executor;
    worker->name = xstrdup(config->name);
    worker->lease_ms = config->lease_ms;
    worker->metrics = config->metrics;
    measure_nothing_yet(worker->metrics);
    worker->claiming = true;
    TAILQ_INIT(&worker->all);
    TAILQ_INIT(&worker->finished);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->changed, &attr);
    pthread_condattr_destroy(&attr);
    int late = afterwards_start(config, &worker->afterwards, err);
    if (late < 0) {
        join_all(worker, 0, false);
        return late;
    }
    for (; r == 0 && deliverers < DELIVERERS; deliverers += r == 0)
        r = pthread_create(&worker->deliverers[deliverers], NULL, deliverer_main, worker);
    bool renewer = r == 0 && (r = pthread_create(&worker->renewer, NULL, renewer_main, worker)) == 0;
    if (r == 0)
        r = pthread_create(&worker->claimer, NULL, claimer_main, worker);
    if (r != 0) {
        join_all(worker, deliverers, renewer);
        return error_errno(err, -r, "starting the worker's threads");
    }
    *ret = worker;
    return 0;
}

void worker_stop(struct worker *worker, int64_t grace_ms)
{
    struct claim *claim;
    struct timespec end = clock_after_ms(grace_ms);

    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->claiming = false;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    store_interrupt(worker->store);
    afterwards_close(worker->afterwards);
    pthread_join(worker->claimer, NULL);

    pthread_mutex_lock(&worker->lock);
    while (!TAILQ_EMPTY(&worker->all) && pthread_cond_timedwait(&worker->changed, &worker->lock, &end) == 0)
        continue;
    worker->impatient = true;
    TAILQ_FOREACH(claim, &worker->all, in_all)
    if (claim->job)
        executor_cancel(worker->executor, claim->job);
    pthread_cond_broadcast(&worker->changed);
    while (!TAILQ_EMPTY(&worker->all))
        pthread_cond_wait(&worker->changed, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
    join_all(worker, DELIVERERS, true);
}
