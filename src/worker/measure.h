/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h: what a submission's claim, loss and end add to the metrics. Private to worker/. */
#ifndef EVALX_WORKER_MEASURE_H
#define EVALX_WORKER_MEASURE_H

#include "metrics/metrics.h"
#include "model/result.h"

/* Shows what may be alarmed on as 0 from the start. */
void measure_nothing_yet(struct metrics *metrics);

/* Once for each claim: attempt is 1 for the first. */
void measure_claim(struct metrics *metrics, int attempt, int64_t waited_ms);

/* Once for each claim that ended otherwise than by us: -ECANCELED by its client, else by the lapse of its lease. */
void measure_lost(struct metrics *metrics, int code);

/* Once for each result that the store took. */
void measure_result(struct metrics *metrics, const struct result *result);

#endif
