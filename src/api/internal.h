/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: the API inside: its state, its handlers. */
#ifndef EVALX_API_INTERNAL_H
#define EVALX_API_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"
#include "api/drain.h"

struct visit;

struct api {
    struct api_config config;
    struct http_server *server;
    struct drain drain;
    atomic_bool leaving, draining; /* the second implies the first */

    pthread_mutex_t lock;   /* guards the rest */
    pthread_cond_t settled; /* committing fell to 0 */
    struct visit *visits;   /* requests that are answered later */
    size_t committing;      /* submissions of which the store has not said yet whether they are durable */
};

/* What a route does, and every query parameter that it takes (up to a NULL): the data of its line in api_routes. */
struct entrance {
    http_handler_fn *handler;
    bool open; /* without an API key as well */
    const char *query[4];
};

/* The route table; the handlers' context is the struct api. The first api_health_route_count are those of API_ROUTES_HEALTH. */
extern const struct http_route api_routes[];
extern const size_t api_route_count, api_health_route_count;

http_handler_fn api_post_batch, api_post_single; /* submit.c */
http_handler_fn api_get_submission;              /* show.c */
http_handler_fn api_get_events;                  /* events.c */
http_handler_fn api_post_resend;                 /* resend.c */
http_handler_fn api_delete_submission;           /* remove.c */
http_handler_fn api_get_languages, api_get_version, api_get_healthz, api_get_readyz, api_get_metrics,
    api_get_openapi; /* catalogue.c */

/* Answers with the JSON of a document (which it takes over). */
void api_answer_json(struct http_exchange *x, int status, json_t *document);

#endif
