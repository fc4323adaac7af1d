/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.c: bytes in. The head is collected and judged; then the route is known and with it how large a body may be; a body that
 * says it is larger is refused before it is read, one that does not say is counted while it is read. Memory grows with what
 * has arrived, never with what was announced.
 */
#include <errno.h>

#include "base/clock.h"
#include "http/answer.h"
#include "http/connection.h"
#include "http/guard.h"
#include "http/route.h"

enum {
    HEAD_STEP = 1024,       /* bytes taken into the head at a time */
    EARLY_MAX = 64 * 1024,  /* pipelined bytes that are held; then reading pauses */
    DISCARD_MAX = 64 << 20, /* bytes read and dropped while lingering */
};

static void run_route(void *context, struct http_exchange *x)
{
    const struct http_route *route = context;
    route->handler(x->server->context, x);
}

static void hand_over(struct connection *c, const struct http_route *route)
{
    struct http_exchange *x = c->exchange;
    c->phase = PHASE_EXCHANGE;
    c->keep_deadline = 0;
    x->routed_ns = clock_monotonic_ns();
    exchange_ref(x); /* for the handler's side, which lets go with its answer */
    if (c->eof)
        exchange_end(x, HTTP_END_GONE);
    else if (c->server->draining)
        exchange_end(x, HTTP_END_STOPPING);
    union {
        const struct http_route *in;
        void *out;
    } context = {.in = route};
    pool_submit(&c->server->pool, x, run_route, context.out);
}

/* No route, or OPTIONS: the server answers itself. A body that was announced is not read, so the connection ends. */
static void reply_unrouted(struct connection *c, struct request *r, const struct buf *allow)
{
    _cleanup_(buf_release) struct buf extra = BUF_INIT;
    bool keep = r->keep_alive && !r->chunked && r->content_length == 0;
    if (allow->len > 0)
        buf_printf(&extra, "Allow: %s\r\n", allow->data);
    if (allow->len == 0) {
        send_reply(c, 404, "there is nothing at this path", "", keep);
    } else if (str_is(r->method, "OPTIONS")) {
        if (c->server->config.cors)
            buf_printf(&extra,
                       "Access-Control-Allow-Methods: %s\r\n"
                       "Access-Control-Allow-Headers: Content-Type, Idempotency-Key, Authorization, X-Auth-Token, "
                       "Last-Event-ID\r\n"
                       "Access-Control-Max-Age: 86400\r\n",
                       allow->data);
        send_reply(c, 204, NULL, buf_str(&extra), keep);
    } else {
        send_reply(c, 405, "this path does not know the method", buf_str(&extra), keep);
    }
}

static void head_complete(struct connection *c)
{
    struct http_server *s = c->server;
    struct http_exchange *x = c->exchange = exchange_new(s, c);
    struct request *r = &x->request;
    r->head = c->head;
    c->head = BUF_INIT;
    c->scanned = 0;
    c->first = false;
    struct refusal no = request_parse(r);
    c->minor = r->minor;
    c->head_only = r->head_only;
    if (no.status) {
        send_refusal(c, no, "");
        return;
    }
    _cleanup_(buf_release) struct buf allow = BUF_INIT;
    const struct http_route *route = route_find(s->routes, s->route_count, r, &allow);
    if (!route) {
        reply_unrouted(c, r, &allow);
        return;
    }
    x->route = route;
    c->body_limit = route->max_body ? MIN(route->max_body, s->config.max_body) : s->config.max_body;
    if (r->content_length > c->body_limit) {
        send_refusal(c, (struct refusal){.status = 413, .detail = "the body is larger than this path takes"}, "");
        return;
    }
    if (!r->chunked && r->content_length == 0) {
        hand_over(c, route);
        return;
    }
    c->phase = PHASE_BODY;
    c->chunked = (struct chunked){0};
    c->body_began = connection_now(c);
    c->deadline = c->body_began + s->config.body_ms;
    if (r->expects_continue) {
        buf_append_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        send_pump(c);
    }
}

/* Takes some bytes into the head; returns how many. */
static size_t take_head(struct connection *c, const char *data, size_t len)
{
    size_t room = c->server->config.max_header - c->head.len;
    size_t n = MIN(MIN(len, room), (size_t)HEAD_STEP);
    buf_append(&c->head, data, n);
    enum head_state state = guard_scan(c->head.data, c->head.len, &c->scanned);
    if (state == HEAD_COMPLETE) {
        size_t beyond = c->head.len - c->scanned;
        buf_truncate(&c->head, c->scanned);
        head_complete(c);
        return n - beyond;
    }
    if (state == HEAD_BAD)
        send_refusal(
            c, (struct refusal){.status = 400, .detail = "the head holds a control character or a line without CR LF"},
            "");
    else if (n == room && memchr(c->head.data, '\n', c->head.len))
        send_refusal(c, (struct refusal){.status = 431, .detail = "the headers are too large"}, "");
    else if (n == room)
        send_refusal(c, (struct refusal){.status = 414, .detail = "the request line is too long"}, "");
    return n;
}

