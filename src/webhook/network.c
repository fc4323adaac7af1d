/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.c: the one thread that speaks to receivers: lets deliveries go, parks or sends them back by host, and drives all transfers
 * with libcurl's multi interface. It never touches the store: a slow disk does not hold up the network, nor the other way.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "webhook/internal.h"

enum { POLL_MS = 1000, TIDY_EVERY_MS = 60000, LEASE_MARGIN_MS = 5000 };

static int64_t now_ms(void)
{
    return clock_monotonic_ns() / NS_PER_MS;
}

/* Not sent: back to the store, as if it had not been claimed. */
static void hold(struct job *job, int64_t delay_ms)
{
    job_decide(job, STORE_OUTCOME_HELD, delay_ms, 0, NULL);
    job_to_clerk(job, JOB_ENDED);
}

/* Before any work is put into it: is there time left under the claim for a whole transfer? */
static bool in_time(const struct job *job)
{
    int64_t needed_ms = job->hook->config.timeout_ms + LEASE_MARGIN_MS;
    return clock_monotonic_ns() + needed_ms * NS_PER_MS < job->lease_end_ns;
}

/* NULL when the URL has none. What is neither parked nor on its way must not keep it: hosts_tidy may forget it. */
static struct host *host_of(struct webhook *hook, const struct job *job)
{
    _cleanup_(buf_release) struct buf key = BUF_INIT;
    return webhook_host_key(job->delivery.url, &key) < 0 ? NULL : hosts_get(hook->hosts, buf_str(&key), now_ms());
}

/* Nothing is rendered for a host that is held back. */
static void look_at(struct webhook *hook, struct job *job)
{
    struct host *host = host_of(hook, job);
    if (!host || webhook_policy_mistake(hook->config.policy, job->delivery.url)) {
        job_decide(job, STORE_OUTCOME_DEAD, 0, 0, "the server sends nothing to this URL");
        job_to_clerk(job, JOB_ENDED);
        return;
    }
    int64_t hold_ms = host_held(host, now_ms());
    if (hook->ends || hold_ms > 0)
        hold(job, hold_ms);
    else
        job_to_clerk(job, JOB_WANTED);
}

/* The host counts it as on its way. False: it could not be sent after all. */
static bool send_it(struct webhook *hook, struct job *job)
{
    job->started_ns = clock_monotonic_ns();
    int r = hook->ends || !in_time(job) ? -ECANCELED : transfer_begin(job);
    if (r == 0 && curl_multi_add_handle(hook->multi, job->easy) != CURLM_OK) {
        struct answer ignored;
        transfer_end(job, CURLE_OUT_OF_MEMORY, &ignored);
        r = -ENOMEM;
    }
    if (r == 0) {
        LIST_INSERT_HEAD(&hook->active, job, active);
        hook->in_flight++;
        hook->stirred = true;
        return true;
    }
    host_undone(job->host);
    if (r == -ENOKEY) {
        job_decide(job, STORE_OUTCOME_DEAD, 0, 0, "there is no secret to sign it with");
        job_to_clerk(job, JOB_ENDED);
    } else {
        hold(job, r == -ECANCELED ? 0 : POLL_MS);
    }
    return false;
}

/* Who is parked may go, or must not any more. */
static void serve_parked(struct webhook *hook, struct host *host)
{
    int64_t hold_ms;
    struct parked *item;
    while ((item = host_next(hook->hosts, host, now_ms(), &hold_ms))) {
        struct job *job = (struct job *)item;
        if (hold_ms >= 0)
            hold(job, hold_ms);
        else
            send_it(hook, job);
    }
}

/* Where most of the room is taken, it is left to those who can go at once. */
static bool may_park(struct webhook *hook)
{
    pthread_mutex_lock(&hook->lock);
    bool room = hook->outstanding < (size_t)hook->config.max_in_flight * 3 / 4;
    pthread_mutex_unlock(&hook->lock);
    return room;
}

static void admit(struct webhook *hook, struct job *job)
{
    struct host *host = host_of(hook, job); /* when it cannot be sent, the job is gone */
    int64_t hold_ms = 0;
    if (!host) { /* no memory, since look_at has seen that it has one */
        hold(job, POLL_MS);
        return;
    }
    job->host = host;
    switch (host_admit(hook->hosts, host, &job->parked, may_park(hook), now_ms(), &hold_ms)) {
    case HOST_GO:
        if (!send_it(hook, job))
            serve_parked(hook, host);
        break;
    case HOST_HOLD:
        hold(job, hold_ms);
        break;
    case HOST_PARK:
        break;
    }
}

