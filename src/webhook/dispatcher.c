/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatcher.c: start and end, and the two kinds of threads that wait for the store.
 *
 * A delivery is a job that is handed from thread to thread; whoever has it in hand owns it, so that it needs no lock:
 *
 *   claimer ──claimed──▶ network ──wanted──▶ clerk ──ready──▶ network ──ended──▶ clerk
 *   (store)              held back?          render, seal     park, POST         settle, free
 *
 * The claimer takes only what there is room for. The network thread alone knows hosts and transfers, and never waits for the store. The
 * clerks do: several of them, so that many seals and settlements share one disk sync.
 *
 * Why a crash at any line loses nothing. A job is a claim with a lease; until it is settled, the row is in the store and comes up
 * again. The body is sealed before it is first sent, so whatever is sent again is the same to the byte. A crash between POST and
 * settlement is one repeat, with the same id.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "webhook/internal.h"

enum {
    CLAIM_MOST = 64,     /* rows a claim */
    CLAIM_WAIT_MS = 500, /* how long a claim waits before it looks whether it is to stop */
    LEASE_EXTRA_MS =
        15000, /* to render, seal and wait for a turn; a killed dispatcher's claims lie idle so much longer */
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LONGEST_MS = 5000,
    HOLD_MS = 1000, /* when the store does not give what is needed */
};

/* Bodies in memory; past it nothing is claimed until some are sent. */
static const size_t body_bytes_most = 256 << 20;

static int64_t lease_ms(const struct webhook *hook)
{
    return hook->config.timeout_ms + LEASE_EXTRA_MS;
}

/* ---- handing on ---- */

void job_to_network(struct job *job, enum stage stage)
{
    struct webhook *hook = job->hook;
    job->stage = stage;
    pthread_mutex_lock(&hook->lock);
    STAILQ_INSERT_TAIL(&hook->inbox, job, link);
    pthread_mutex_unlock(&hook->lock);
    curl_multi_wakeup(hook->multi);
}

void job_to_clerk(struct job *job, enum stage stage)
{
    struct webhook *hook = job->hook;
    job->stage = stage;
    pthread_mutex_lock(&hook->lock);
    STAILQ_INSERT_TAIL(&hook->papers, job, link);
    pthread_cond_signal(&hook->desk);
    pthread_mutex_unlock(&hook->lock);
}

void job_decide(struct job *job, enum store_outcome outcome, int64_t delay_ms, int http_status, const char *error)
{
    snprintf(job->error, sizeof(job->error), "%s", error ? error : "");
    job->settlement = (struct store_settlement){.outcome = outcome,
                                                .due_ms = clock_realtime_ms() + delay_ms,
                                                .http_status = http_status,
                                                .error = error ? job->error : NULL};
}

/* ---- the claimer ---- */

/* With the lock held, for at most ms, or until room is signalled. */
static void wait_room(struct webhook *hook, int64_t ms)
{
    struct timespec until = clock_after_ms(ms);
    pthread_cond_timedwait(&hook->room, &hook->lock, &until);
}

/* How many rows may be claimed now; waits until it is at least one. 0: it is time to stop. */
static size_t await_room(struct webhook *hook)
{
    size_t most = hook->config.max_in_flight;
    pthread_mutex_lock(&hook->lock);
    while (!hook->stopping && (hook->outstanding >= most || hook->body_bytes >= body_bytes_most))
        wait_room(hook, CLAIM_WAIT_MS);
    size_t room = hook->stopping ? 0 : MIN(most - hook->outstanding, (size_t)CLAIM_MOST);
    pthread_mutex_unlock(&hook->lock);
    return room;
}

static void take_in(struct webhook *hook, const struct store_delivery *delivery, int64_t claimed_ns)
{
    struct job *job = xcalloc(1, sizeof(*job));
    job->hook = hook;
    job->delivery = *delivery;
    job->lease_end_ns = claimed_ns + lease_ms(hook) * NS_PER_MS;
    pthread_mutex_lock(&hook->lock);
    hook->outstanding++;
    hook->body_bytes += delivery->body.len;
    pthread_mutex_unlock(&hook->lock);
    job_to_network(job, JOB_CLAIMED);
}

static void back_off(struct webhook *hook, int64_t *backoff_ms)
{
    *backoff_ms = MIN(MAX(2 * *backoff_ms, BACKOFF_FIRST_MS), BACKOFF_LONGEST_MS);
    int64_t until_ns = clock_monotonic_ns() + *backoff_ms * NS_PER_MS;
    pthread_mutex_lock(&hook->lock);
    while (!hook->stopping && clock_monotonic_ns() < until_ns)
        wait_room(hook, (until_ns - clock_monotonic_ns()) / NS_PER_MS + 1);
    pthread_mutex_unlock(&hook->lock);
}

