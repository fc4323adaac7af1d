/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c: what the server answers to, and which query parameters each route takes: others are refused before its handler is
 * called. openapi.json describes the same; tests/unit/api holds the two together.
 */
#include "api/query.h"

static void enter(void *context, struct http_exchange *x)
{
    const struct entrance *entrance = http_route_data(x);
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if (query_check(x, entrance->query, &c) < 0)
        complaint_answer(context, x, &c);
    else
        entrance->handler(context, x);
}

/* The handler, and the names of its query parameters, if any. */
#define DOES(function, ...)                           \
    .handler = enter, .data = &(struct entrance)      \
    {                                                 \
        .handler = function, .query = { __VA_ARGS__ } \
    }

const struct http_route api_routes[] = {
    {.method = "GET", .path = "/version", DOES(api_get_version)},
    {.method = "GET", .path = "/healthz", DOES(api_get_healthz)},
    {.method = "GET", .path = "/readyz", DOES(api_get_readyz)},
    {.method = "GET", .path = "/metrics", DOES(api_get_metrics)},
    {.method = "POST", .path = "/execute-batch", DOES(api_post_batch, "wait")},
    {.method = "POST", .path = "/execute/batch", DOES(api_post_batch, "wait")},
    {.method = "POST", .path = "/execute", DOES(api_post_single, "wait")},
    {.method = "GET", .path = "/submissions/{}", DOES(api_get_submission, "wait", "encoding", "fields")},
    {.method = "DELETE", .path = "/submissions/{}", DOES(api_delete_submission)},
    {.method = "GET", .path = "/submissions/{}/events", DOES(api_get_events, "encoding")},
    {.method = "GET", .path = "/languages", DOES(api_get_languages, "all")},
    {.method = "GET", .path = "/openapi.json", DOES(api_get_openapi)},
};
const size_t api_route_count = ARRAY_LEN(api_routes), api_health_route_count = 4;
