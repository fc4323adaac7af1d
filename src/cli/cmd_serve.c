/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_serve.c: evalx serve, evalx api, evalx worker: the same parts, in one process or in many around a store that they share.
 *
 * Order where there is a jail: state folder and its lock (root) → jail (root, one thread) → user without privileges, for good →
 * toolchains, asked in a box → store, executor, worker → HTTP last, so that nothing is accepted before it could be run. `api` has no jail,
 * no state folder and no use for root; its languages are those that are defined, and its workers' to have.
 */
#include "cli/serving.h"

static const struct role role_serve = {
    .name = "serve",
    .parts = {&part_metrics, &part_advice, &part_state, &part_jail, &part_signals, &part_settle, &part_keys,
              &part_store, &part_webhook, &part_worker, &part_api},
};

static const struct role role_api = {
    .name = "api",
    .shares_store = true,
    .parts = {&part_metrics, &part_languages, &part_signals, &part_user, &part_keys, &part_store, &part_webhook,
              &part_api},
};

static const struct role role_worker = {
    .name = "worker",
    .shares_store = true,
    .parts = {&part_metrics, &part_advice, &part_state, &part_jail, &part_signals, &part_settle, &part_store,
              &part_worker, &part_health},
};

struct serve_options {
    bool no_webhooks;
};

static const struct option serve_table[] = {
    {.name = "no-webhooks",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct serve_options, no_webhooks),
     .help =
         "send no webhooks from this process: others around the same store do, or it does when it is started without"},
};

static void take_options(struct invocation *invocation)
{
    const struct serve_options *options = invocation->options;
    if (options->no_webhooks)
        invocation->config.webhook_dispatch = false;
}

static int run_serve(struct invocation *invocation)
{
    take_options(invocation);
    return serving_run(&role_serve, &invocation->config);
}

static int run_api(struct invocation *invocation)
{
    take_options(invocation);
    return serving_run(&role_api, &invocation->config);
}

static int run_worker(struct invocation *invocation)
{
    return serving_run(&role_worker, &invocation->config);
}

const struct command command_serve = {
    .name = "serve",
    .usage = "[options]",
    .summary = "serve the HTTP API and run what it is given",
    .description = "One machine, no other server: queue and results live in the state folder (SQLite). Needs root to "
                   "start, for the\n"
                   "sandbox (without it see sandbox.allow_degraded); the process that speaks HTTP then becomes an\n"
                   "ordinary user. SIGTERM stops it gracefully.",
    .tables = {OPTION_TABLE(serve_table)},
    .options_size = sizeof(struct serve_options),
    .uses_config = true,
    .is_role = true,
    .tells_warnings = true,
    .run = run_serve,
};

const struct command command_api = {
    .name = "api",
    .usage = "[options]",
    .summary = "serve the HTTP API only; workers around the same store run what it is given",
    .description = "Any number of them, on any machines, with the same --store-url (redis://…) and the same settings "
                   "as their workers.\n"
                   "Keeps nothing, needs no root and no toolchain: every language that is defined counts as available, "
                   "and a submission\n"
                   "in one that the worker lacks ends failed, with the reason. SIGTERM stops it gracefully.",
    .tables = {OPTION_TABLE(serve_table)},
    .options_size = sizeof(struct serve_options),
    .uses_config = true,
    .is_role = true,
    .tells_warnings = true,
    .run = run_api,
};

const struct command command_worker = {
    .name = "worker",
    .usage = "[options]",
    .summary = "run what evalx api was given; serves only its health over HTTP",
    .description = "Any number of them, on any machines, with the same --store-url (redis://…). Needs root to start, "
                   "for the sandbox. Each has\n"
                   "a state folder of its own, for compiled programs. Answers /healthz, /readyz, /metrics and /version "
                   "on --listen. "
                   "SIGTERM: takes nothing\n"
                   "new, finishes what runs within shutdown_grace, hands the rest back to the queue.",
    .uses_config = true,
    .is_role = true,
    .tells_warnings = true,
    .run = run_worker,
};
