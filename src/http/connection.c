/* SPDX-License-Identifier: Apache-2.0 */
/* connection.c: a client comes and goes, and how long it may take over each step; see connection.h. */
#include "http/connection.h"

#include <stdlib.h>

#define NEVER INT64_MAX

int64_t connection_now(const struct connection *c)
{
    return (int64_t)uv_now(&c->server->loop);
}

/* ---- closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    if (--c->open_handles > 0)
        return;
    struct http_server *s = c->server;
    peers_leave(s->peers, c->peer);
    if (c->previous)
        c->previous->next = c->next;
    else
        s->connections = c->next;
    if (c->next)
        c->next->previous = c->previous;
    if (c->refused)
        s->refused_count--;
    else
        s->connection_count--;
    buf_release(&c->head);
    buf_release(&c->early);
    buf_release(&c->out);
    buf_release(&c->flight);
    free(c);
    server_connection_closed(s);
}

static void detach(struct connection *c)
{
    c->closing = true;
    if (c->exchange) {
        struct http_exchange *x = STEAL(c->exchange);
        x->connection = NULL;
        exchange_end(x, HTTP_END_GONE);
        exchange_unref(x);
    }
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

void connection_close(struct connection *c)
{
    if (c->closing)
        return;
    detach(c);
    uv_close(&c->socket.handle, on_closed);
}

/* For a client that does not read: a reset throws away what the kernel still holds for it, where closing would have it wait. */
static void connection_reset(struct connection *c)
{
    detach(c);
    if (!c->server->tcp || uv_tcp_close_reset(&c->socket.tcp, on_closed) < 0)
        uv_close(&c->socket.handle, on_closed);
}

/* ---- deadlines ---- */

static void on_timer(uv_timer_t *timer);

static int64_t nearest(const struct connection *c)
{
    if (c->phase != PHASE_EXCHANGE)
        return c->deadline;
    int64_t at = NEVER;
    if (c->writing)
        at = MIN(at, c->write_deadline);
    else if (c->streaming)
        at = MIN(at, c->ping_at);
    if (c->keep_deadline > 0)
        at = MIN(at, c->keep_deadline);
    return at;
}

void connection_arm(struct connection *c)
{
    if (c->closing)
        return;
    int64_t at = nearest(c);
    if (at == c->armed)
        return;
    c->armed = at;
    if (at == NEVER)
        uv_timer_stop(&c->timer);
    else
        uv_timer_start(&c->timer, on_timer, (uint64_t)MAX(0, at - connection_now(c)), 0);
}

/* A body may take body_ms, and longer as long as it comes at body_min_rate. */
static void body_timeout(struct connection *c, int64_t now)
{
    const struct http_config *config = &c->server->config;
    int64_t received = (int64_t)c->exchange->request.body.len;
    int64_t earned = config->body_min_rate > 0 ? received * 1000 / config->body_min_rate : 0;
    c->deadline = c->body_began + config->body_ms + earned;
    if (now >= c->deadline)
        send_refusal(c, (struct refusal){.status = 408, .detail = "the body did not arrive in time"}, "");
}

static void exchange_timeout(struct connection *c, int64_t now)
{
    if (c->writing && now >= c->write_deadline) {
        size_t left = uv_stream_get_write_queue_size(&c->socket.stream);
        if (left >= c->write_left) {
            connection_reset(c);
            return;
        }
        c->write_left = left;
        c->write_deadline = now + c->server->config.write_ms;
    }
    if (c->keep_deadline > 0 && now >= c->keep_deadline) {
        c->keep_deadline = 0;
        exchange_end(c->exchange, HTTP_END_TIMEOUT);
    }
    if (c->streaming && !c->writing && now >= c->ping_at) {
        stream_frame(&c->out, c->minor, STR(": keep-alive\n\n"));
        send_pump(c);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    int64_t now = connection_now(c);
    c->armed = 0;
    switch (c->phase) {
    case PHASE_IDLE:
    case PHASE_LINGER:
        connection_close(c);
        break;
    case PHASE_HEAD:
        send_refusal(c, (struct refusal){.status = 408, .detail = "the headers did not arrive in time"}, "");
        break;
    case PHASE_BODY:
        body_timeout(c, now);
        break;
    case PHASE_EXCHANGE:
        exchange_timeout(c, now);
        break;
    }
    connection_arm(c);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret)
{
    (void)wanted;
    struct connection *c = handle->data;
    *ret = uv_buf_init(c->server->read_buffer, READ_BUFFER);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;
    if (n == UV_EOF)
        receive_end(c);
    else if (n < 0)
        connection_close(c);
    else if (n > 0)
        receive_bytes(c, buffer->base, (size_t)n);
    connection_arm(c);
}

void connection_read(struct connection *c)
{
    if (!c->eof && !c->closing)
        uv_read_start(&c->socket.stream, on_alloc, on_read);
}

/* ---- opening ---- */

static struct connection *connection_new(struct http_server *s)
{
    struct connection *c = xcalloc(1, sizeof *c);
    *c = (struct connection){.server = s, .phase = PHASE_IDLE, .open_handles = 2, .first = true, .minor = 1};
    if (s->tcp)
        uv_tcp_init(&s->loop, &c->socket.tcp);
    else
        uv_pipe_init(&s->loop, &c->socket.pipe, 0);
    uv_timer_init(&s->loop, &c->timer);
    c->socket.handle.data = c->timer.data = c->write.data = c->shutdown.data = c;
    c->next = s->connections;
    if (c->next)
        c->next->previous = c;
    s->connections = c;
    s->connection_count++;
    return c;
}

/* Why this connection is one too many: status 0 when it is not. */
static struct refusal over_limit(struct connection *c)
{
    struct http_server *s = c->server;
    struct sockaddr_storage address;
    int len = sizeof address;
    if (s->connection_count > s->config.max_connections)
        return (struct refusal){.status = 503, .detail = "too many connections"};
    if (!s->tcp || uv_tcp_getpeername(&c->socket.tcp, (struct sockaddr *)&address, &len) < 0)
        return (struct refusal){0};
    c->peer = peers_enter(s->peers, (struct sockaddr *)&address, s->config.max_connections_per_ip);
    return c->peer ? (struct refusal){0}
                   : (struct refusal){.status = 429, .detail = "too many connections from this address"};
}

void connection_accept(struct http_server *s)
{
    struct connection *c = connection_new(s);
    if (uv_accept(&s->listener.stream, &c->socket.stream) < 0) {
        connection_close(c);
        return;
    }
    c->deadline = connection_now(c) + s->config.header_ms;
    struct refusal no = over_limit(c);
    if (no.status) {
        c->refused = true;
        s->connection_count--;
        if (++s->refused_count > REFUSED_MAX)
            connection_close(c);
        else
            send_refusal(c, no, "Retry-After: 1\r\n");
    }
    connection_read(c);
    connection_arm(c);
}
