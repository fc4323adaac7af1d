/* SPDX-License-Identifier: Apache-2.0 */
/* route.h: which handler a request belongs to. */
#ifndef EVALX_HTTP_ROUTE_H
#define EVALX_HTTP_ROUTE_H

#include "http/http.h"
#include "http/request.h"

/*
 * The route of r, whose segment it sets; NULL when there is none. Then allow holds the methods that the path knows ("GET, HEAD,
 * OPTIONS"), and is empty when the path itself is unknown.
 */
const struct http_route *route_find(const struct http_route *routes, size_t count, struct request *r,
                                    struct buf *allow);

#endif
