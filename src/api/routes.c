/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c: what the server answers to. openapi.json describes the same routes; tests/unit/api holds the two together. */
#include "api/internal.h"

const struct http_route api_routes[] = {
    {.method = "POST", .path = "/execute-batch", .handler = api_post_batch},
    {.method = "POST", .path = "/execute/batch", .handler = api_post_batch},
    {.method = "POST", .path = "/execute", .handler = api_post_single},
    {.method = "GET", .path = "/submissions/{}", .handler = api_get_submission},
    {.method = "DELETE", .path = "/submissions/{}", .handler = api_delete_submission},
    {.method = "GET", .path = "/submissions/{}/events", .handler = api_get_events},
    {.method = "GET", .path = "/languages", .handler = api_get_languages},
    {.method = "GET", .path = "/version", .handler = api_get_version},
    {.method = "GET", .path = "/healthz", .handler = api_get_healthz},
    {.method = "GET", .path = "/readyz", .handler = api_get_readyz},
    {.method = "GET", .path = "/openapi.json", .handler = api_get_openapi},
};
const size_t api_route_count = ARRAY_LEN(api_routes);
