/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook.h: the dispatcher: takes what the store's outbox owes, signs it, sends it, and settles it (store/outbox.h, docs/webhooks.md).
 *
 * Any number of dispatchers may work on one store. It holds no state that matters: whatever it has claimed and not settled comes up
 * again when the claim lapses, with the same id and the same body.
 */
#ifndef EVALX_WEBHOOK_WEBHOOK_H
#define EVALX_WEBHOOK_WEBHOOK_H

#include <stdint.h>

#include "base/error.h"
#include "metrics/metrics.h"
#include "store/store.h"
#include "webhook/guard.h"
#include "webhook/policy.h"
#include "webhook/retry.h"
#include "webhook/sign.h"

/* Appends the body that tells of delivery. 0, or -errno when the record cannot be read: the delivery is then dead. */
typedef int webhook_render_fn(const struct store_delivery *delivery, const struct store_record *record,
                              struct buf *ret);

/*
 * The secrets of the API key with this name; with a count of 0 nothing may be signed for it. False: it has none of its own, the common
 * ones count. Any thread.
 */
typedef bool webhook_secrets_fn(void *context, const char *owner, struct secrets *ret);

struct webhook_config {
    struct store *store;     /* must outlive the dispatcher */
    struct metrics *metrics; /* as must this; NULL: nothing is counted */
    const char *name;        /* of this dispatcher, for the store */
    struct secrets secrets;
    webhook_secrets_fn *secrets_of; /* NULL: the common ones for all */
    void *secrets_context;
    webhook_render_fn *render;
    const struct webhook_policy *policy; /* must outlive the dispatcher */
    struct retry_schedule retry;
    int64_t connect_timeout_ms, timeout_ms;
    unsigned max_in_flight; /* deliveries in hand at one time, on their way or about to be */
    unsigned per_host;      /* of them to one host */
    const char *ca_file;    /* NULL: the system's certificates */
};

struct webhook;

int webhook_start(const struct webhook_config *config, struct webhook **ret, struct error *err);

/* Claims no more, gives what is on its way grace_ms, hands the rest back, frees. Call it while the store is open. NULL is fine. */
void webhook_stop(struct webhook *webhook, int64_t grace_ms);

#endif
