/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c: event streams (text/event-stream), see http.h. To HTTP/1.1 they go chunked, so that a client can tell an end from a broken
 * connection; to HTTP/1.0 until the connection closes.
 */
#include <errno.h>

#include "http/answer.h"
#include "http/exchange.h"
#include "http/server.h"

void http_stream_begin(struct http_exchange *x)
{
    struct buf bytes = BUF_INIT;
    struct answer a = exchange_answer(x, 200, "text/event-stream");
    a.stream = true;
    a.keep_alive = a.keep_alive && a.minor > 0;
    answer_format(&bytes, &a, STR(""));
    pthread_mutex_lock(&x->lock);
    x->streaming = true;
    x->close = !a.keep_alive;
    pthread_mutex_unlock(&x->lock);
    exchange_send(x, &bytes, false);
}

/* "name: text", a line for each line of text: a line break in it must not start a field of its own. */
static void append_field(struct buf *out, const char *name, struct str text)
{
    for (size_t at = 0, end; at <= text.len; at = end + 1) {
        end = at;
        while (end < text.len && text.data[end] != '\n' && text.data[end] != '\r')
            end++;
        buf_printf(out, "%s: ", name);
        buf_append(out, text.data + at, end - at);
        buf_append_char(out, '\n');
        if (end + 1 < text.len && text.data[end] == '\r' && text.data[end + 1] == '\n')
            end++;
    }
}

/* id and event name are one line and no more: what follows a line break is cut off. */
static void append_line(struct buf *out, const char *name, const char *text)
{
    if (text)
        append_field(out, name, (struct str){text, strcspn(text, "\r\n")});
}

void stream_frame(struct buf *out, unsigned minor, struct str text)
{
    if (minor > 0)
        buf_printf(out, "%zx\r\n", text.len);
    buf_append(out, text.data, text.len);
    if (minor > 0)
        buf_append_str(out, "\r\n");
}

int64_t http_stream_event(struct http_exchange *x, const char *id, const char *name, struct str data)
{
    pthread_mutex_lock(&x->lock);
    bool gone = x->gone;
    pthread_mutex_unlock(&x->lock);
    if (gone || x->request.head_only)
        return -EPIPE;
    _cleanup_(buf_release) struct buf event = BUF_INIT;
    append_line(&event, "id", id);
    append_line(&event, "event", name);
    append_field(&event, "data", data);
    buf_append_char(&event, '\n');
    struct buf bytes = BUF_INIT;
    stream_frame(&bytes, x->request.minor, buf_view(&event));
    exchange_send(x, &bytes, false);
    return (int64_t)atomic_load(&x->unsent);
}

void http_stream_end(struct http_exchange *x)
{
    if (!exchange_claim(x))
        return;
    exchange_observe(x, 200);
    struct buf bytes = BUF_INIT;
    if (x->request.minor > 0 && !x->request.head_only)
        buf_append_str(&bytes, "0\r\n\r\n");
    exchange_send(x, &bytes, true);
    exchange_unref(x);
}
