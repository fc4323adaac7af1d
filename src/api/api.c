/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: the API's life. The theory of the room:
 *
 * A request is read, checked and answered by one function on a handler thread of the HTTP server (routes.c says which). Three
 * things take longer, and none of them holds a thread: a commit (submit.c), a wait (wait.c) and an event stream (events.c). Each is
 * a struct visit: it hangs on the store's notification for one token, and wakes up as a job of its exchange.
 *
 * The store says that something changed, never what: so every look asks it anew, and there is nothing to keep in step. A
 * visit keeps a token, how its client wants to see it, and, for streams, how far it has told: no JSON, no program, no result.
 *
 * All state is the store's. What the API promised (a token) it promised after the commit, so a crash at any line loses connections only:
 * clients ask again by token, streams resume by Last-Event-ID, repeated posts are recognized by Idempotency-Key.
 *
 * Stopping: draining refuses new submissions; the HTTP server then tells every visit to end and joins its threads; commits that are
 * under way call back into visits, so they are awaited; a visit whose wake-up came too late for the threads is closed here.
 */
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/complaint.h"
#include "api/visit.h"

struct api_config api_config_default(void)
{
    return (struct api_config){
        .http = http_config_default(),
        .defaults = limits_default(),
        .caps = limits_cap(),
        .retry_after_s = 5,
        .wait_max_ms = 60000,
        .execute_wait_ms = 30000,
    };
}

static void api_free(struct api *api)
{
    drain_release(&api->drain);
    pthread_mutex_destroy(&api->lock);
    pthread_cond_destroy(&api->settled);
    free(api);
}

/* http_config.answered: its context is the routes' own. */
static void count_answer(void *context, const struct http_route *route, int status, int64_t ns)
{
    struct api *api = context;
    char code[16];

    snprintf(code, sizeof code, "%d", status);
    metrics_add(api->config.metrics, METRIC_HTTP_REQUESTS, 1, route->path, code);
    metrics_observe(api->config.metrics, METRIC_HTTP_TIME, ns, route->path, NULL);
}

int api_start(const struct api_config *config, struct api **ret, struct error *err)
{
    struct api *api = xcalloc(1, sizeof *api);
    api->config = *config;
    atomic_init(&api->leaving, false);
    atomic_init(&api->draining, false);
    drain_init(&api->drain);
    pthread_mutex_init(&api->lock, NULL);
    pthread_cond_init(&api->settled, NULL);
    size_t count = config->routes == API_ROUTES_HEALTH ? api_health_route_count : api_route_count;
    api->config.http.answered = config->metrics ? count_answer : NULL;
    int r = http_start(&api->config.http, api_routes, count, api, &api->server, err);
    if (r < 0) {
        api_free(api);
        return r;
    }
    *ret = api;
    return 0;
}

const char *api_address(const struct api *api)
{
    return http_address(api->server);
}

void api_leave(struct api *api)
{
    atomic_store(&api->leaving, true);
    http_leave(api->server);
}

void api_drain(struct api *api)
{
    api_leave(api);
    atomic_store(&api->draining, true);
}

void api_stop(struct api *api, int64_t grace_ms)
{
    if (!api)
        return;
    api_drain(api);
    http_stop(api->server, grace_ms);
    visit_settle(api);
    while (api->visits)
        http_answer(visit_close(api->visits), 503, NULL, STR(""));
    api_free(api);
}
