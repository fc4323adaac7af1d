/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox.h: what is owed to webhooks. The other half of the contract in store.h.
 *
 * A row of the outbox is one event owed to one URL. It is written in the same transaction as the change that it tells of: STARTED
 * with the first claim, TEST with store_progress(STORE_EVENT_TEST), COMPLETED with store_complete, store_cancel, or the store's own
 * failing after lost leases. There is at most one row for each submission, kind and index: work that is done again owes nothing new.
 *
 * The store renders nothing and sends nothing. A dispatcher claims what is due, renders the body on the first claim, seals it (so
 * that every later try has the same bytes), sends it, and settles. Guarantees:
 *   - of one submission only the earliest row that is not delivered or dead is ever handed out: its events arrive in order;
 *   - a claim that is not settled within its lease lapses and the row is due again, so what is owed is delivered at least once;
 *     it counts as a try, but for the claims that a SQLite store finds when it is opened: their process was killed;
 *   - each claim has a fence: sealing and settling with a stale one are refused with -ESTALE.
 * Rows live as long as their submission; one that is pending keeps its submission from being forgotten by age. store_forget drops
 * them, pending or not.
 */
#ifndef EVALX_STORE_OUTBOX_H
#define EVALX_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/random.h"

struct store;

enum { STORE_OWNER_MAX = 64, STORE_URL_MAX = 2048, STORE_DELIVERY_ID_SIZE = 64, STORE_CURSOR_SIZE = 64 };

/* COMPLETED stands for completed, failed and cancelled alike. */
enum store_delivery_kind {
    STORE_DELIVERY_STARTED,
    STORE_DELIVERY_TEST,
    STORE_DELIVERY_COMPLETED,
    STORE_DELIVERY_KIND_COUNT
};

enum store_delivery_status { STORE_OWED_NONE, STORE_OWED_PENDING, STORE_OWED_DELIVERED, STORE_OWED_DEAD };

struct store_delivery_state {
    enum store_delivery_status status;
    int attempts;                  /* tries so far; since it was resent, if it was */
    int last_status;               /* HTTP status of the last try; 0: none was made, or none came */
    char *last_error;              /* why the last try failed; NULL: it did not */
    int64_t next_ms, delivered_ms; /* next try (0: not known, or none), arrival (0: not yet) */
};
void store_delivery_state_release(struct store_delivery_state *state);

/* A claimed row. */
struct store_delivery {
    char id[STORE_DELIVERY_ID_SIZE]; /* "msg_TOKEN_KIND" or "msg_TOKEN_test_INDEX": the same over all tries */
    char token[TOKEN_LEN + 1];
    enum store_delivery_kind kind;
    unsigned index; /* TEST: of the test case */
    char *url;
    char owner[STORE_OWNER_MAX + 1]; /* "": none */
    int attempt;                     /* 1 for the first */
    uint64_t fence;
    int64_t created_ms; /* when the event happened */
    struct buf data;    /* TEST: the progress's bytes, unless the body is sealed */
    struct buf body;    /* empty until sealed */
};
void store_delivery_release(struct store_delivery *delivery);

/*
 * Waits up to timeout_ms for rows that are due and takes at most max (> 0) of them into ret, at least one; release each. A claim
 * not settled within lease_ms lapses. -EAGAIN when there was none, -ECANCELED after store_interrupt, other -errno: the store is away.
 */
int store_outbox_claim(struct store *store, const char *dispatcher, int64_t lease_ms, int timeout_ms, size_t max,
                       struct store_delivery *ret, size_t *ret_count);

/*
 * Keeps body, which must not be empty, as the one that every try sends, and appends to ret_body what is kept: body, or what was
 * sealed earlier. Durable when it returns 0. -ESTALE: the claim is lost. -EINVAL: no such id can be.
 */
int store_outbox_seal(struct store *store, const char *id, uint64_t fence, struct str body, struct buf *ret_body);

enum store_outcome {
    STORE_OUTCOME_DELIVERED,
    STORE_OUTCOME_RETRY, /* due again at due_ms */
    STORE_OUTCOME_DEAD,  /* given up */
    STORE_OUTCOME_HELD,  /* was not tried: due again at due_ms, the attempt is not counted, status and error stay */
};

struct store_settlement {
    enum store_outcome outcome;
    int64_t due_ms;    /* realtime; RETRY and HELD */
    int http_status;   /* 0: no answer */
    const char *error; /* NULL: none */
};

/* Ends a claim. Durable when it returns 0. -ESTALE, -EINVAL as above. */
int store_outbox_settle(struct store *store, const char *id, uint64_t fence, const struct store_settlement *settlement);

/* One row for people to look at. */
struct store_owed {
    char id[STORE_DELIVERY_ID_SIZE];
    char token[TOKEN_LEN + 1];
    enum store_delivery_kind kind;
    unsigned index;
    char *url;
    char owner[STORE_OWNER_MAX + 1];
    int64_t created_ms;
    struct store_delivery_state state;
    char cursor[STORE_CURSOR_SIZE]; /* for `after`; no meaning outside the store */
};
void store_owed_release(struct store_owed *owed);

/*
 * Up to max rows that are STORE_OWED_PENDING or STORE_OWED_DEAD, in the order of their submissions' arrival, from the one after the
 * cursor (NULL: from the first; *ret_count 0: no more). Release each. -EINVAL: another state, or not a cursor.
 */
int store_outbox_list(struct store *store, enum store_delivery_status status, const char *after, size_t max,
                      struct store_owed *ret, size_t *ret_count);

/*
 * Makes the submission's rows that are dead, or, if none is, those that were delivered, due again in their order, with the same ids
 * and bodies, attempts counted from 0. -ENOENT no such submission, or it has no row; -EBUSY one is pending still.
 */
int store_outbox_resend(struct store *store, const char *token);

struct store_outbox_depth {
    int64_t pending, dead;
    int64_t oldest_ms; /* age of the oldest pending row; 0 when none is */
};
int store_outbox_depth(struct store *store, struct store_outbox_depth *ret);

#endif
