/* SPDX-License-Identifier: Apache-2.0 */
/* send.c: bytes out. One write is under way at a time; what comes meanwhile is collected and goes out with the next. */
#include "http/answer.h"
#include "http/connection.h"

enum { LINGER_MS = 2000 };

/* The answer has been sent and nothing more will be: our side is shut, and what the client still sends is read and dropped for a while,
 * for closing at once would make its kernel throw the answer away. */
static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

static void linger(struct connection *c)
{
    if (c->eof) {
        connection_close(c);
        return;
    }
    c->phase = PHASE_LINGER;
    c->deadline = connection_now(c) + LINGER_MS;
    buf_release(&c->early);
    c->early_at = 0;
    if (uv_shutdown(&c->shutdown, &c->socket.stream, on_shutdown) < 0) {
        connection_close(c);
        return;
    }
    connection_read(c);
}

static void let_go(struct connection *c)
{
    if (!c->exchange)
        return;
    c->exchange->connection = NULL;
    exchange_unref(STEAL(c->exchange));
}

static void answer_done(struct connection *c)
{
    let_go(c);
    c->out_complete = c->streaming = false;
    c->keep_deadline = 0;
    if (!c->keep_alive || c->server->draining || (c->eof && c->early.len == 0)) {
        linger(c);
    } else {
        c->phase = PHASE_IDLE;
        c->deadline = connection_now(c) + c->server->config.idle_ms;
        receive_next(c);
        if (c->eof && c->phase != PHASE_EXCHANGE)
            receive_end(c);
    }
    connection_arm(c);
}

/* Fetches what handlers' threads have left in the exchange. */
static void fetch(struct connection *c, struct http_exchange *x)
{
    pthread_mutex_lock(&x->lock);
    if (x->out.len > 0) {
        c->taken += x->out.len;
        if (c->out.len == 0) {
            buf_release(&c->out);
            c->out = x->out;
            x->out = BUF_INIT;
        } else {
            buf_append(&c->out, x->out.data, x->out.len);
            buf_clear(&x->out);
        }
    }
    if (x->out_complete && !c->out_complete) {
        c->out_complete = true;
        c->keep_alive = !x->close;
    }
    if (x->streaming && !c->streaming) {
        c->streaming = true;
        c->ping_at = connection_now(c) + c->server->config.stream_ping_ms;
    }
    if (x->keep_ms >= 0)
        c->keep_deadline = x->keep_ms > 0 ? connection_now(c) + x->keep_ms : 0;
    x->keep_ms = -1;
    pthread_mutex_unlock(&x->lock);
}

static void on_written(uv_write_t *request, int status)
{
    struct connection *c = request->data;
    c->writing = false;
    if (c->exchange)
        atomic_fetch_sub(&c->exchange->unsent, (long long)c->flying);
    c->flying = 0;
    buf_release(&c->flight);
    if (status < 0) {
        connection_close(c);
        return;
    }
    c->ping_at = connection_now(c) + c->server->config.stream_ping_ms;
    send_pump(c);
}

static void start_write(struct connection *c)
{
    c->flight = c->out;
    c->flying = c->taken;
    c->out = BUF_INIT;
    c->taken = 0;
    c->writing = true;
    c->write_deadline = connection_now(c) + c->server->config.write_ms;
    uv_buf_t data = {.base = c->flight.data, .len = c->flight.len};
    if (uv_write(&c->write, &c->socket.stream, &data, 1, on_written) < 0) {
        c->writing = false;
        connection_close(c);
        return;
    }
    c->write_left = uv_stream_get_write_queue_size(&c->socket.stream);
}

void send_pump(struct connection *c)
{
    if (c->closing || c->writing)
        return;
    if (c->exchange)
        fetch(c, c->exchange);
    if (c->out.len > 0)
        start_write(c);
    else if (c->out_complete)
        answer_done(c);
    connection_arm(c);
}

void send_reply(struct connection *c, int status, const char *detail, const char *extra, bool keep)
{
    _cleanup_(buf_release) struct buf body = BUF_INIT;
    struct answer a = {
        .status = status,
        .content_type = PROBLEM_TYPE,
        .extra = str_of(extra),
        .minor = c->minor,
        .head_only = c->head_only,
        .keep_alive = keep && !c->server->draining,
        .cors = c->server->config.cors,
    };
    if (detail)
        problem_format(&body, status, detail, NULL, 0);
    answer_format(&c->out, &a, buf_view(&body));
    let_go(c);
    c->phase = PHASE_EXCHANGE;
    c->keep_alive = a.keep_alive;
    c->out_complete = true;
    buf_release(&c->head);
    send_pump(c);
}

void send_refusal(struct connection *c, struct refusal why, const char *extra)
{
    send_reply(c, why.status, why.detail, extra, false);
}
