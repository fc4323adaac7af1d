/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c: an HTTP/1.1 server: starting, the loop, the mailbox, stopping. The theory of the room:
 *
 * One thread, the loop, owns every socket, every struct connection and every deadline, and touches nothing that blocks. A connection
 * collects one request (receive.c), strictly checked (guard.c), and hands it as a struct http_exchange to the pool (pool.c), whose
 * threads run the handlers. Whoever answers, on whatever thread, formats the bytes itself, leaves them in the exchange under its lock
 * and posts the exchange in the server's mailbox; the loop wakes up, fetches the bytes and writes them (send.c). So the only
 * things that two threads share are an exchange's outgoing half, its lane in the pool, and the mailbox, each with its own lock;
 * no lock is held while another is taken, nor while code of a caller runs.
 *
 * One request in, one answer out: a connection parses nothing further before the answer to its request is out, and `answered` can be
 * claimed only once. A waiting client is a connection without a thread: about 1 KiB, plus its request.
 *
 * Lifetime is by counting (exchange.h): connection, handler's side, pool and mailbox each hold an exchange; exchanges hold the server.
 * Nothing here is durable, so a crash loses nothing but connections: what clients were promised lies in the store.
 */
#include "http/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "http/connection.h"
#include "http/listen.h"

enum { BACKLOG = 1024, SPARE_DESCRIPTORS = 256, EXHAUSTED_PAUSE_MS = 5 };

struct http_config http_config_default(void)
{
    return (struct http_config){
        .listen = "127.0.0.1:2358",
        .max_body = 16 << 20,
        .max_header = 32 << 10,
        .max_connections = 8192,
        .max_connections_per_ip = 4096,
        .header_ms = 5000,
        .body_ms = 30000,
        .body_min_rate = 1024,
        .idle_ms = 15000,
        .write_ms = 15000,
        .stream_ping_ms = 15000,
        .max_buffered = (size_t)256 << 20,
        .handler_threads = 4,
        .cors = false,
    };
}

/* ---- lifetime ---- */

void server_ref(struct http_server *s)
{
    atomic_fetch_add(&s->references, 1);
}

void server_unref(struct http_server *s)
{
    if (atomic_fetch_sub(&s->references, 1) > 1)
        return;
    pthread_mutex_destroy(&s->mailbox);
    pthread_mutex_destroy(&s->pool.lock);
    pthread_cond_destroy(&s->pool.work);
    free(s->address);
    free(s->socket_path);
    free(s);
}

/* ---- mailbox ---- */

void server_post(struct http_server *s, struct http_exchange *x)
{
    pthread_mutex_lock(&s->mailbox);
    if (!s->closed && !x->posted) {
        exchange_ref(x);
        x->posted = true;
        x->next_posted = NULL;
        if (s->last_posted)
            s->last_posted->next_posted = x;
        else
            s->first_posted = x;
        if (!s->last_posted)
            uv_async_send(&s->wake);
        s->last_posted = x;
    }
    pthread_mutex_unlock(&s->mailbox);
}

static struct http_exchange *next_posted(struct http_server *s)
{
    pthread_mutex_lock(&s->mailbox);
    struct http_exchange *x = s->first_posted;
    if (x) {
        s->first_posted = x->next_posted;
        if (!s->first_posted)
            s->last_posted = NULL;
        x->posted = false;
    }
    pthread_mutex_unlock(&s->mailbox);
    return x;
}

/* ---- the end of the loop ---- */

static void finish(struct http_server *s)
{
    if (s->finished)
        return;
    s->finished = true;
    pthread_mutex_lock(&s->mailbox);
    s->closed = true;
    pthread_mutex_unlock(&s->mailbox);
    for (struct http_exchange *x = next_posted(s); x; x = next_posted(s))
        exchange_unref(x);
    uv_close((uv_handle_t *)&s->grace, NULL);
    uv_close((uv_handle_t *)&s->wake, NULL);
}

void server_connection_closed(struct http_server *s)
{
    if (s->draining && !s->connections)
        finish(s);
}

static void close_all(struct http_server *s)
{
    for (struct connection *c = s->connections; c; c = c->next)
        connection_close(c);
}

static void on_grace_over(uv_timer_t *timer)
{
    close_all(timer->data);
}

static void drain(struct http_server *s, int64_t grace_ms)
{
    s->draining = true;
    uv_close(&s->listener.handle, NULL);
    for (struct connection *c = s->connections; c; c = c->next) {
        if (c->phase == PHASE_IDLE)
            connection_close(c);
        else if (c->phase == PHASE_EXCHANGE && c->exchange)
            exchange_end(c->exchange, HTTP_END_STOPPING);
    }
    uv_timer_start(&s->grace, on_grace_over, (uint64_t)MAX(grace_ms, 0), 0);
    server_connection_closed(s);
}

static void on_wake(uv_async_t *wake)
{
    struct http_server *s = wake->data;
    for (struct http_exchange *x = next_posted(s); x; x = next_posted(s)) {
        if (x->connection)
            send_pump(x->connection);
        exchange_unref(x);
    }
    pthread_mutex_lock(&s->mailbox);
    int64_t grace_ms = s->grace_ms;
    pthread_mutex_unlock(&s->mailbox);
    if (atomic_load(&s->stopping) && !s->draining)
        drain(s, grace_ms);
}

