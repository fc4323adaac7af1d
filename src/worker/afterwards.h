/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afterwards.h: what is found out about a submission after its result was stored, off its way: what a crash came from, and what an
 * adviser has to say. It becomes notes (model/notes.h) of the submission. Nothing of it is durable: when this process ends, hints are
 * missing that would have been better, and nothing else. Private to worker/.
 */
#ifndef EVALX_WORKER_AFTERWARDS_H
#define EVALX_WORKER_AFTERWARDS_H

#include "worker/worker.h"

struct afterwards;

int afterwards_start(const struct worker_config *config, struct afterwards **ret, struct error *err);

/* Drops what waits and what is being looked into, soon: from now on nothing is expected any more. */
void afterwards_close(struct afterwards *afterwards);
void afterwards_free(struct afterwards *afterwards); /* closes, joins; NULL is fine */

/* What a result is about to be stored with. */
struct afterwards_plan {
    bool crash, advice;
    bool sure;       /* what was guessed of the crash is (notes_of_crash) */
    int64_t hold_ms; /* for how long its webhook is to wait for them */
};

/* Before the result is stored: what will follow it. Marks the result with hints_follow. */
void afterwards_plan(struct afterwards *afterwards, struct result *result, struct afterwards_plan *ret);

/* After it was stored: off it goes. A plan without anything is fine. */
void afterwards_begin(struct afterwards *afterwards, const char *token, const struct result *result,
                      const struct afterwards_plan *plan);

#endif
