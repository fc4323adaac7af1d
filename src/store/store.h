/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: the one contract of queue and results, whatever keeps them (SQLite in the process, Redis around a cluster).
 * What is owed to webhooks, the outbox, is the same store's other half: outbox.h.
 *
 * A submission is queued → running (claimed, with a lease) → completed | failed | cancelled. The store never looks into request
 * and result: both are bytes made by model/. Guarantees:
 *   - store_submit's callback reports success only after the submission is durable;
 *   - each claim has a fence (a number that grows with every claim of that submission); progress, completion and hand-back with a
 *     stale fence are refused with -ESTALE, so the first completion wins and there is never a second result;
 *   - a lease that is not renewed in time lapses and the submission is queued again; after STORE_ATTEMPTS_MAX lapses it ends
 *     failed with a message, it never loops. Where store and worker are one process (SQLite) and that dies, everything that runs loses
 *     its worker, whoever is to blame: so nobody has his last attempt before the process has lived for STORE_CALM_MS.
 * Thread-safe throughout. Verbs block for at most a few disk syncs except store_claim, which waits.
 */
#ifndef EVALX_STORE_STORE_H
#define EVALX_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/random.h"
#include "model/verdict.h"
#include "store/outbox.h"

enum { STORE_ATTEMPTS_MAX = 3, STORE_CALM_MS = 10000, STORE_KEY_MAX = 255 };

/*
 * One step of priority is worth so much waiting: the next submission is the one with the smallest created_ms - priority *
 * STORE_AGEING_MS, the earlier arrival of two that are equal. So it is first come first served within a priority, and none starves:
 * what has waited 10 minutes at -10 goes before whatever comes new at +10.
 *
 * So among those of one owner. Between owners, claims are divided by share: of two that always have something waiting, with shares 3 and 1,
 * the first gets three claims of four, however much each has waiting. What an owner did not use is not saved up.
 */
enum { STORE_AGEING_MS = 30000 };

struct store;

/* The verbs that can fail because the store is away. */
/* clang-format off */
#define STORE_VERBS(X) \
    X(submit) X(claim) X(renew) X(progress) X(complete) X(annotate) X(release) X(cancel) X(forget) X(get) X(status) \
    X(depth) X(ping) X(outbox_claim) X(outbox_seal) X(outbox_settle) X(outbox_list) X(outbox_resend) X(outbox_depth)
/* clang-format on */

/*
 * Told of each call that failed because the store was away, full or broken, and not of those that were answered, if only with a no. From
 * the thread that called the verb (submit: from one of the store's). verb: one of STORE_VERBS, as text.
 */
typedef void store_failed_fn(void *context, const char *verb, int code);

struct store_config {
    int64_t lease_ms;        /* how long a silent worker keeps a claim */
    int64_t retention_ms;    /* how long final submissions are kept */
    int64_t max_depth;       /* waiting submissions past which submit answers -EAGAIN */
    store_failed_fn *failed; /* NULL: nobody is told */
    void *failed_context;
};

/*
 * url: "sqlite:PATH" (":memory:" is allowed), or "redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE][?queue=NAME]", or
 * "redis+unix:PATH[?db=N&queue=NAME]". -errno with a message, which never holds the password. With Redis the process must ignore SIGPIPE.
 */
int store_open(const char *url, const struct store_config *config, struct store **ret, struct error *err);
bool store_url_shared(const char *url); /* whether several processes may open this store at the same time */

/*
 * To look at what a store keeps while others work on it: only store_get, store_outbox_list and store_outbox_depth (and store_close) may
 * be called. -ENOENT when there is nothing yet.
 */
int store_inspect(const char *url, struct store **ret, struct error *err);
void store_close(struct store *store); /* finishes what was handed in, then closes; NULL is fine */
DEFINE_CLEANUP(struct store, store_close)

/* The queue's name, where the URL gave it one, else "default". Valid until store_close. */
const char *store_queue(const struct store *store);

/* What its keeper should know and mend: that it could lose what was acknowledged. NULL when nothing; valid until store_close. */
const char *store_warning(const struct store *store);

struct store_submission {
    char token[TOKEN_LEN + 1];
    int priority; /* -10 to 10; see STORE_AGEING_MS */
    int64_t created_ms;
    struct str request;            /* copied */
    const char *idempotency_key;   /* NULL: none; at most STORE_KEY_MAX bytes */
    unsigned char body_digest[32]; /* compared when the key is known already */
    const char *owner;       /* name of the API key it came with, at most STORE_OWNER_MAX bytes; NULL or "": none */
    unsigned share;          /* the owner's weight against other owners; 0 counts as 1; of an owner the newest counts */
    int64_t max_waiting;     /* waiting submissions of this owner past which it gets -EDQUOT; 0: no such limit */
    const char *webhook_url; /* NULL: no webhook; at most STORE_URL_MAX bytes */
    unsigned webhook_events; /* which deliveries are owed: bits 1u << enum store_delivery_kind; 0: none */
};

/*
 * Answer to a submit. code: 0 durable (token is the one to hand out: an earlier one when the idempotency key and digest were
 * known already, then repeated is true and status/created_ms are its), -EEXIST same key with another body, -EAGAIN full,
 * -EDQUOT the owner has max_waiting waiting, -ENOSPC disk full, -EINVAL no valid token, priority, key, owner or webhook, -ENOTUNIQ the token is in use, other -errno: the
 * store is away.
 */
