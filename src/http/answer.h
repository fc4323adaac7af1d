/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h: the bytes of an answer. Every answer gets the same protective headers here, and nowhere else. */
#ifndef EVALX_HTTP_ANSWER_H
#define EVALX_HTTP_ANSWER_H

#include <stdbool.h>

#include "base/buf.h"
#include "http/http.h"

#define PROBLEM_TYPE "application/problem+json"

struct answer {
    int status;
    const char *content_type; /* NULL: application/json */
    struct str extra;         /* whole header lines, each with its CR LF */
    unsigned minor;           /* the request's HTTP/1.minor */
    bool head_only;           /* no body: the request was HEAD */
    bool keep_alive, cors;
    bool stream; /* no length: chunked, or until the connection closes (HTTP/1.0) */
};

/* Appends status line, headers and body to out. */
void answer_format(struct buf *out, const struct answer *a, struct str body);

/* Appends "name: value" CR LF; false (and nothing) when name is not a token or value holds a control character. */
bool answer_header(struct buf *out, const char *name, const char *value);

/* Appends the JSON of a problem (RFC 9457); detail may be NULL. */
void problem_format(struct buf *out, int status, const char *detail, const struct http_field_error *errors,
                    size_t count);

#endif
