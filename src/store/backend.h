/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend.h: the seam between the contract (store.h) and what keeps the data. Only src/store includes this.
 *
 * A backend embeds struct store as its first member, fills ops, and calls watch_notify(store->watches, token) after every
 * change it has made durable (or, for progress, visible). Watching itself is the same for every backend and lives in watch.c.
 * To add one: write its file with an open function and a const struct store_ops, and name it in the table of store.c.
 */
#ifndef EVALX_STORE_BACKEND_H
#define EVALX_STORE_BACKEND_H

#include "store/delivery.h"
#include "store/store.h"
#include "store/watch.h"

/* One function a verb of store.h, with the same meaning; arguments have been checked by store.c. */
struct store_ops {
    void (*close)(struct store *store); /* frees the whole backend; watches are freed by store.c afterwards */
    void (*submit)(struct store *store, const struct store_submission *submission, store_submit_fn *done,
                   void *context);
    int (*claim)(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret);
    void (*interrupt)(struct store *store);
    int (*renew)(struct store *store, const char *token, uint64_t fence);
    int (*progress)(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind, unsigned index,
                    struct str data);
    int (*complete)(struct store *store, const char *token, uint64_t fence, enum status status, struct str result,
                    int64_t hold_ms);
    int (*annotate)(struct store *store, const char *token, struct str notes, bool last);
    int (*release)(struct store *store, const char *token, uint64_t fence);
    int (*cancel)(struct store *store, const char *token);
    int (*forget)(struct store *store, const char *token);
    int (*get)(struct store *store, const char *token, struct store_record *ret);
    int (*status)(struct store *store, const char *token, enum status *ret);
    int (*depth)(struct store *store, struct store_depth *ret);
    int (*ping)(struct store *store);
    int (*sweep)(struct store *store, int64_t now_ms);
    int (*outbox_claim)(struct store *store, const char *dispatcher, int64_t lease_ms, int timeout_ms, size_t max,
                        struct store_delivery *ret, size_t *ret_count);
    int (*outbox_seal)(struct store *store, const struct delivery_key *key, uint64_t fence, struct str body,
                       struct buf *ret_body);
    int (*outbox_settle)(struct store *store, const struct delivery_key *key, uint64_t fence,
                         const struct store_settlement *settlement);
    int (*outbox_list)(struct store *store, enum store_delivery_status state, const char *after, size_t max,
                       struct store_owed *ret, size_t *ret_count);
    int (*outbox_resend)(struct store *store, const char *token);
    int (*outbox_depth)(struct store *store, struct store_outbox_depth *ret);
};

struct store {
    const struct store_ops *ops;
    struct watch_table *watches; /* set before the backend's open runs its threads */
    char *warning;               /* for store_warning; freed by store.c */
    char *queue;                 /* for store_queue; NULL: "default"; freed by store.c */
    store_failed_fn *failed;     /* store.c's */
    void *failed_context;
};

/* What store.h says of the last lost lease; %d is STORE_ATTEMPTS_MAX. */
#define STORE_LOST_MESSAGE "given up: the worker was lost %d times while it ran this submission"

/* Where a submission stands in the queue, see STORE_AGEING_MS. */
int64_t store_rank(const struct store_submission *submission);

/* -EINVAL when token, priority, key, owner or webhook cannot be. */
int store_check_submission(const struct store_submission *submission);

/* scheme, rest: the URL before and after the colon. watches: to be put into the store; stays the caller's on failure. */
typedef int store_open_fn(const char *scheme, const char *rest, const struct store_config *config,
                          struct watch_table *watches, struct store **ret, struct error *err);

store_open_fn sqlite_store_open, sqlite_store_inspect, redis_store_open;

#endif
