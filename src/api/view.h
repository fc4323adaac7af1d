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
enum encoding view_encoding(const struct view *view, const struct submission *sub);

/* What the client sent. 0, or -errno when the record's bytes cannot be read, which is the engine's fault; so too below. */
int view_submission(const char *token, const struct store_record *record, struct submission **ret);

/* What became of it so far. */
struct picture {
    struct result *result; /* partial until final, see result_document */
    const uint16_t *ended; /* the test cases that have ended, in that order */
    size_t ended_count;
    uint16_t *order; /* owns ended while the result is partial */
    bool noted;      /* the hints are better ones, which came after the end */
    bool settled;    /* no better ones will come */
};

/*
 * known (may be NULL, else one byte a test case): results that the caller needs no more. While the result is partial they are not
 * read again: ended names them, result lacks them.
 */
int picture_load(const struct submission *sub, const struct store_record *record, const unsigned char *known,
                 struct picture *ret);
void picture_release(struct picture *picture);

/* The submission document, narrowed to view's fields. New reference; NULL when the record cannot be read. */
json_t *view_document(const char *token, const struct store_record *record, const struct view *view);

/* Of a record that could not be read: a newer evalx wrote it, and one such can read it. */
bool view_is_newer(const struct store_record *record);

/* How its delivery stands: the document's "webhook". New reference. */
json_t *view_webhook(const struct store_delivery_state *state);

/* {token, status, created_at}: the answer to a submission. New reference. */
json_t *view_receipt(const char *token, enum status status, int64_t created_ms);

#endif
