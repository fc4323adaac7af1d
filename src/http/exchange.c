/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c: see exchange.h, and http.h for what handlers call. */
#include "http/exchange.h"

#include <stdlib.h>

#include "base/clock.h"
#include "http/answer.h"
#include "http/server.h"

struct http_exchange *exchange_new(struct http_server *server, struct connection *connection)
{
    struct http_exchange *x = xcalloc(1, sizeof *x);
    atomic_init(&x->references, 1);
    atomic_init(&x->answered, false);
    atomic_init(&x->unsent, 0);
    pthread_mutex_init(&x->lock, NULL);
    x->server = server;
    x->connection = connection;
    x->keep_ms = -1;
    server_ref(server);
    return x;
}

void exchange_ref(struct http_exchange *x)
{
    atomic_fetch_add(&x->references, 1);
}

static void uncharge(struct http_exchange *x)
{
    atomic_fetch_sub(&x->server->buffered, (long long)x->buffered);
    x->buffered = 0;
}

void exchange_unref(struct http_exchange *x)
{
    if (atomic_fetch_sub(&x->references, 1) > 1)
        return;
    uncharge(x);
    server_unref(x->server);
    request_release(&x->request);
    buf_release(&x->extra);
    buf_release(&x->out);
    pthread_mutex_destroy(&x->lock);
    free(x);
}

/* ---- the request ---- */

struct str http_method(const struct http_exchange *x)
{
    return x->request.method;
}

struct str http_path(const struct http_exchange *x)
{
    return x->request.path;
}

struct str http_segment(const struct http_exchange *x)
{
    return x->request.segment;
}

struct str http_body(const struct http_exchange *x)
{
    return buf_view(&x->request.body);
}

struct str http_header(const struct http_exchange *x, const char *name)
{
    struct str value = STR("");
    request_header(&x->request, name, &value);
    return value;
}

bool http_query(const struct http_exchange *x, const char *name, struct str *ret)
{
    return request_query(&x->request, name, ret);
}

bool http_query_next(const struct http_exchange *x, size_t *at, struct str *ret_name, struct str *ret_value)
{
    return request_query_next(&x->request, at, ret_name, ret_value);
}

const void *http_route_data(const struct http_exchange *x)
{
    return x->route->data;
}

void http_drop_body(struct http_exchange *x)
{
    buf_release(&x->request.body);
    uncharge(x);
}

/* ---- the answer ---- */

bool exchange_claim(struct http_exchange *x)
{
    return !atomic_exchange(&x->answered, true);
}

void exchange_send(struct http_exchange *x, struct buf *bytes, bool complete)
{
    atomic_fetch_add(&x->unsent, (long long)bytes->len);
    pthread_mutex_lock(&x->lock);
    if (x->out.len == 0) {
        buf_release(&x->out);
        x->out = *bytes;
        *bytes = BUF_INIT;
    } else {
        buf_append(&x->out, bytes->data, bytes->len);
        buf_release(bytes);
    }
    x->out_complete |= complete;
    pthread_mutex_unlock(&x->lock);
    server_post(x->server, x);
}

struct answer exchange_answer(struct http_exchange *x, int status, const char *content_type)
{
    pthread_mutex_lock(&x->lock);
    struct str extra = buf_view(&x->extra);
    pthread_mutex_unlock(&x->lock);
    return (struct answer){
        .status = status,
        .content_type = content_type,
        .extra = extra,
        .minor = x->request.minor,
        .head_only = x->request.head_only,
        .keep_alive = x->request.keep_alive && !atomic_load(&x->server->stopping) && !atomic_load(&x->server->leaving),
        .cors = x->server->config.cors,
    };
}

void exchange_observe(const struct http_exchange *x, int status)
{
    const struct http_server *s = x->server;
    if (s->config.answered && x->routed_ns > 0)
        s->config.answered(s->context, x->route, status, clock_monotonic_ns() - x->routed_ns);
}

void http_answer(struct http_exchange *x, int status, const char *content_type, struct str body)
{
    if (!exchange_claim(x))
        return;
    exchange_observe(x, status);
    struct buf bytes = BUF_INIT;
    struct answer a = exchange_answer(x, status, content_type);
    buf_reserve(&bytes, 512 + a.extra.len + (a.head_only ? 0 : body.len));
    answer_format(&bytes, &a, body);
    pthread_mutex_lock(&x->lock);
    x->close = !a.keep_alive;
    pthread_mutex_unlock(&x->lock);
    exchange_send(x, &bytes, true);
    exchange_unref(x); /* the handler's side lets go */
}

void http_problem(struct http_exchange *x, int status, const char *detail, const struct http_field_error *errors,
                  size_t count)
{
    _cleanup_(buf_release) struct buf body = BUF_INIT;
    problem_format(&body, status, detail, errors, count);
    http_answer(x, status, PROBLEM_TYPE, buf_view(&body));
}

void http_add_header(struct http_exchange *x, const char *name, const char *value)
{
    pthread_mutex_lock(&x->lock);
    answer_header(&x->extra, name, value);
    pthread_mutex_unlock(&x->lock);
}

/* ---- keeping ---- */

static void run_ended(void *context, struct http_exchange *x)
{
    (void)context;
    pthread_mutex_lock(&x->lock);
    http_ended_fn *ended = x->ended;
    void *ended_context = x->ended_context;
    enum http_end why = x->why;
    pthread_mutex_unlock(&x->lock);
    ended(ended_context, x, why);
}

/* Once both sides are there: a reason to end, and a function to tell it to. */
static void submit_end(struct http_exchange *x)
{
    pthread_mutex_lock(&x->lock);
    bool now = x->end_wanted && x->ended && !x->end_sent;
    x->end_sent |= now;
    pthread_mutex_unlock(&x->lock);
    if (now)
        pool_submit(&x->server->pool, x, run_ended, NULL);
}

void exchange_end(struct http_exchange *x, enum http_end why)
{
    pthread_mutex_lock(&x->lock);
    x->gone |= why == HTTP_END_GONE;
    if (!x->end_wanted) {
        x->end_wanted = true;
        x->why = why;
    }
    pthread_mutex_unlock(&x->lock);
    submit_end(x);
}

void http_keep(struct http_exchange *x, int64_t timeout_ms, http_ended_fn *ended, void *context)
{
    pthread_mutex_lock(&x->lock);
    x->ended = ended;
    x->ended_context = context;
    x->keep_ms = timeout_ms;
    pthread_mutex_unlock(&x->lock);
    server_post(x->server, x);
    submit_end(x);
}

void http_defer(struct http_exchange *x, http_handler_fn *fn, void *context)
{
    pool_submit(&x->server->pool, x, fn, context);
}
