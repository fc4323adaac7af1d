/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h: one request and its answer, inside the server.
 *
 * An exchange is counted: its connection holds a reference while it waits for the answer, the handler's side holds one until it
 * answers, the pool holds one while jobs are queued, the server's mailbox one while it is posted there. It holds its server in turn, so
 * an answer that comes after http_stop falls into the void instead of into freed memory.
 */
#ifndef EVALX_HTTP_EXCHANGE_H
#define EVALX_HTTP_EXCHANGE_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/pool.h"
#include "http/request.h"

struct connection;

struct http_exchange {
    atomic_uint references;
    struct http_server *server;
    struct request request; /* the handler's side's once a handler sees it: only http_drop_body changes it then */
    size_t buffered;        /* body bytes charged to the server; goes with the body */
    const struct http_route *route;
    struct connection *connection; /* loop thread; NULL once that is closed */
    atomic_bool answered;
    atomic_llong unsent; /* bytes queued for the client and not yet in the kernel */
    struct lane lane;
    int64_t routed_ns; /* when it was given to its route's handler; 0: it was not */

    bool posted; /* guarded by the server's mailbox */
    struct http_exchange *next_posted;

    pthread_mutex_t lock; /* guards the rest */
    struct buf extra;     /* header lines for the answer to come */
    struct buf out;       /* bytes for the loop to fetch */
    bool out_complete;    /* the last ones are in out */
    bool close;           /* the answer said Connection: close */
    bool streaming;
    bool gone;
    int64_t keep_ms; /* for the loop to fetch: -1 when nothing is new */
    http_ended_fn *ended;
    void *ended_context;
    enum http_end why;
    bool end_wanted, end_sent;
};

struct http_exchange *exchange_new(struct http_server *server, struct connection *connection);
void exchange_ref(struct http_exchange *x);
void exchange_unref(struct http_exchange *x);

/* Tells the handler's side, through the function it gave to http_keep (now, or when it gives it). Only the first reason counts. */
void exchange_end(struct http_exchange *x, enum http_end why);

/* Queues bytes (which it takes over) for the loop. complete: they are the last. */
void exchange_send(struct http_exchange *x, struct buf *bytes, bool complete);

/* Marks the exchange answered; false when it was already. */
bool exchange_claim(struct http_exchange *x);

/* Tells the configuration's observer of the answer. */
void exchange_observe(const struct http_exchange *x, int status);

struct answer;
struct answer exchange_answer(struct http_exchange *x, int status, const char *content_type);

#endif
