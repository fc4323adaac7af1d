/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afterwards.c: see afterwards.h.
 *
 * Two threads, each with a queue: one looks into crashes, one at a time, on slots that nobody else wants (executor_look_into); the other asks
 * the adviser. A submission goes through the first and then the second, as far as it wants either, so its notes have one writer at a time. A queue
 * holds tokens only; program and result are read from the store when it is their turn.
 *
 * Whatever becomes of it, the last thing written are notes that say so (notes.last): a webhook that was held goes out then, and event
 * streams end. Where that fails, because the store is away or this process dies, both have a time of their own after which they do not wait.
 */
#include "worker/afterwards.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/notes.h"
#include "worker/found.h"

enum {
    WAITING_MAX = 256,    /* in each queue; more are not taken */
    PATIENCE_MS = 30000,  /* after this a better hint comes too late */
    CRASH_WAIT_MS = 2000, /* for a webhook, while nothing waits in the queue */
    TRIES = 3,            /* to write notes */
    TRY_AGAIN_MS = 300,
};

struct item {
    STAILQ_ENTRY(item) link;
    char token[TOKEN_LEN + 1];
    int crashed;
    int64_t since_ns;
    struct afterwards_plan plan;
    struct notes notes; /* so far */
};
STAILQ_HEAD(item_list, item);

struct line {
    struct item_list items;
    unsigned count;
    pthread_t thread;
    bool started;
};

struct afterwards {
    struct worker_config config;
    struct found *found; /* of crashes; the crash thread's own */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct line crashes, advice;
    bool closing;
};

/* ---- reading and writing ---- */

struct read {
    struct submission *sub;
    struct result *result;
};

static void read_release(struct read *read)
{
    submission_freep(&read->sub);
    result_freep(&read->result);
}

static bool read_item(const struct afterwards *afterwards, const struct item *item, struct read *ret)
{
    _cleanup_(store_record_release) struct store_record record = {0};
    int r = store_get(afterwards->config.store, item->token, &record);

    if (r == 0)
        r = submission_load(record.request.data, record.request.len, &ret->sub, NULL);
    if (r == 0)
        r = result_load(record.result.data, record.result.len, &ret->result, NULL);
    return r == 0 && ret->sub && ret->result && ret->sub->test_count == ret->result->test_count;
}

static bool is_closing(struct afterwards *afterwards, int64_t wait_ms)
{
    struct timespec until = clock_after_ms(wait_ms);
    int r = wait_ms > 0 ? 0 : ETIMEDOUT;

    pthread_mutex_lock(&afterwards->lock);
    while (!afterwards->closing && r == 0)
        r = pthread_cond_timedwait(&afterwards->changed, &afterwards->lock, &until);
    bool closing = afterwards->closing;
    pthread_mutex_unlock(&afterwards->lock);
    return closing;
}

/* release: the webhook waits no longer. */
static void write_notes(struct afterwards *afterwards, struct item *item, bool release)
{
    _cleanup_(buf_release) struct buf data = BUF_INIT;
    int r = -EIO;

    notes_store(&item->notes, &data);
    for (int tries = 0; r < 0 && tries < TRIES; tries++) {
        if (tries > 0 && is_closing(afterwards, TRY_AGAIN_MS))
            break;
        r = store_annotate(afterwards->config.store, item->token, buf_view(&data), release);
        if (r == -ENOENT || r == -ECANCELED || r == -EBUSY)
            return; /* forgotten meanwhile: nobody reads it */
    }
    if (r < 0)
        log_warn("hints.lost", LOG_STR("message", strerror(-r)));
}

/* ---- crashes ---- */

static int64_t left_ms(const struct item *item)
{
    return PATIENCE_MS - (clock_monotonic_ns() - item->since_ns) / NS_PER_MS;
}

/* What became of it, for the metric. */
static const char *look(struct afterwards *afterwards, const struct item *item, const struct read *read,
                        struct hint_list *ret)
{
    struct executor *executor = afterwards->config.executor;
    size_t index = (size_t)item->crashed;
    char key[SHA256_HEX_LEN + 1];
    int r = -ECANCELED;

