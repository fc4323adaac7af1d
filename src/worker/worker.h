/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h: the loop between store and executor: claims when a slot is idle, renews leases, reports progress, completes.
 * Keeps a finished result until the store takes it.
 */
#ifndef EVALX_WORKER_WORKER_H
#define EVALX_WORKER_WORKER_H

#include <stdint.h>

#include "base/error.h"
#include "metrics/metrics.h"
#include "store/store.h"
#include "worker/executor.h"

struct worker;

/* Somebody who may have one hint more for a failed submission. A zeroed one is nobody. */
struct worker_adviser {
    /* Takes its time, from one thread. 0: *ret has a hint (its strings are the caller's then); -errno: there is none. */
    int (*ask)(void *context, const struct submission *sub, const struct result *result, struct hint *ret);
    void (*stop)(void *context); /* ends ask soon, now and for ever; may be NULL */
    void *context;
    int64_t wait_ms; /* for how long a webhook waits for the hint */
};

struct worker_config {
    struct store *store;
    struct executor *executor;
    const struct registry *registry;
    const char *name;        /* unique among the workers of a store */
    int64_t lease_ms;        /* the store's; renewed several times in it */
    struct metrics *metrics; /* counted into; outlives the worker; may be NULL */
    int64_t
        crash_wait_ms; /* how long a webhook waits for what a crash came from; -1: 2 s, but not while others wait for a slot */
    struct worker_adviser adviser;
};

int worker_start(const struct worker_config *config, struct worker **ret, struct error *err);

/*
 * Graceful: stops claiming (with store_interrupt: nobody else claims from this struct store afterwards either), gives running
 * submissions grace_ms to finish, hands the others back to the store, joins its threads, frees. Results that a store which is
 * away will not take by then are dropped: their leases lapse and they are run again. Nothing is lost either way. NULL is fine.
 */
void worker_stop(struct worker *worker, int64_t grace_ms);

#endif