static void log_failure(const struct job *job, const struct answer *answer, const struct decision *decision)
{
    char token[9] = "";
    snprintf(token, sizeof(token), "%.6s", job->delivery.token);
    bool dead = decision->outcome == STORE_OUTCOME_DEAD;
    LOG_AT(dead ? LOG_WARN : LOG_INFO, dead ? "webhook.dead" : "webhook.failed", LOG_STR("token", token),
           LOG_STR("host", host_key(job->host)), LOG_INT("attempt", job->delivery.attempt),
           LOG_INT("status", answer->http_status), LOG_STR("error", answer->error ? answer->error : ""),
           LOG_STR("refused", job->refusal ? job->refusal : ""), LOG_INT("next_ms", decision->delay_ms));
}

static void finish(struct webhook *hook, struct job *job, CURLcode code)
{
    struct answer answer;
    curl_multi_remove_handle(hook->multi, job->easy);
    transfer_end(job, code, &answer);
    LIST_REMOVE(job, active);
    hook->in_flight--;
    struct decision decision =
        retry_decide(&hook->config.retry, job->delivery.attempt, &answer, (unsigned)random_below(1000));
    char status[32];
    snprintf(status, sizeof(status), "answered %d", answer.http_status);
    const char *error = answer.error ? answer.error : decision.outcome == STORE_OUTCOME_DELIVERED ? NULL : status;
    if (decision.outcome != STORE_OUTCOME_DELIVERED)
        log_failure(job, &answer, &decision);
    job_decide(job, decision.outcome, decision.delay_ms, answer.http_status, error);
    struct host *host = job->host;
    bool was_closed = host_closed(host, now_ms());
    int64_t took_ms = (clock_monotonic_ns() - job->started_ns) / NS_PER_MS;
    host_done(host, decision.healthy || answer.refused, decision.throttle_ms, took_ms, now_ms());
    if (!was_closed && host_closed(host, now_ms()))
        log_warn("webhook.host_held_back", LOG_STR("host", host_key(host)));
    job_to_clerk(job, JOB_ENDED);
    serve_parked(hook, host);
}

/* Waits for news: from a receiver, of a transfer's time, or from another thread. */
static void await_news(struct webhook *hook)
{
    int sockets = 0;
    if (curl_multi_poll(hook->multi, NULL, 0, POLL_MS, &sockets) != CURLM_OK || sockets > 0)
        hook->stirred = true;
}

/* libcurl looks at every transfer each time: not for the sake of those alone that have only been looked at and sent back. */
static void drive(struct webhook *hook)
{
    int running, left;
    long due_ms = -1;
    CURLMsg *message;
    if (!hook->stirred && (curl_multi_timeout(hook->multi, &due_ms) != CURLM_OK || due_ms != 0))
        return;
    hook->stirred = false;
    curl_multi_perform(hook->multi, &running);
    while ((message = curl_multi_info_read(hook->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        char *job = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job);
        finish(hook, (struct job *)(void *)job, code);
    }
}

static void empty_inbox(struct webhook *hook)
{
    struct job_list news = STAILQ_HEAD_INITIALIZER(news);
    pthread_mutex_lock(&hook->lock);
    STAILQ_CONCAT(&news, &hook->inbox);
    pthread_mutex_unlock(&hook->lock);
    struct job *job;
    while ((job = STAILQ_FIRST(&news))) {
        STAILQ_REMOVE_HEAD(&news, link);
        if (job->stage == JOB_CLAIMED)
            look_at(hook, job);
        else
            admit(hook, job);
    }
}

/* False when all is done. */
static bool keep_on(struct webhook *hook)
{
    pthread_mutex_lock(&hook->lock);
    bool abandon = hook->abandon, more = !hook->stopping || hook->outstanding > 0;
    hook->ends = hook->stopping;
    pthread_mutex_unlock(&hook->lock);
    struct parked *item;
    while (hook->ends && (item = hosts_unpark(hook->hosts)))
        hold((struct job *)item, 0);
    struct job *job;
    while (abandon && (job = LIST_FIRST(&hook->active))) {
        struct answer ignored;
        curl_multi_remove_handle(hook->multi, job->easy);
        transfer_end(job, CURLE_ABORTED_BY_CALLBACK, &ignored);
        LIST_REMOVE(job, active);
        hook->in_flight--;
        host_undone(job->host);
        hold(job, 0); /* whether it arrived is not known: it goes again, with the same id */
    }
    return more;
}

void *network_main(void *context)
{
    struct webhook *hook = context;
    while (keep_on(hook)) {
        empty_inbox(hook);
        drive(hook);
        if (now_ms() - hook->tidied_ms > TIDY_EVERY_MS) {
            hook->tidied_ms = now_ms();
            hosts_tidy(hook->hosts, now_ms());
        }
        await_news(hook);
    }
    return NULL;
}
