/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h: one request: its head as it came, and views into it.
 *
 * The head is collected until its blank line, held to a strict form (guard.c), and only then parsed, from one piece of memory, by
 * http_parser (request.c). That parser alone is too forgiving for a server behind a proxy: it joins folded headers, takes a bare LF
 * for a line's end and "Content-Length : 5" for a header of that odd name.
 */
#ifndef EVALX_HTTP_REQUEST_H
#define EVALX_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { HTTP_HEADERS_MAX = 100 };

struct http_header {
    struct str name, value; /* value without blanks around it */
};

struct request {
    struct buf head;                /* from the request line to the blank line; the views point into it */
    struct str method, path, query; /* path and query as sent, still percent-encoded */
    struct str segment;             /* what the route's "{}" matched */
    struct http_header *headers;
    size_t header_count;
    struct buf pairs; /* the query decoded: name NUL value NUL … */
    struct buf body;
    uint64_t content_length; /* 0 without the header */
    unsigned minor;          /* HTTP/1.minor */
    bool head_only, keep_alive, chunked, expects_continue;
};

/* Why a request is refused: a status and a sentence for its sender. status is 0 when it is not. */
struct refusal {
    int status;
    const char *detail;
};

void request_release(struct request *r);

/* Parses r->head (complete) into the rest of r. Every rule that can be judged without a route is applied here. */
struct refusal request_parse(struct request *r);

/* The value of the first header of that name (any case); false when there is none. */
bool request_header(const struct request *r, const char *name, struct str *ret);

/* The decoded value of the first query parameter of that name. */
bool request_query(const struct request *r, const char *name, struct str *ret);

/* The query parameters one by one, decoded, each string with a NUL behind it. *at is 0 at first; false at the end. */
bool request_query_next(const struct request *r, size_t *at, struct str *ret_name, struct str *ret_value);

#endif
