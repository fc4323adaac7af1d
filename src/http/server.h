/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: the server inside: what belongs to the loop thread, and the mailbox by which other threads reach it. */
#ifndef EVALX_HTTP_SERVER_H
#define EVALX_HTTP_SERVER_H

#include "base/defs.h" /* before uv.h, which brings a MIN and MAX of its own */

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "http/http.h"
#include "http/peers.h"
#include "http/pool.h"

enum {
    READ_BUFFER = 64 * 1024,
    REFUSED_MAX = 64, /* connections past the limit that are told so; more are closed without a word */
};

union socket_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct http_server {
    atomic_uint references;
    struct http_config config;
    const struct http_route *routes;
    size_t route_count;
    void *context;
    char *address;
    char *socket_path; /* of a Unix socket, to remove at the end */
    struct pool pool;
    pthread_t thread;
    atomic_bool leaving, stopping;
    atomic_llong buffered; /* bytes of request bodies in memory */

    pthread_mutex_t mailbox; /* guards the next group, and the posted marks of exchanges */
    struct http_exchange *first_posted, *last_posted;
    int64_t grace_ms;
    bool closed; /* the loop is ending: nobody reads the mailbox any more */

    /* The loop thread's own: */
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t grace;
    union socket_handle listener;
    bool tcp, draining, finished;
    struct connection *connections;
    unsigned connection_count, refused_count;
    struct peers *peers;
    char read_buffer[READ_BUFFER]; /* one for all: what is read is consumed before the next read */
};

void server_ref(struct http_server *s);
void server_unref(struct http_server *s);

/* Has the loop look at an exchange: it has bytes to send, or a new deadline. Any thread. */
void server_post(struct http_server *s, struct http_exchange *x);

/* The loop lost its last connection: if the server is draining, that is the end. */
void server_connection_closed(struct http_server *s);

/* One piece of an event stream, framed for HTTP/1.minor. */
void stream_frame(struct buf *out, unsigned minor, struct str text);

#endif
