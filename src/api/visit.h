/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visit.h: a request that is answered after its handler has returned: a commit, a wait, an event stream. It costs its connection
 * and some hundred bytes, no thread.
 *
 * A visit follows one submission: each change of it leads to a look, on a handler thread. Looks and the end of one visit never run
 * at the same time (http.h), so kinds need no locks. Changes that come while a look is queued are seen by that look.
 */
#ifndef EVALX_API_VISIT_H
#define EVALX_API_VISIT_H

#include "api/internal.h"
#include "base/random.h"

struct visit_kind {
    size_t size;                                       /* of the struct that starts with the visit */
    void (*look)(struct visit *v);                     /* the submission may have changed */
    void (*ended)(struct visit *v, enum http_end why); /* must close the visit and answer */
    void (*release)(struct visit *v);                  /* what the kind owns; may be NULL */
};

struct visit {
    const struct visit_kind *kind;
    struct api *api;
    struct http_exchange *exchange;
    char token[TOKEN_LEN + 1];
    struct store_watch *watch;
    atomic_bool look_queued;
    struct visit *next, **link; /* in api->visits */
};

/* A zeroed visit of that kind. It is open until visit_close. */
struct visit *visit_open(const struct visit_kind *kind, struct api *api, struct http_exchange *x);

/* From a handler thread: starts to follow visit->token, and looks for the first time. The visit may be closed when it returns. */
void visit_follow(struct visit *v, int64_t timeout_ms);

/* From a look: the visit ends (as by a time-out) after so long, and not before. */
void visit_limit(struct visit *v, int64_t timeout_ms);

/* Ends following, frees the visit and hands back its exchange, which is now to be answered. */
struct http_exchange *visit_close(struct visit *v);

/* Around store_submit: api_stop waits for commits that are under way. */
void visit_commit_begins(struct api *api);
void visit_commit_ended(struct api *api);
void visit_settle(struct api *api);

#endif
