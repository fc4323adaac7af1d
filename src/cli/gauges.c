/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauges.c: the figures that are looked up when somebody scrapes /metrics. Those of the queue and the outbox are the whole store's, the same
 * from every process around it.
 */
#include "cli/serving.h"
#include "store/outbox.h"

#define QUEUE "default"

static void collect_queue(struct store *store, struct metrics *metrics)
{
    struct store_depth depth = {0};
    int r = store_depth(store, &depth);

    metrics_set(metrics, METRIC_STORE_UP, r == 0, NULL, NULL);
    if (r < 0)
        return; /* the last figures stay: an autoscaler must not take an outage for an empty queue */
    metrics_set(metrics, METRIC_QUEUE_DEPTH, (double)depth.waiting, QUEUE, NULL);
    metrics_set(metrics, METRIC_QUEUE_OLDEST, (double)depth.oldest_ms / 1000, NULL, NULL);
    metrics_set(metrics, METRIC_RUNNING, (double)depth.running, NULL, NULL);
}

static void collect_outbox(struct store *store, struct metrics *metrics)
{
    struct store_outbox_depth depth = {0};

    if (store_outbox_depth(store, &depth) < 0)
        return;
    metrics_set(metrics, METRIC_OUTBOX, (double)depth.pending, "pending", NULL);
    metrics_set(metrics, METRIC_OUTBOX, (double)depth.dead, "dead", NULL);
    metrics_set(metrics, METRIC_OUTBOX_OLDEST, (double)depth.oldest_ms / 1000, NULL, NULL);
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

    if (serving->store != NULL) {
        collect_queue(serving->store, metrics);
        collect_outbox(serving->store, metrics);
    }
    if (serving->engine.executor != NULL)
        collect_slots(serving->engine.executor, metrics);
}
