/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain.h: how fast the queue drains, measured, for Retry-After. Samples of the store's depth, at most one a second, over the last half
 * minute; whoever brings a submission pays for a sample that is due. Thread-safe.
 */
#ifndef EVALX_API_DRAIN_H
#define EVALX_API_DRAIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum {
    DRAIN_EVERY_MS = 1000,
    DRAIN_WINDOW_MS = 30000,
    DRAIN_SAMPLES = 32,
    DRAIN_STILL_MS = 5000, /* that nothing ended for less than this says nothing */
    DRAIN_LEAST_S = 1,
    DRAIN_MOST_S = 60,
};

struct drain {
    pthread_mutex_t lock;
    struct drain_sample {
        int64_t at_ms, finished;
    } samples[DRAIN_SAMPLES]; /* oldest first */
    size_t count;
    int64_t due_ms;  /* of the next sample */
    int64_t waiting; /* of the newest one */
};

void drain_init(struct drain *drain);
void drain_release(struct drain *drain);

/* True for one caller when a sample is due: who then looks at the store and notes what it says. now_ms: monotonic. */
bool drain_due(struct drain *drain, int64_t now_ms);
void drain_note(struct drain *drain, int64_t now_ms, const struct store_depth *depth);

/*
 * Seconds until a full queue should have room worth coming back for (a tenth of it drained), from DRAIN_LEAST_S to DRAIN_MOST_S;
 * fallback_s as long as nothing has been measured.
 */
int64_t drain_seconds(struct drain *drain, int64_t fallback_s);

#endif