static void *claimer_main(void *context)
{
    struct webhook *hook = context;
    struct store_delivery deliveries[CLAIM_MOST];
    int64_t backoff_ms = 0;
    size_t room;
    while ((room = await_room(hook)) > 0) {
        size_t count = 0;
        int64_t before_ns = clock_monotonic_ns();
        int r =
            store_outbox_claim(hook->config.store, hook->name, lease_ms(hook), CLAIM_WAIT_MS, room, deliveries, &count);
        if (r == -ECANCELED)
            break;
        if (r == 0) {
            backoff_ms = 0;
            /* The lease began somewhere in the wait: at least what remains of it from the wait's end. */
            int64_t claimed_ns = MAX(before_ns, clock_monotonic_ns() - CLAIM_WAIT_MS * NS_PER_MS);
            for (size_t i = 0; i < count; i++)
                take_in(hook, &deliveries[i], claimed_ns);
        } else if (r != -EAGAIN) {
            if (backoff_ms == 0)
                log_error("webhook.store_away", LOG_STR("message", strerror(-r)));
            back_off(hook, &backoff_ms);
        }
    }
    return NULL;
}

/* ---- the clerks ---- */

static void free_job(struct job *job)
{
    struct webhook *hook = job->hook;
    size_t bytes = job->delivery.body.len;
    store_delivery_release(&job->delivery);
    free(job);
    pthread_mutex_lock(&hook->lock);
    hook->outstanding--;
    hook->body_bytes -= bytes;
    pthread_cond_broadcast(&hook->room);
    bool last = hook->stopping && hook->outstanding == 0;
    pthread_mutex_unlock(&hook->lock);
    if (last)
        curl_multi_wakeup(hook->multi);
}

static int render(struct job *job, struct buf *ret)
{
    struct store_record record = {0};
    int r = store_get(job->hook->config.store, job->delivery.token, &record);
    if (r < 0)
        return r;
    r = job->hook->config.render(&job->delivery, &record, ret);
    store_record_release(&record);
    return r < 0 || ret->len == 0 ? -EBADMSG : 0;
}

static int seal(struct job *job)
{
    _cleanup_(buf_release) struct buf rendered = BUF_INIT;
    int r = render(job, &rendered);
    if (r == 0)
        r = store_outbox_seal(job->hook->config.store, job->delivery.id, job->delivery.fence, buf_view(&rendered),
                              &job->delivery.body);
    buf_release(&job->delivery.data);
    if (r < 0)
        return r;
    pthread_mutex_lock(&job->hook->lock);
    job->hook->body_bytes += job->delivery.body.len;
    pthread_mutex_unlock(&job->hook->lock);
    return 0;
}

static const char *const outcomes[] = {
    [STORE_OUTCOME_DELIVERED] = "delivered", [STORE_OUTCOME_RETRY] = "retry", [STORE_OUTCOME_DEAD] = "dead"};

/* Shows them as 0 from the start: one that came to be with its first event would not be seen to rise. */
static void count_nothing_yet(struct metrics *metrics)
{
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        metrics_touch(metrics, METRIC_WEBHOOKS, outcomes[i], NULL);
    metrics_touch(metrics, METRIC_WEBHOOK_TIME, NULL, NULL);
}

static void count_outcome(const struct job *job)
{
    struct metrics *metrics = job->hook->config.metrics;
    enum store_outcome outcome = job->settlement.outcome;
    if (outcome == STORE_OUTCOME_HELD)
        return; /* was not tried */
    metrics_add(metrics, METRIC_WEBHOOKS, 1, outcomes[outcome], NULL);
    if (outcome == STORE_OUTCOME_DELIVERED)
        metrics_observe(metrics, METRIC_WEBHOOK_TIME,
                        MAX(clock_realtime_ms() - job->delivery.created_ms, 0) * NS_PER_MS, NULL, NULL);
}

static bool is_abandoned(struct webhook *hook)
{
    pthread_mutex_lock(&hook->lock);
    bool abandon = hook->abandon;
    pthread_mutex_unlock(&hook->lock);
    return abandon;
}

/* While the store is away, tried again as long as the claim may hold: what is not settled goes out once more. */
static void settle(struct job *job)
{
    struct webhook *hook = job->hook;
    int64_t backoff_ms = 0;
    int r;
    for (;;) {
        r = store_outbox_settle(hook->config.store, job->delivery.id, job->delivery.fence, &job->settlement);
        if (r == 0 || r == -ESTALE || is_abandoned(hook) || clock_monotonic_ns() > job->lease_end_ns)
            break;
        back_off(hook, &backoff_ms);
    }
    if (r == 0)
        count_outcome(job);
    else if (r != -ESTALE)
        log_error("webhook.not_settled", LOG_STR("message", strerror(-r)));
    free_job(job);
}

/* What is forgotten (-ENOENT) or claimed by another (-ESTALE) is settled in vain, which is how that ends. */
static void prepare(struct job *job)
{
    int r = job->delivery.body.len > 0 ? 0 : seal(job);
    if (r == 0) {
        job_to_network(job, JOB_READY);
        return;
    }
    if (r == -EBADMSG)
        job_decide(job, STORE_OUTCOME_DEAD, 0, 0, "the stored submission cannot be read");
    else
        job_decide(job, STORE_OUTCOME_HELD, HOLD_MS, 0, NULL);
    settle(job);
}

