/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llm.h: asks a language model, behind an OpenAI-compatible chat/completions endpoint, for one hint about a failed submission.
 *
 * Optional, and never on the way of a result. What is asked is limited (a rate, calls a day, and none for a while after failures), what
 * comes back too: a hint is plain text of at most HINT_MODEL_MAX bytes. The submission's text goes into the question as data, between
 * marks that it cannot know. Neither the key nor anything that was asked or answered is ever logged.
 */
#ifndef EVALX_LLM_LLM_H
#define EVALX_LLM_LLM_H

#include <stdint.h>

#include "base/error.h"
#include "metrics/metrics.h"
#include "model/result.h"
#include "model/submission.h"

enum { LLM_KEY_MAX = 1024 };

struct llm_config {
    const char *url;   /* http(s)://…; "/chat/completions" is added when it does not end so */
    const char *model; /* as the endpoint calls it; not empty */
    const char *key;   /* NULL or "": none is sent */
    int64_t timeout_ms;
    int64_t per_minute, per_day; /* calls at most; a day is one of UTC, counted in memory */
    struct metrics *metrics;     /* outlives it; may be NULL */
};

struct llm;

/* The strings are copied. -EINVAL names what is wrong with url. While there is one thread: it readies libcurl. */
int llm_new(const struct llm_config *config, struct llm **ret, struct error *err);
void llm_free(struct llm *llm); /* NULL is fine */

/*
 * Blocks, for at most the time-out; from one thread at a time. 0: *ret has a hint, whose strings are the caller's. Otherwise there is none:
 * -ENODATA no answer, or none that is of use; -ECANCELED llm_stop. result: with the hints so far; not accepted.
 */
int llm_ask(struct llm *llm, const struct submission *sub, const struct result *result, struct hint *ret);

/* From any thread: ends llm_ask soon, now and for ever. */
void llm_stop(struct llm *llm);

#endif