    if (executor_crash_key(executor, read->sub, index, key) < 0)
        return "failed";
    if (found_get(afterwards->found, key, ret))
        return "cached";
    while ((r == -ECANCELED || r == -EAGAIN) && left_ms(item) > 0) {
        hint_list_release(ret);
        if (is_closing(afterwards, r == -EAGAIN ? TRY_AGAIN_MS : 0))
            return "dropped";
        r = executor_look_into(executor, read->sub, index, &read->result->tests[index], (int)left_ms(item), ret);
    }
    if (r < 0)
        hint_list_release(ret); /* what is half found counts for nothing */
    if (r == -ECANCELED || r == -EAGAIN || r == -ETIMEDOUT)
        return "dropped";
    if (r < 0) {
        log_warn("crash.failed", LOG_STR("language", read->result->language), LOG_STR("message", strerror(-r)));
        return "failed";
    }
    found_put(afterwards->found, key, ret);
    return ret->count > 0 ? "explained" : "unexplained";
}

static void look_into(struct afterwards *afterwards, struct item *item)
{
    _cleanup_(read_release) struct read read = {0};
    struct hint_list found = {0};

    if (left_ms(item) <= 0 || !read_item(afterwards, item, &read) || (size_t)item->crashed >= read.result->test_count) {
        metrics_add(afterwards->config.metrics, METRIC_CRASH_RERUNS, 1, "dropped", NULL);
    } else {
        const char *outcome = look(afterwards, item, &read, &found);
        metrics_add(afterwards->config.metrics, METRIC_CRASH_RERUNS, 1, outcome, NULL);
    }
    if (found.count > 0) {
        notes_of_crash(read.result, item->crashed, &found, item->plan.sure, &item->notes);
        if (item->notes.changed)
            metrics_add(afterwards->config.metrics, METRIC_HINTS, 1, read.result->language,
                        hint_source_name(HINT_FROM_SANITIZER));
    }
    hint_list_release(&found);
}

/* ---- advice ---- */

static void advise(struct afterwards *afterwards, struct item *item)
{
    const struct worker_adviser *adviser = &afterwards->config.adviser;
    _cleanup_(read_release) struct read read = {0};
    struct hint hint = {0};

    if (left_ms(item) <= 0 || is_closing(afterwards, 0) || !read_item(afterwards, item, &read))
        return;
    notes_apply(&item->notes, read.result);
    if (adviser->ask(adviser->context, read.sub, read.result, &hint) < 0)
        return;
    metrics_add(afterwards->config.metrics, METRIC_HINTS, 1, read.result->language, hint_source_name(HINT_FROM_MODEL));
    notes_add(read.result, &hint, &item->notes);
    hint_release(&hint);
}

/* ---- the threads ---- */

static void push(struct afterwards *afterwards, struct line *line, struct item *item)
{
    STAILQ_INSERT_TAIL(&line->items, item, link);
    line->count++;
    pthread_cond_broadcast(&afterwards->changed);
}

static struct item *pop(struct afterwards *afterwards, struct line *line)
{
    pthread_mutex_lock(&afterwards->lock);
    while (line->count == 0 && !afterwards->closing)
        pthread_cond_wait(&afterwards->changed, &afterwards->lock);
    struct item *item = STAILQ_FIRST(&line->items);
    if (item) {
        STAILQ_REMOVE_HEAD(&line->items, link);
        line->count--;
    }
    pthread_mutex_unlock(&afterwards->lock);
    return item;
}

static void end(struct item *item)
{
    notes_release(&item->notes);
    free(item);
}

static void finish(struct afterwards *afterwards, struct item *item)
{
    item->notes.last = true;
    write_notes(afterwards, item, true);
    end(item);
}

static void *crash_main(void *argument)
{
    struct afterwards *afterwards = argument;
    struct item *item;

    while ((item = pop(afterwards, &afterwards->crashes))) {
        look_into(afterwards, item);
        if (!item->plan.advice) {
            finish(afterwards, item);
            continue;
        }
        /* The webhook goes on waiting only for an adviser that it was told to wait for. */
        if (item->notes.changed || afterwards->config.adviser.wait_ms == 0)
            write_notes(afterwards, item, afterwards->config.adviser.wait_ms == 0);
        pthread_mutex_lock(&afterwards->lock);
        push(afterwards, &afterwards->advice, item);
        pthread_mutex_unlock(&afterwards->lock);
    }
    return NULL;
}

static void *advice_main(void *argument)
{
    struct afterwards *afterwards = argument;
    struct item *item;

    while ((item = pop(afterwards, &afterwards->advice))) {
        advise(afterwards, item);
        finish(afterwards, item);
    }
    return NULL;
}

/* ---- the verbs ---- */

