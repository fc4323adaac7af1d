/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complaint.h: why a request is refused, collected by the checks and answered once, as application/problem+json.
 * A check returns 0, or -1 with the complaint filled. Texts never hold paths or errno names of the server.
 */
#ifndef EVALX_API_COMPLAINT_H
#define EVALX_API_COMPLAINT_H

#include "api/internal.h"
#include "base/error.h"
#include "model/submission.h"

enum { RETRY_DEFAULT = 0 /* the API's for 503, none otherwise */, RETRY_DRAINED = -1 /* when the queue has drained */ };

struct complaint {
    int status;                 /* HTTP; 0: nothing to complain of */
    int64_t retry_s;            /* Retry-After; RETRY_… */
    struct error detail;        /* one sentence; empty when fields says it all */
    struct field_errors fields; /* what is wrong with which field */
};

#define COMPLAINT_INIT ((struct complaint){0})
void complaint_release(struct complaint *c);

int complain(struct complaint *c, int status, const char *format, ...) ATTR_PRINTF(3, 4);

/* 422 about one field (a JSON path, a query parameter or a header). May be called for several. */
int complain_field(struct complaint *c, const char *field, const char *format, ...) ATTR_PRINTF(3, 4);

/* What a store's verb returned (-errno) in a client's words: 404, 429, 503 or 507. */
int complain_store(struct complaint *c, int code);

/* Of a record that cannot be read: 503 when a newer evalx wrote it (another replica may be one), else 500. */
int complain_record(struct complaint *c, const struct store_record *record);

/* Answers x with the complaint, and its Retry-After. */
void complaint_answer(struct api *api, struct http_exchange *x, const struct complaint *c);

#endif
