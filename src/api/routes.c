/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.c: what the server answers to, and which query parameters each route takes: others are refused before its handler is
 * called, and so are guests without a key where keys are wanted, and those who ask for a submission that is not theirs. openapi.json
 * describes the same; tests/unit/api holds the two together.
 */
#include "api/guest.h"
#include "api/query.h"

static int check_guest(struct api *api, const struct http_exchange *x, struct complaint *c)
{
    struct guest guest;
    int r = guest_of(api, x, &guest, c);
    return r == 0 ? guest_sees(api, &guest, http_segment(x), c) : r;
}

static void enter(void *context, struct http_exchange *x)
{
    const struct entrance *entrance = http_route_data(x);
    _cleanup_(complaint_release) struct complaint c = COMPLAINT_INIT;
    if ((!entrance->open && check_guest(context, x, &c) < 0) || query_check(x, entrance->query, &c) < 0)
        complaint_answer(context, x, &c);
    else
        entrance->handler(context, x);
}

/* The handler, and the names of its query parameters, if any. OPEN: without an API key as well. */
#define DOES(function, ...)                           \
    .handler = enter, .data = &(struct entrance)      \
    {                                                 \
        .handler = function, .query = { __VA_ARGS__ } \
    }
#define OPEN(function)                           \
    .handler = enter, .data = &(struct entrance) \
    {                                            \
        .handler = function, .open = true        \
    }

const struct http_route api_routes[] = {
    {.method = "GET", .path = "/version", OPEN(api_get_version)},
    {.method = "GET", .path = "/healthz", OPEN(api_get_healthz)},
    {.method = "GET", .path = "/readyz", OPEN(api_get_readyz)},
    {.method = "GET", .path = "/metrics", OPEN(api_get_metrics)},
    {.method = "POST", .path = "/execute-batch", DOES(api_post_batch, "wait")},
    {.method = "POST", .path = "/execute/batch", DOES(api_post_batch, "wait")},
    {.method = "POST", .path = "/execute", DOES(api_post_single, "wait")},
    {.method = "GET", .path = "/submissions/{}", DOES(api_get_submission, "wait", "encoding", "fields")},
    {.method = "DELETE", .path = "/submissions/{}", DOES(api_delete_submission)},
    {.method = "GET", .path = "/submissions/{}/events", DOES(api_get_events, "encoding")},
    {.method = "POST", .path = "/submissions/{}/webhook/resend", DOES(api_post_resend)},
    {.method = "GET", .path = "/languages", DOES(api_get_languages, "all")},
    {.method = "GET", .path = "/openapi.json", OPEN(api_get_openapi)},
};
const size_t api_route_count = ARRAY_LEN(api_routes), api_health_route_count = 4;