/* ---- starting ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    /*
     * Out of descriptors: libuv closes the one it keeps in reserve, accepts on it and hangs up, so that nobody waits for nothing and
     * the listener does not spin. Only when another thread has snatched that one too does the error come here.
     */
    if (status == 0)
        connection_accept(listener->data);
    else
        uv_sleep(EXHAUSTED_PAUSE_MS);
}

static void *loop_main(void *arg)
{
    struct http_server *s = arg;
    uv_run(&s->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void raise_descriptor_limit(struct http_config *config)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    if (limit.rlim_cur < limit.rlim_max && limit.rlim_cur < (rlim_t)config->max_connections + SPARE_DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur > 2 * SPARE_DESCRIPTORS)
        config->max_connections = (unsigned)MIN((rlim_t)config->max_connections, limit.rlim_cur - SPARE_DESCRIPTORS);
}

static int check_config(const struct http_config *c, struct error *err)
{
    if (!c->listen || c->max_header < 256 || c->max_header > 1 << 20 || c->max_connections == 0 ||
        c->max_connections_per_ip == 0 || c->handler_threads == 0 || c->handler_threads > 1024 || c->header_ms <= 0 ||
        c->body_ms <= 0 || c->idle_ms <= 0 || c->write_ms <= 0 || c->stream_ping_ms <= 0 ||
        c->max_buffered < c->max_body)
        return error_set(err, -EINVAL, "a limit of the HTTP server is zero, or out of its range");
    return 0;
}

static void close_loop(struct http_server *s)
{
    uv_close(&s->listener.handle, NULL);
    finish(s);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
}

static int open_loop(struct http_server *s, int fd, struct error *err)
{
    int r = uv_loop_init(&s->loop);
    if (r < 0)
        return error_errno(err, r, "making the event loop");
    uv_async_init(&s->loop, &s->wake, on_wake);
    uv_timer_init(&s->loop, &s->grace);
    s->wake.data = s->grace.data = s;
    if (s->tcp) {
        uv_tcp_init(&s->loop, &s->listener.tcp);
        r = uv_tcp_open(&s->listener.tcp, fd);
    } else {
        uv_pipe_init(&s->loop, &s->listener.pipe, 0);
        r = uv_pipe_open(&s->listener.pipe, fd);
    }
    s->listener.handle.data = s;
    if (r < 0)
        close(fd);
    else
        r = uv_listen(&s->listener.stream, BACKLOG, on_connection);
    if (r < 0)
        close_loop(s);
    return r < 0 ? error_errno(err, r, "listening on %s", s->address) : 0;
}

/* Signals are for the main thread; and a write to a closed connection is an error code here, no SIGPIPE. */
static int start_threads(struct http_server *s, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pool_start(&s->pool, s->config.handler_threads);
    if (r == 0) {
        r = -pthread_create(&s->thread, NULL, loop_main, s);
        if (r < 0)
            pool_stop(&s->pool);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r < 0 ? error_errno(err, r, "starting the threads of the HTTP server") : 0;
}

int http_start(const struct http_config *config, const struct http_route *routes, size_t count, void *context,
               struct http_server **ret, struct error *err)
{
    struct listening listening = {.fd = -1};
    int r = check_config(config, err);
    if (r == 0)
        r = listen_open(config->listen, &listening, err);
    if (r < 0)
        return r;
    struct http_server *s = xcalloc(1, sizeof *s);
    atomic_init(&s->references, 1);
    pthread_mutex_init(&s->mailbox, NULL);
    s->config = *config;
    s->config.listen = NULL;
    s->routes = routes;
    s->route_count = count;
    s->context = context;
    s->address = listening.address;
    s->socket_path = listening.path;
    s->tcp = listening.tcp;
    s->peers = peers_new();
    raise_descriptor_limit(&s->config);
    r = open_loop(s, listening.fd, err);
    if (r == 0) {
        r = start_threads(s, err);
        if (r < 0)
            close_loop(s);
    }
    if (r < 0) {
        if (s->socket_path)
            unlink(s->socket_path);
        peers_free(s->peers);
        server_unref(s);
        return r;
    }
    *ret = s;
    return 0;
}

const char *http_address(const struct http_server *server)
{
    return server->address;
}

void http_leave(struct http_server *s)
{
    atomic_store(&s->leaving, true);
}

void http_stop(struct http_server *s, int64_t grace_ms)
{
    pthread_mutex_lock(&s->mailbox);
    s->grace_ms = grace_ms;
    atomic_store(&s->stopping, true);
    uv_async_send(&s->wake);
    pthread_mutex_unlock(&s->mailbox);
    pthread_join(s->thread, NULL);
    uv_loop_close(&s->loop);
    if (s->socket_path)
        unlink(s->socket_path);
    pool_stop(&s->pool);
    peers_free(s->peers);
    server_unref(s);
}
