/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h: what a finished submission adds to the metrics. Private to worker/. */
#ifndef EVALX_WORKER_MEASURE_H
#define EVALX_WORKER_MEASURE_H

#include "metrics/metrics.h"
#include "model/result.h"

/* Once for each result that the store took. */
void measure_result(struct metrics *metrics, const struct result *result);

#endif
