/* SPDX-License-Identifier: Apache-2.0 */
/* advice.h: the model that may be asked for hints (hints.ai.*), from the configuration: its key's file, and its place in the worker. */
#ifndef EVALX_CLI_ADVICE_H
#define EVALX_CLI_ADVICE_H

#include "cli/config.h"
#include "llm/llm.h"
#include "worker/worker.h"

/* *ret stays NULL when no model is configured. Errors name the setting. While there is one thread. */
int advice_open(const struct config *config, struct metrics *metrics, struct llm **ret, struct error *err);

/* llm NULL: nobody. */
struct worker_adviser advice_adviser(const struct config *config, struct llm *llm);

#endif
