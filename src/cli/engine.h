/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h: the part that runs programs: languages, jail and executor, put together in the one order that is safe:
 * the jail is started while the process is root and has one thread, then privileges go for good, then threads come.
 */
#ifndef EVALX_CLI_ENGINE_H
#define EVALX_CLI_ENGINE_H

#include "box/box.h"
#include "cli/config.h"
#include "cli/privileges.h"
#include "language/language.h"
#include "worker/executor.h"

struct engine {
    struct registry *registry;
    struct hint_rules *hints; /* NULL: hints.enabled is false */
    struct jail *jail;
    struct executor *executor;
    struct identity identity;
};

/* Loads the languages and starts the jail, which needs root (-EPERM with what to do). Close it, also after a failure. */
int engine_open(const struct config *config, struct engine *engine, struct error *err);

/* Becomes engine->identity and looks for the toolchains; remembers them in the state folder if it can. */
int engine_settle(const struct config *config, struct engine *engine, struct error *err);

/* Starts the executor's threads. artifacts: a folder of this process's own. */
int engine_execute(const struct config *config, struct engine *engine, const char *artifacts, struct error *err);

void engine_close(struct engine *engine);

/* "STATE_DIR/toolchains.json"; the caller frees. */
char *engine_toolchains_file(const struct config *config);

#endif
