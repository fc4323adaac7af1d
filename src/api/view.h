/* SPDX-License-Identifier: Apache-2.0 */
/* view.h: from a store's record to the document that a client sees. */
#ifndef EVALX_API_VIEW_H
#define EVALX_API_VIEW_H

#include <jansson.h>

#include "base/buf.h"
#include "model/result.h"
#include "model/submission.h"
#include "store/store.h"

/* How the client wants it. A zeroed view is the whole document in the encoding of the request. */
struct view {
    bool encoding_given;
    enum encoding encoding;
    char *fields; /* NULL: all */
};
void view_release(struct view *view);

/* A record with its bytes understood. */
struct picture {
    struct submission *submission;
    struct result *result; /* partial until final, see result_document */
    enum encoding encoding;
    const uint16_t *ended; /* the test cases that have ended, in that order */
    size_t ended_count;
    uint16_t *order; /* owns ended while the result is partial */
};

/* 0, or -errno when the record's bytes cannot be read, which is the engine's fault. */
int picture_load(const char *token, const struct store_record *record, const struct view *view, struct picture *ret);
void picture_release(struct picture *picture);

/* The submission document, narrowed to view's fields. New reference; NULL when the record cannot be read. */
json_t *view_document(const char *token, const struct store_record *record, const struct view *view);

/* {token, status, created_at}: the answer to a submission. New reference. */
json_t *view_receipt(const char *token, enum status status, int64_t created_ms);

#endif