struct store_receipt {
    int code;
    bool repeated;
    char token[TOKEN_LEN + 1];
    enum status status;
    int64_t created_ms;
};
typedef void store_submit_fn(void *context, const struct store_receipt *receipt);

/* Asynchronous, so that many callers share one disk sync. done is called exactly once, from a thread of the store's; keep it short. */
void store_submit(struct store *store, const struct store_submission *submission, store_submit_fn *done, void *context);

struct store_claim {
    char token[TOKEN_LEN + 1];
    uint64_t fence;
    int attempt; /* 1 for the first */
    int priority;
    int64_t created_ms;
    char owner[STORE_OWNER_MAX + 1];
    unsigned share;
    struct buf request;
};

/*
 * Waits up to timeout_ms for work. 0 with a claim (release its request), -EAGAIN when there was none, -ECANCELED after
 * store_interrupt, other -errno when the store is away.
 */
int store_claim(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret);
void store_interrupt(struct store *store); /* wakes every store_claim and store_outbox_claim, now and later */

/* 0 extended; -ECANCELED the client cancelled it: stop and forget it; -ESTALE the claim is lost: stop, write nothing. */
int store_renew(struct store *store, const char *token, uint64_t fence);

enum store_event_kind { STORE_EVENT_COMPILE, STORE_EVENT_TEST };

/* One step done: seen by store_get and by watchers; need not survive a crash (the work would be done again). data is copied. */
int store_progress(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind, unsigned index,
                   struct str data);

/*
 * Final: status completed or failed, with the result's bytes. Durable when it returns 0. -ESTALE, -ECANCELED as above. hold_ms > 0
 * puts the completed-delivery's first try off by that much, because store_annotate may add something to it; 0: it is due at once.
 * A store that is away may take it and fail to say so: the same claim with the same bytes may then be told 0 once more.
 */
int store_complete(struct store *store, const char *token, uint64_t fence, enum status status, struct str result,
                   int64_t hold_ms);

/*
 * What became known after the end: replaces the record's notes, opaque bytes, of a completed or failed submission, and calls the
 * watchers. last: nothing more will come, so a delivery that was held is due at once. 0, -EBUSY not final, -ECANCELED it was
 * cancelled, -ENOENT.
 */
int store_annotate(struct store *store, const char *token, struct str notes, bool last);

/* Hands a claim back (graceful stop): queued again at its old place, the attempt is not counted. */
int store_release(struct store *store, const char *token, uint64_t fence);

/* 0 cancelled (queued or running before); -EALREADY it is final; -ENOENT unknown. */
int store_cancel(struct store *store, const char *token);

/* Forgets a final submission. 0, -EBUSY not final, -ENOENT. */
int store_forget(struct store *store, const char *token);

struct store_event {
    enum store_event_kind kind;
    unsigned index;
    struct buf data;
};

struct store_record {
    enum status status;
    int attempts;
    int64_t created_ms, started_ms, finished_ms; /* 0: not yet */
    struct buf request;
    struct buf result; /* empty until final; may stay empty for cancelled, and for failed by lost leases */
    char *message;     /* for failed by the store itself, with what its last worker had reported; NULL otherwise */
    struct store_event *events; /* progress so far, in the order it came; empty once final */
    size_t event_count;
    struct buf notes;                    /* store_annotate's; empty without */
    char *owner;                         /* NULL: none */
    struct store_delivery_state webhook; /* of the completed-delivery; pending from the start where one will be owed */
};

/* 0 and a record (release it), or -ENOENT. */
int store_get(struct store *store, const char *token, struct store_record *ret);
void store_record_release(struct store_record *record);

/*
 * The status alone, or -ENOENT; cheap for what is queued or running, of which neither request nor progress is read. It may be behind
 * store_get until the watchers have been called for the change.
 */
int store_status(struct store *store, const char *token, enum status *ret);

/*
 * Calls changed(context, token) after every later change of the submission (claimed, progress, final, forgotten) until unwatched.
 * Called from the store's threads, and for progress from the worker's: keep it short, do not call the store from it. By the time
 * a verb returns (or a receipt comes), the watchers have been called. Watch first, then get: nothing is missed.
 */
typedef void store_watch_fn(void *context, const char *token);
struct store_watch;
struct store_watch *store_watch(struct store *store, const char *token, store_watch_fn *changed, void *context);

/* After it returns, changed is not running and never called. Hold no lock that changed takes. NULL is fine. */
void store_unwatch(struct store *store, struct store_watch *watch);

struct store_depth {
    int64_t waiting, running;
    int64_t finished;  /* that ended in any way since some moment: only differences mean anything */
    int64_t oldest_ms; /* age of the oldest waiting one; 0 when none waits */
};
int store_depth(struct store *store, struct store_depth *ret);

/* 0 when the store can take writes now. */
int store_ping(struct store *store);

/* Ends lapsed leases and forgets what is past its retention, as of realtime now_ms. Stores call it themselves about once a second. */
int store_sweep(struct store *store, int64_t now_ms);

#endif
