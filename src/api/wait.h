/* SPDX-License-Identifier: Apache-2.0 */
/* wait.h: a request that is answered with a submission's document, when that is final or when the time is over. */
#ifndef EVALX_API_WAIT_H
#define EVALX_API_WAIT_H

#include "api/view.h"
#include "api/visit.h"

struct wait {
    struct visit visit;
    struct view view; /* owned */
    int64_t ms;
    bool posted;        /* answers a submission: 202 with the receipt when it is not final in time */
    enum status status; /* of the receipt, as is: */
    int64_t created_ms;
};

extern const struct visit_kind wait_kind;

/* Answers x with the submission as it stands, at once. */
void wait_not(struct api *api, struct http_exchange *x, const char *token, const struct view *view);

#endif