/* Counts what the body grew by; false when all bodies together hold too much memory. */
static bool charge(struct connection *c)
{
    struct http_exchange *x = c->exchange;
    size_t more = x->request.body.len - x->buffered;
    x->buffered += more;
    return atomic_fetch_add(&c->server->buffered, (long long)more) + (long long)more <=
           (long long)c->server->config.max_buffered;
}

/* Takes some bytes into the body; returns how many. */
static size_t take_body(struct connection *c, const char *data, size_t len)
{
    struct request *r = &c->exchange->request;
    ssize_t used = 0;
    bool complete = false;
    if (r->chunked) {
        used = chunked_decode(&c->chunked, data, len, c->body_limit, &r->body);
        complete = c->chunked.state == CHUNKED_DONE;
    } else {
        used = (ssize_t)MIN(len, (size_t)r->content_length - r->body.len);
        buf_append(&r->body, data, (size_t)used);
        complete = r->body.len == r->content_length;
    }
    if (used < 0) {
        struct refusal no = used == -EFBIG
                                ? (struct refusal){.status = 413, .detail = "the body is larger than this path takes"}
                                : (struct refusal){.status = 400, .detail = "the body is not in chunked encoding"};
        send_refusal(c, no, "");
        return len;
    }
    if (!charge(c)) {
        send_refusal(c, (struct refusal){.status = 503, .detail = "too many large requests at a time"},
                     "Retry-After: 1\r\n");
        return len;
    }
    if (complete)
        hand_over(c, c->exchange->route);
    return (size_t)used;
}

/* Between requests line ends are no request (RFC 9112, 2.2). */
static size_t take_idle(struct connection *c, const char *data, size_t len)
{
    size_t n = 0;
    while (n < len && (data[n] == '\r' || data[n] == '\n'))
        n++;
    if (n == len)
        return n;
    c->phase = PHASE_HEAD;
    if (!c->first)
        c->deadline = connection_now(c) + c->server->config.header_ms;
    return n;
}

/* Returns how many bytes were consumed: all, unless a request is being answered. */
static size_t consume(struct connection *c, const char *data, size_t len)
{
    size_t at = 0;
    while (at < len && !c->closing && c->phase != PHASE_EXCHANGE) {
        switch (c->phase) {
        case PHASE_IDLE:
            at += take_idle(c, data + at, len - at);
            break;
        case PHASE_HEAD:
            at += take_head(c, data + at, len - at);
            break;
        case PHASE_BODY:
            at += take_body(c, data + at, len - at);
            break;
        case PHASE_EXCHANGE:
        case PHASE_LINGER:
            return len;
        }
    }
    return at;
}

void receive_bytes(struct connection *c, const char *data, size_t len)
{
    if (c->phase == PHASE_LINGER || (c->phase == PHASE_EXCHANGE && !c->exchange && !c->keep_alive)) {
        c->discarded += len;
        if (c->discarded > DISCARD_MAX)
            connection_close(c);
        return;
    }
    size_t used = consume(c, data, len);
    if (c->closing || used == len || c->phase == PHASE_LINGER)
        return;
    if (c->phase == PHASE_EXCHANGE && !c->exchange && !c->keep_alive)
        return;
    buf_append(&c->early, data + used, len - used);
    if (c->early.len - c->early_at >= EARLY_MAX)
        uv_read_stop(&c->socket.stream);
}

void receive_next(struct connection *c)
{
    if (c->early.len > 0) {
        c->early_at += consume(c, c->early.data + c->early_at, c->early.len - c->early_at);
        if (c->early_at == c->early.len || c->closing) {
            buf_release(&c->early);
            c->early_at = 0;
        }
    }
    if (c->early.len - c->early_at < EARLY_MAX)
        connection_read(c);
}

void receive_end(struct connection *c)
{
    c->eof = true;
    uv_read_stop(&c->socket.stream);
    switch (c->phase) {
    case PHASE_IDLE:
    case PHASE_LINGER:
        connection_close(c);
        break;
    case PHASE_HEAD:
    case PHASE_BODY:
        send_refusal(c, (struct refusal){.status = 400, .detail = "the request ends before it is complete"}, "");
        break;
    case PHASE_EXCHANGE:
        if (c->exchange)
            exchange_end(c->exchange, HTTP_END_GONE);
        break;
    }
}
