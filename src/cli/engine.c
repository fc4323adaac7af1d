/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c: see engine.h. */
#include "cli/engine.h"

#include <errno.h>
#include <unistd.h>

#include "cli/toolchains.h"

/* What every language wants to see in a box and what the configuration adds, NULL-terminated; the caller frees the array. */
static const char **mounts_of(const struct config *config, const struct registry *registry)
{
    const char *const *wanted = registry_mounts(registry);
    size_t count = 0;

    while (wanted[count] != NULL)
        count++;
    const char **mounts = xcalloc(count + config->sandbox_mounts.count + 1, sizeof(*mounts));
    for (size_t i = 0; i < count; i++)
        mounts[i] = wanted[i];
    for (size_t i = 0; i < config->sandbox_mounts.count; i++)
        mounts[count + i] = config->sandbox_mounts.items[i];
    return mounts;
}

int engine_load(const struct config *config, struct engine *engine, struct error *err)
{
    int r = identity_find(config->user, &engine->identity, err);
    return r == 0 ? registry_load(config->languages_dir, &engine->registry, err) : r;
}

/*
 * Root without the capabilities, as in a container, is no help: boxes are then built as the user that evalx would become anyway, because
 * programs run as whoever builds them.
 */
static int leave_root(const struct engine *engine, struct error *err)
{
    if (geteuid() == 0 && engine->identity.uid == 0)
        return error_set(err, -EPERM,
                         "root here has not the capabilities that the sandbox needs, and without them programs would "
                         "run as root: name "
                         "another user with --user");
    return privileges_drop(&engine->identity, err);
}

static int start_jail(const struct config *config, struct engine *engine, bool rootless, struct error *err)
{
    _cleanup_(freep) const char **mounts = mounts_of(config, engine->registry);
    struct jail_config jail = {
        .program = config->sandbox_jail,
        .slots = 2 * (unsigned)config->slots, /* each has a companion, for interactors */
        .mounts = mounts,
        .uid_base = (unsigned)config->sandbox_uid_base,
        .rootless = rootless,
    };
    return jail_start(&jail, &engine->jail, err);
}

int engine_try(const struct config *config, struct engine *engine, struct error *err)
{
    int r = engine_load(config, engine, err);
    if (r < 0)
        return r;
    bool rootless = !privileges_for_boxes();
    r = rootless ? leave_root(engine, err) : 0;
    if (r == 0)
        r = start_jail(config, engine, rootless, err);
    if (r < 0 && rootless)
        return error_wrap(err, r, "without root (sudo evalx …, or evalx submit to a server)");
    return r;
}

int engine_open(const struct config *config, struct engine *engine, struct error *err)
{
    int r = engine_try(config, engine, err);
    if (r == 0 && config->hints_enabled)
        r = hint_rules_load(config->hints_dir, &engine->hints, err);
    if (r < 0 || config->sandbox_allow_degraded)
        return r;
    _cleanup_(buf_release) struct buf names = BUF_INIT;
    struct weakness weakness;
    for (unsigned i = 0; jail_weakness(engine->jail, i, &weakness); i++)
        if (weakness.refuse)
            buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", weakness.name);
    if (names.len == 0)
        return 0;
    return error_set(err, -EPERM,
                     "the sandbox needs root: without it, it is weaker here (%s). Run evalx as root (sudo evalx …), "
                     "send programs to a "
                     "server with evalx submit, or accept it with --set sandbox.allow_degraded=true; evalx doctor says "
                     "what each means",
                     buf_str(&names));
}

char *engine_toolchains_file(const struct config *config)
{
    return xasprintf("%s/toolchains.json", config->state_dir);
}

int engine_settle(const struct config *config, struct engine *engine, struct error *err)
{
    _cleanup_(freep) char *memory = engine_toolchains_file(config);
    int r = privileges_drop(&engine->identity, err);

    if (r < 0)
        return r;
    toolchains_discover(engine->registry, jail_box(engine->jail, 0), memory);
    return 0;
}

int engine_execute(const struct config *config, struct engine *engine, const char *artifacts, struct error *err)
{
    struct executor_config executor = {
        .jail = engine->jail,
        .lanes = (unsigned)config->slots,
        .registry = engine->registry,
        .hints = engine->hints,
        .artifact_dir = artifacts,
        .artifact_cache_kb = config->artifact_cache_size / 1024,
        .output_keep_kb = config->output_keep / 1024,
        .submission_max_ms = config->submission_max_time_ms,
        .look_into_crashes = config->hints_crash,
        .crash_caps = config->max_limits,
        .metrics = engine->metrics,
    };
    return executor_new(&executor, &engine->executor, err);
}

void engine_close(struct engine *engine)
{
    executor_free(engine->executor);
    jail_stop(engine->jail);
    hint_rules_free(engine->hints);
    if (engine->registry != NULL)
        registry_free(engine->registry);
    *engine = (struct engine){0};
}
