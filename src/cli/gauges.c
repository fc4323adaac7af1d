/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauges.c: the figures that are looked up when somebody scrapes /metrics. Those of the queue and the outbox are the whole store's, the same
 * from every process around it.
 *
 * When the store is away, its figures are not shown at all: an autoscaler that finds none leaves everything as it is, while it would take 0
 * for an empty queue, and an old figure for as much work as there was.
 */
#include "cli/serving.h"
#include "store/outbox.h"

static void forget_store(struct metrics *metrics)
{
    static const enum metric figures[] = {METRIC_QUEUE_DEPTH, METRIC_QUEUE_OLDEST, METRIC_RUNNING, METRIC_OUTBOX,
                                          METRIC_OUTBOX_OLDEST};
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        metrics_forget(metrics, figures[i]);
}

static int collect_queue(struct store *store, struct metrics *metrics)
{
    struct store_depth depth = {0};
    int r = store_depth(store, &depth);

    if (r < 0)
        return r;
    metrics_set(metrics, METRIC_QUEUE_DEPTH, (double)depth.waiting, store_queue(store), NULL);
    metrics_set(metrics, METRIC_QUEUE_OLDEST, (double)depth.oldest_ms / 1000, NULL, NULL);
    metrics_set(metrics, METRIC_RUNNING, (double)depth.running, NULL, NULL);
    return 0;
}

static int collect_outbox(struct store *store, struct metrics *metrics)
{
    struct store_outbox_depth depth = {0};
    int r = store_outbox_depth(store, &depth);

    if (r < 0)
        return r;
    metrics_set(metrics, METRIC_OUTBOX, (double)depth.pending, "pending", NULL);
    metrics_set(metrics, METRIC_OUTBOX, (double)depth.dead, "dead", NULL);
    metrics_set(metrics, METRIC_OUTBOX_OLDEST, (double)depth.oldest_ms / 1000, NULL, NULL);
    return 0;
}

/* A store that hangs is waited for once. */
static void collect_store(struct store *store, struct metrics *metrics)
{
    int r = collect_queue(store, metrics);

    if (r == 0)
        r = collect_outbox(store, metrics);
    if (r < 0)
        forget_store(metrics);
    metrics_set(metrics, METRIC_STORE_UP, r == 0, NULL, NULL);
}

static void collect_slots(struct executor *executor, struct metrics *metrics)
{
    unsigned busy = 0, all = 0;

    executor_lanes(executor, &busy, &all);
    metrics_set(metrics, METRIC_SLOTS, busy, "busy", NULL);
    metrics_set(metrics, METRIC_SLOTS, all - busy, "idle", NULL);
}

void gauges_collect(void *context, struct metrics *metrics)
{
    const struct serving *serving = context;

    if (serving->store != NULL)
        collect_store(serving->store, metrics);
    if (serving->engine.executor != NULL)
        collect_slots(serving->engine.executor, metrics);
    if (serving->engine.jail != NULL)
        metrics_set(metrics, METRIC_SLOTS_REBUILT, (double)jail_rebuilt(serving->engine.jail), NULL, NULL);
}
