/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serving.h: the long-running roles of evalx (serve, api, worker): each is a list of parts, started in that order and ended in the
 * reverse one. What a part does, all roles that have it share; cmd_serve.c has the lists.
 */
#ifndef EVALX_CLI_SERVING_H
#define EVALX_CLI_SERVING_H

#include "api/api.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/hooks.h"
#include "metrics/metrics.h"
#include "store/store.h"
#include "worker/worker.h"

struct role;

/* What the parts of one process have made so far. */
struct serving {
    const struct config *config;
    const struct role *role;
    struct engine engine; /* without privileges (evalx api): identity and registry only */
    struct metrics *metrics;
    struct store *store;
    struct worker *worker;
    struct llm *llm;   /* NULL: no model is asked for hints */
    struct keys *keys; /* NULL: everybody may come */
    struct hooks hooks;
    struct api *api;
    int lock_fd, signal_fd; /* -1: not open */
};

/*
 * The end has two rounds over all parts, last one first: drain (takes nothing new, finishes what it has), then stop. Both are
 * called in any state of the start, also for a part that never started or failed; either may be NULL.
 */
struct part {
    int (*start)(struct serving *serving, struct error *err);
    void (*drain)(struct serving *serving, int64_t grace_ms);
    void (*stop)(struct serving *serving);
};

extern const struct part part_metrics, part_advice, part_state, part_jail, part_languages, part_signals, part_settle,
    part_user, part_keys, part_store, part_webhook, part_worker, part_api, part_health;

enum { ROLE_PARTS_MAX = 12 };

struct role {
    const char *name;                             /* in front of the log's events: "serve.ready" */
    bool shares_store;                            /* with other processes, so it must be one that can be shared */
    const struct part *parts[ROLE_PARTS_MAX + 1]; /* up to a NULL */
};

/* Looks up the figures of store and slots for a scrape; context: the struct serving. gauges.c. */
metrics_collect_fn gauges_collect;

/* The whole life: start, ready, wait for SIGTERM or SIGINT (or the jail's death), end. An exit code. */
int serving_run(const struct role *role, const struct config *config);

#endif
