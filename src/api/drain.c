/* SPDX-License-Identifier: Apache-2.0 */
/* drain.c: see drain.h. */
#include "api/drain.h"

#include <string.h>

#include "base/defs.h"

enum { WORTH = 10 }; /* the part of the queue that makes room worth coming back for: one in ten */

void drain_init(struct drain *drain)
{
    *drain = (struct drain){0};
    pthread_mutex_init(&drain->lock, NULL);
}

void drain_release(struct drain *drain)
{
    pthread_mutex_destroy(&drain->lock);
}

bool drain_due(struct drain *drain, int64_t now_ms)
{
    pthread_mutex_lock(&drain->lock);
    bool due = now_ms >= drain->due_ms;
    if (due)
        drain->due_ms = now_ms + DRAIN_EVERY_MS;
    pthread_mutex_unlock(&drain->lock);
    return due;
}

/* With the lock held. */
static void drop_oldest(struct drain *drain)
{
    drain->count--;
    memmove(drain->samples, drain->samples + 1, drain->count * sizeof(drain->samples[0]));
}

void drain_note(struct drain *drain, int64_t now_ms, const struct store_depth *depth)
{
    pthread_mutex_lock(&drain->lock);
    /* Counted from another beginning (another store took over): earlier samples mean nothing. */
    if (drain->count > 0 && depth->finished < drain->samples[drain->count - 1].finished)
        drain->count = 0;
    while (drain->count > 0 && (drain->count == DRAIN_SAMPLES || now_ms - drain->samples[0].at_ms > DRAIN_WINDOW_MS))
        drop_oldest(drain);
    drain->samples[drain->count++] = (struct drain_sample){.at_ms = now_ms, .finished = depth->finished};
    drain->waiting = depth->waiting;
    pthread_mutex_unlock(&drain->lock);
}

int64_t drain_seconds(struct drain *drain, int64_t fallback_s)
{
    int64_t seconds = fallback_s;

    pthread_mutex_lock(&drain->lock);
    if (drain->count > 1) {
        const struct drain_sample *first = &drain->samples[0], *last = &drain->samples[drain->count - 1];
        int64_t finished = last->finished - first->finished, took_ms = last->at_ms - first->at_ms;
        int64_t wanted = MAX(drain->waiting / WORTH, INT64_C(1));
        if (finished > 0)
            seconds = (wanted * took_ms + finished * 1000 - 1) / (finished * 1000);
        else if (took_ms >= DRAIN_STILL_MS)
            seconds = DRAIN_MOST_S;
    }
    pthread_mutex_unlock(&drain->lock);
    return MIN(MAX(seconds, (int64_t)DRAIN_LEAST_S), (int64_t)DRAIN_MOST_S);
}
