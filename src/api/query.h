/* SPDX-License-Identifier: Apache-2.0 */
/* query.h: the query parameters that routes know. Each returns 0, or -1 with a complaint that names the parameter. */
#ifndef EVALX_API_QUERY_H
#define EVALX_API_QUERY_H

#include "api/complaint.h"
#include "api/view.h"

/* Each parameter is one of known (up to a NULL) and comes once; otherwise a complaint about each that is not so. */
int query_check(const struct http_exchange *x, const char *const *known, struct complaint *c);

/* ?wait=SECONDS, decimals allowed, as milliseconds: 0 to wait_max_ms. *ret keeps its value when the parameter is absent. */
int query_wait(const struct api *api, const struct http_exchange *x, int64_t *ret, struct complaint *c);

/* ?encoding=utf8|base64 */
int query_encoding(const struct http_exchange *x, struct view *view, struct complaint *c);

/* ?fields=a,b: top-level fields of the submission document */
int query_fields(const struct http_exchange *x, struct view *view, struct complaint *c);

/* ?NAME=true|false; *ret keeps its value when the parameter is absent. */
int query_flag(const struct http_exchange *x, const char *name, bool *ret, struct complaint *c);

#endif