int afterwards_start(const struct worker_config *config, struct afterwards **ret, struct error *err)
{
    struct afterwards *afterwards = xcalloc(1, sizeof(*afterwards));
    pthread_condattr_t attr;

    afterwards->config = *config;
    afterwards->found = found_new();
    STAILQ_INIT(&afterwards->crashes.items);
    STAILQ_INIT(&afterwards->advice.items);
    pthread_mutex_init(&afterwards->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&afterwards->changed, &attr);
    pthread_condattr_destroy(&attr);
    int r = pthread_create(&afterwards->crashes.thread, NULL, crash_main, afterwards);
    afterwards->crashes.started = r == 0;
    if (r == 0 && config->adviser.ask)
        r = pthread_create(&afterwards->advice.thread, NULL, advice_main, afterwards);
    afterwards->advice.started = r == 0 && config->adviser.ask;
    if (r != 0) {
        afterwards_free(afterwards);
        return error_errno(err, -r, "starting the threads for late hints");
    }
    *ret = afterwards;
    return 0;
}

void afterwards_close(struct afterwards *afterwards)
{
    pthread_mutex_lock(&afterwards->lock);
    afterwards->closing = true;
    pthread_cond_broadcast(&afterwards->changed);
    pthread_mutex_unlock(&afterwards->lock);
    executor_look_away(afterwards->config.executor);
    if (afterwards->config.adviser.stop)
        afterwards->config.adviser.stop(afterwards->config.adviser.context);
}

void afterwards_free(struct afterwards *afterwards)
{
    if (!afterwards)
        return;
    afterwards_close(afterwards);
    if (afterwards->crashes.started)
        pthread_join(afterwards->crashes.thread, NULL);
    if (afterwards->advice.started)
        pthread_join(afterwards->advice.thread, NULL);
    /* What was handed over after the threads had seen the end. */
    struct line *const lines[] = {&afterwards->crashes, &afterwards->advice};
    struct item *item;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        while ((item = pop(afterwards, lines[i])))
            finish(afterwards, item);
    pthread_cond_destroy(&afterwards->changed);
    pthread_mutex_destroy(&afterwards->lock);
    found_free(afterwards->found);
    free(afterwards);
}

static int64_t crash_hold_ms(const struct afterwards *afterwards)
{
    struct store_depth depth = {0};

    if (afterwards->config.crash_wait_ms >= 0)
        return afterwards->config.crash_wait_ms;
    return store_depth(afterwards->config.store, &depth) == 0 && depth.waiting == 0 ? CRASH_WAIT_MS : 0;
}

static bool wants_advice(const struct afterwards *afterwards, const struct result *result)
{
    return afterwards->config.adviser.ask && result->explained && result->verdict != VERDICT_ACCEPTED &&
           result->verdict != VERDICT_SKIPPED && result->verdict != VERDICT_INTERNAL_ERROR;
}

void afterwards_plan(struct afterwards *afterwards, struct result *result, struct afterwards_plan *ret)
{
    bool crash = result->crashed >= 0, advice = wants_advice(afterwards, result);

    *ret = (struct afterwards_plan){0};
    if (result->status != STATUS_COMPLETED || !(crash || advice))
        return;
    pthread_mutex_lock(&afterwards->lock);
    ret->crash = crash && !afterwards->closing && afterwards->crashes.count < WAITING_MAX;
    ret->advice = advice && !afterwards->closing && afterwards->advice.count < WAITING_MAX;
    pthread_mutex_unlock(&afterwards->lock);
    if (ret->crash) {
        ret->sure = hint_list_is_sure(&result->tests[result->crashed].hints);
        ret->hold_ms = crash_hold_ms(afterwards);
    }
    if (ret->advice)
        ret->hold_ms = MAX(ret->hold_ms, afterwards->config.adviser.wait_ms);
    result->hints_follow = ret->crash || ret->advice;
}

void afterwards_begin(struct afterwards *afterwards, const char *token, const struct result *result,
                      const struct afterwards_plan *plan)
{
    if (!plan->crash && !plan->advice)
        return;
    struct item *item = xcalloc(1, sizeof(*item));
    memcpy(item->token, token, sizeof(item->token));
    item->crashed = result->crashed;
    item->since_ns = clock_monotonic_ns();
    item->plan = *plan;
    item->notes = (struct notes){.test = -1};
    pthread_mutex_lock(&afterwards->lock);
    push(afterwards, plan->crash ? &afterwards->crashes : &afterwards->advice, item);
    pthread_mutex_unlock(&afterwards->lock);
}