static struct job *next_paper(struct webhook *hook)
{
    pthread_mutex_lock(&hook->lock);
    while (STAILQ_EMPTY(&hook->papers) && !hook->closed)
        pthread_cond_wait(&hook->desk, &hook->lock);
    struct job *job = STAILQ_FIRST(&hook->papers);
    if (job)
        STAILQ_REMOVE_HEAD(&hook->papers, link);
    pthread_mutex_unlock(&hook->lock);
    return job;
}

static void *clerk_main(void *context)
{
    struct webhook *hook = context;
    struct job *job;
    while ((job = next_paper(hook))) {
        if (job->stage == JOB_WANTED)
            prepare(job);
        else
            settle(job);
    }
    return NULL;
}

/* ---- start and end ---- */

static struct webhook *new_webhook(const struct webhook_config *config)
{
    struct webhook *hook = xcalloc(1, sizeof(*hook));
    hook->config = *config;
    hook->name = xstrdup(config->name);
    hook->ca_file = config->ca_file && *config->ca_file ? xstrdup(config->ca_file) : NULL;
    hook->hosts = hosts_new(config->per_host, 2 * config->per_host, (config->max_in_flight + 1) / 2);
    STAILQ_INIT(&hook->inbox);
    STAILQ_INIT(&hook->papers);
    LIST_INIT(&hook->active);
    pthread_mutex_init(&hook->lock, NULL);
    pthread_cond_init(&hook->desk, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&hook->room, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return hook;
}

static void free_webhook(struct webhook *hook)
{
    curl_multi_cleanup(hook->multi);
    curl_global_cleanup();
    hosts_free(hook->hosts);
    pthread_mutex_destroy(&hook->lock);
    pthread_cond_destroy(&hook->room);
    pthread_cond_destroy(&hook->desk);
    explicit_bzero(&hook->config.secrets, sizeof(hook->config.secrets));
    free(hook->name);
    free(hook->ca_file);
    free(hook);
}

static int start_threads(struct webhook *hook)
{
    int r = -pthread_create(&hook->network, NULL, network_main, hook);
    hook->network_runs = r == 0;
    for (; r == 0 && hook->clerk_count < CLERKS; hook->clerk_count++) {
        r = -pthread_create(&hook->clerks[hook->clerk_count], NULL, clerk_main, hook);
        if (r < 0)
            break;
    }
    if (r == 0) {
        r = -pthread_create(&hook->claimer, NULL, claimer_main, hook);
        hook->claimer_runs = r == 0;
    }
    return r;
}

int webhook_start(const struct webhook_config *config, struct webhook **ret, struct error *err)
{
    if (config->secrets.count == 0 && !config->secrets_of)
        return error_set(err, -EINVAL, "webhooks cannot be signed without a secret");
    if (config->max_in_flight == 0 || config->per_host == 0)
        return error_set(err, -EINVAL, "webhooks need room for at least one delivery");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, -ENOMEM, "libcurl cannot start");
    struct webhook *hook = new_webhook(config);
    hook->multi = curl_multi_init();
    int r = hook->multi ? 0 : -ENOMEM;
    if (r == 0) {
        curl_multi_setopt(hook->multi, CURLMOPT_MAXCONNECTS, (long)config->max_in_flight);
        curl_multi_setopt(hook->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
        r = start_threads(hook);
    }
    if (r < 0) {
        webhook_stop(hook, 0);
        return error_errno(err, r, "starting the webhooks' threads");
    }
    count_nothing_yet(config->metrics);
    *ret = hook;
    return 0;
}

/* With the lock held: waits until every job is gone, or for ms. */
static void await_end(struct webhook *hook, int64_t ms)
{
    int64_t until_ns = clock_monotonic_ns() + ms * NS_PER_MS, left_ns;
    while (hook->outstanding > 0 && (left_ns = until_ns - clock_monotonic_ns()) > 0)
        wait_room(hook, left_ns / NS_PER_MS + 1);
}

void webhook_stop(struct webhook *hook, int64_t grace_ms)
{
    if (!hook)
        return;
    pthread_mutex_lock(&hook->lock);
    hook->stopping = true;
    pthread_cond_broadcast(&hook->room);
    pthread_mutex_unlock(&hook->lock);
    if (hook->multi)
        curl_multi_wakeup(hook->multi);
    if (hook->claimer_runs)
        pthread_join(hook->claimer, NULL); /* it may add jobs until then */
    pthread_mutex_lock(&hook->lock);
    await_end(hook, grace_ms);
    hook->abandon = true;
    pthread_cond_broadcast(&hook->room);
    pthread_mutex_unlock(&hook->lock);
    if (hook->network_runs) {
        curl_multi_wakeup(hook->multi);
        pthread_join(hook->network, NULL); /* it ends when the last job has */
    }
    pthread_mutex_lock(&hook->lock);
    hook->closed = true;
    pthread_cond_broadcast(&hook->desk);
    pthread_mutex_unlock(&hook->lock);
    for (unsigned i = 0; i < hook->clerk_count; i++)
        pthread_join(hook->clerks[i], NULL);
    free_webhook(hook);
}
