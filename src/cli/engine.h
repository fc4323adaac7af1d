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
    struct metrics *metrics; /* the executor counts into it; NULL: it does not */
    struct identity identity;
};

/* Finds the user and loads the languages, whose toolchains are not looked for. Close it, also after a failure. */
int engine_load(const struct config *config, struct engine *engine, struct error *err);

/*
 * engine_load, and starts the jail: as root, else inside a user namespace. What is weaker then must be allowed by
 * sandbox.allow_degraded, or this is -EPERM with what to do. Close it, also after a failure.
 */
int engine_open(const struct config *config, struct engine *engine, struct error *err);

/* engine_open without asking for consent: what is weaker is the caller's to tell. */
int engine_try(const struct config *config, struct engine *engine, struct error *err);

/* Becomes engine->identity and looks for the toolchains; remembers them in the state folder if it can. */
int engine_settle(const struct config *config, struct engine *engine, struct error *err);

/* Starts the executor's threads. artifacts: a folder of this process's own. */
int engine_execute(const struct config *config, struct engine *engine, const char *artifacts, struct error *err);

void engine_close(struct engine *engine);

/* "STATE_DIR/toolchains.json"; the caller frees. */
char *engine_toolchains_file(const struct config *config);

#endif
