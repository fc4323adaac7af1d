/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.h: webhooks as configured: which secrets sign them, where they may go, and the dispatcher that a role runs. */
#ifndef EVALX_CLI_HOOKS_H
#define EVALX_CLI_HOOKS_H

#include "auth/keys.h"
#include "cli/config.h"
#include "metrics/metrics.h"
#include "webhook/webhook.h"

struct hooks {
    struct webhook_policy policy;
    struct secrets secrets;     /* the common ones */
    struct keys *keys;          /* may have some of their own; NULL: no keys */
    struct webhook *dispatcher; /* NULL: none runs here */
};

/* The file in the state folder that keeps the secret which was made because none was configured; the caller frees. */
char *hooks_secret_path(const struct config *config);

/*
 * The secrets in force: webhook.secret, else the state folder's. make: one is made there when there is none. With neither, ret->count
 * is 0. -errno with a message that names the setting.
 */
int hooks_secrets(const struct config *config, bool make, struct secrets *ret, struct error *err);

/*
 * Reads the settings into a zeroed hooks and, unless webhook.dispatch is off or nothing could be signed, starts a dispatcher. What surrounds it must outlive it. Call
 * hooks_stop also after a failure.
 */
struct hooks_surroundings {
    struct store *store;
    struct keys *keys;       /* whose webhook_secret signs what came with a key that has one; NULL: no keys */
    struct metrics *metrics; /* NULL: nothing is counted */
    bool local;              /* this process has a state folder to keep a secret in */
};
int hooks_start(const struct config *config, const struct hooks_surroundings *around, struct hooks *ret,
                struct error *err);
void hooks_stop(struct hooks *hooks, int64_t grace_ms);

/* For api_config.webhook_mistake; context is the struct hooks. */
const char *hooks_mistake(void *context, const char *owner, const char *url);

#endif
