/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h: the HTTP API (docs/api.md): submissions from JSON into the store, results out of it. It never meets a worker: both only
 * know the store, so the same API serves one machine and a cluster.
 *
 *   struct api_config config = api_config_default();
 *   config.store = store; config.registry = registry; config.http.listen = "127.0.0.1:2358";
 *   r = api_start(&config, &api, &err);  …  api_drain(api);  …  api_stop(api, 5000);
 */
#ifndef EVALX_API_API_H
#define EVALX_API_API_H

#include <stdint.h>

#include "auth/keys.h"
#include "base/error.h"
#include "http/http.h"
#include "language/language.h"
#include "metrics/metrics.h"
#include "model/limits.h"
#include "store/store.h"

struct api;

/* All routes, or only those that tell how the process is: /healthz, /readyz, /version, /metrics. */
enum api_routes { API_ROUTES_ALL, API_ROUTES_HEALTH };

struct api_config {
    enum api_routes routes;
    struct store *store;             /* must outlive the API, as must the registry */
    const struct registry *registry; /* loaded, and discovered or assumed */
    struct metrics *metrics;         /* counted into, and shown at /metrics; must outlive the API; may be NULL */
    struct keys *keys;               /* outlives the API; NULL: everybody may come */
    struct http_config http;         /* where to listen; limits of connections, headers, bodies; CORS */
    /*
     * Says whether webhooks of owner, a key's name or "", may go to url: NULL, or what is wrong with it. NULL: no function, any URL of
     * good form will do.
     */
    const char *(*webhook_mistake)(void *context, const char *owner, const char *url);
    void *webhook_context;
    struct limits defaults, caps; /* for limits that a submission leaves out; and what it may ask for at most */
    int64_t retry_after_s;        /* Retry-After of a 503, where no better one was measured */
    int64_t wait_max_ms;          /* the longest ?wait= */
    int64_t execute_wait_ms;      /* POST /execute without ?wait= */
};

/* Everything but store and registry. */
struct api_config api_config_default(void);

/* Serves (and api_address is known) when it returns 0. -errno with a message, e.g. when the address is taken. */
int api_start(const struct api_config *config, struct api **ret, struct error *err);

/* "127.0.0.1:43123", where it really listens; owned by the API. */
const char *api_address(const struct api *api);

/* From now on /readyz says 503, and every answer closes its connection; everything else goes on. */
void api_leave(struct api *api);

/* From now on /readyz says 503 and so does every new submission; what was accepted can still be fetched. */
void api_drain(struct api *api);

/*
 * Drains, answers waiting clients with what is known now, ends event streams (their clients can resume), gives the rest grace_ms, and
 * frees. Call it while the store is still open. NULL is fine.
 */
void api_stop(struct api *api, int64_t grace_ms);

#endif
