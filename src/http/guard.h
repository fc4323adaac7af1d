/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h: the strict form of a request; everything that two HTTP implementations could read in two ways is refused. */
#ifndef EVALX_HTTP_GUARD_H
#define EVALX_HTTP_GUARD_H

#include "http/request.h"

enum head_state { HEAD_PARTIAL, HEAD_COMPLETE, HEAD_BAD };

/*
 * Looks at the bytes of a growing head from *scanned on. HEAD_COMPLETE: *scanned is the length of the head with its blank line.
 * HEAD_PARTIAL: *scanned is where to go on. HEAD_BAD: a control character, or a line that does not end in CR LF.
 */
enum head_state guard_scan(const char *data, size_t len, size_t *scanned);

/* A complete head, line by line, before it is parsed. */
struct refusal guard_lines(const char *data, size_t len);

/* The parsed headers: repeated ones, Host, and how the body is framed (sets content_length, chunked, expects_continue). */
struct refusal guard_headers(struct request *r);

/* The path: percent-encoding, NUL, empty and dot segments. */
struct refusal guard_path(struct str path);

/* Decodes r->query into r->pairs. */
struct refusal guard_query(struct request *r);

/* True for a name made of the characters that RFC 9110 allows in tokens (methods, header names). */
bool guard_token(struct str s);

#endif
