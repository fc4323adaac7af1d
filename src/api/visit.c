/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visit.c: see visit.h. The order that loses nothing: watch, then look; a change after the look queues another one. The order that
 * frees nothing too early: unwatch (the store's threads let go), then answer (the server drops what is still queued for the exchange).
 */
#include "api/visit.h"

#include <stdlib.h>

struct visit *visit_open(const struct visit_kind *kind, struct api *api, struct http_exchange *x)
{
    struct visit *v = xcalloc(1, kind->size);
    v->kind = kind;
    v->api = api;
    v->exchange = x;
    atomic_init(&v->look_queued, false);
    pthread_mutex_lock(&api->lock);
    v->next = api->visits;
    v->link = &api->visits;
    if (v->next)
        v->next->link = &v->next;
    api->visits = v;
    pthread_mutex_unlock(&api->lock);
    return v;
}

static void look(void *context, struct http_exchange *x)
{
    (void)x;
    struct visit *v = context;
    atomic_store(&v->look_queued, false);
    v->kind->look(v);
}

/* On a thread of the store's. */
static void changed(void *context, const char *token)
{
    (void)token;
    struct visit *v = context;
    if (!atomic_exchange(&v->look_queued, true))
        http_defer(v->exchange, look, v);
}

static void ended(void *context, struct http_exchange *x, enum http_end why)
{
    (void)x;
    struct visit *v = context;
    v->kind->ended(v, why);
}

void visit_follow(struct visit *v, int64_t timeout_ms)
{
    http_keep(v->exchange, timeout_ms, ended, v);
    v->watch = store_watch(v->api->config.store, v->token, changed, v);
    v->kind->look(v);
}

void visit_limit(struct visit *v, int64_t timeout_ms)
{
    http_keep(v->exchange, timeout_ms, ended, v);
}

struct http_exchange *visit_close(struct visit *v)
{
    if (v->watch)
        store_unwatch(v->api->config.store, v->watch);
    pthread_mutex_lock(&v->api->lock);
    *v->link = v->next;
    if (v->next)
        v->next->link = v->link;
    pthread_mutex_unlock(&v->api->lock);
    if (v->kind->release)
        v->kind->release(v);
    struct http_exchange *x = v->exchange;
    free(v);
    return x;
}

void visit_commit_begins(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    api->committing++;
    pthread_mutex_unlock(&api->lock);
}

void visit_commit_ended(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    if (--api->committing == 0)
        pthread_cond_broadcast(&api->settled);
    pthread_mutex_unlock(&api->lock);
}

void visit_settle(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    while (api->committing > 0)
        pthread_cond_wait(&api->settled, &api->lock);
    pthread_mutex_unlock(&api->lock);
}
