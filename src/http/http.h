/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h: an HTTP/1.1 server that knows nothing of submissions. One thread runs all connections (libuv + http_parser); complete
 * requests go to a small pool of handler threads, so that neither parsing a large body nor a disk holds up others. A handler
 * answers at once or keeps the exchange and answers later from any thread: a waiting client costs one connection, no thread.
 *
 * What a handler may rely on: the request is complete and well-formed, within the limits of struct http_config, has exactly one Host,
 * and a path without NUL, "%00", "//", "." or ".." segments. Everything else was refused with a problem response (RFC 9457) and the connection closed.
 */
#ifndef EVALX_HTTP_HTTP_H
#define EVALX_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct http_server;
struct http_exchange; /* one request and its one answer */

struct http_route;

struct http_config {
    const char *listen; /* "127.0.0.1:2358", "[::1]:2358", "unix:/run/evalx.sock"; port 0 picks one */
    size_t max_body;    /* bytes; a route may allow less */
    size_t max_header;  /* bytes of request line and headers together */
    unsigned max_connections, max_connections_per_ip;
    int64_t header_ms;      /* from accept or the request's first byte to the end of the headers */
    int64_t body_ms;        /* total for the body ... */
    int64_t body_min_rate;  /* ... which is extended so that this many bytes/s suffice */
    int64_t idle_ms;        /* between requests of a kept-alive connection */
    int64_t write_ms;       /* without progress in sending to a client */
    int64_t stream_ping_ms; /* a comment line on an event stream that was silent for so long */
    size_t max_buffered;    /* bytes of all request bodies held at one time; past it 503 */
    unsigned handler_threads;
    bool cors; /* Access-Control-Allow-Origin: * and preflight answers */

    /* Told of every answer to a request that reached a route, from the thread that answers; may be NULL. ns: since it was complete. */
    void (*answered)(void *context, const struct http_route *route, int status, int64_t ns);
};

struct http_config http_config_default(void);

typedef void http_handler_fn(void *context, struct http_exchange *exchange);

struct http_route {
    const char *method; /* "GET" also serves HEAD */
    const char *
        path; /* exact, or with one "{}" segment that matches [A-Za-z0-9_-]{1,64}: "/submissions/{}"; ends in "*": any that begins so */
    http_handler_fn *handler; /* on a handler thread; must lead to exactly one of the answers below, now or later */
    size_t max_body;          /* 0: the configuration's */
    const void *data;         /* the handler's own: http_route_data */
};

/* routes and context must outlive the server. Starts listening (the address is known when it returns) and serving. */
int http_start(const struct http_config *config, const struct http_route *routes, size_t count, void *context,
               struct http_server **ret, struct error *err);

/* "127.0.0.1:43123": where it really listens; owned by the server. */
const char *http_address(const struct http_server *server);

/*
 * From now on every answer closes its connection, so that clients who keep theirs open come back through whatever balances them, which sends them
 * elsewhere by then; everything else goes on as it was.
 */
void http_leave(struct http_server *server);

/*
 * Graceful: stop accepting, give exchanges in flight grace_ms to be answered, then close all and free. Exchanges that handlers kept
 * are told by their cancel function.
 */
void http_stop(struct http_server *server, int64_t grace_ms);

/* ---- the request; views are valid until the exchange is answered ---- */
struct str http_method(const struct http_exchange *exchange);
struct str http_path(const struct http_exchange *exchange);
struct str http_segment(const struct http_exchange *exchange); /* what "{}" matched */
struct str http_body(const struct http_exchange *exchange);

/*
 * Frees the body and its share of max_buffered, for an exchange that is kept and has read it: http_body is empty afterwards, and
 * earlier views of it are invalid. From the exchange's own handler, `ended` or deferred functions.
 */
void http_drop_body(struct http_exchange *exchange);

/* The data of the route that matched. */
const void *http_route_data(const struct http_exchange *exchange);

/* The first header of that name, in any case; empty when absent. */
struct str http_header(const struct http_exchange *exchange, const char *name);

/* The first query parameter of that name, percent-decoded; false when absent. */
bool http_query(const struct http_exchange *exchange, const char *name, struct str *ret);

/*
 * All query parameters in turn, percent-decoded, repeated ones too; both strings have a NUL behind them and none within. *at is 0
 * at first; false at the end.
 */
bool http_query_next(const struct http_exchange *exchange, size_t *at, struct str *ret_name, struct str *ret_value);

/* ---- answering: exactly once, from any thread; the exchange must not be touched afterwards ---- */
void http_answer(struct http_exchange *exchange, int status, const char *content_type, struct str body);

/* Extra header for the answer to come; name and value are copied; CR, LF and NUL in them are refused (dropped). */
void http_add_header(struct http_exchange *exchange, const char *name, const char *value);

struct http_field_error {
    const char *field, *message;
};

/* application/problem+json: {type, title, status, detail, errors:[{field, message}]}. detail may be NULL. */
void http_problem(struct http_exchange *exchange, int status, const char *detail, const struct http_field_error *errors,
                  size_t error_count);

/* ---- keeping an exchange ---- */

/*
 * Sets (from the handler, before it returns or answers) what to do when the client goes away, the server stops, or timeout_ms
 * (0: none) passes before the answer: ended is called at most once, on a handler thread, and must lead to the answer (which nobody
 * may read when the client is gone). After http_answer or http_stream_end, ended is not called any more.
 */
enum http_end { HTTP_END_TIMEOUT, HTTP_END_GONE, HTTP_END_STOPPING };
typedef void http_ended_fn(void *context, struct http_exchange *exchange, enum http_end why);
void http_keep(struct http_exchange *exchange, int64_t timeout_ms, http_ended_fn *ended, void *context);

/*
 * Runs fn(context, exchange) on a handler thread soon. For waking a kept exchange from a thread that must not do the work itself.
 * The handler, `ended` and deferred functions of one exchange run one after the other, never at the same time; once the exchange is
 * answered, those still pending are dropped. So an exchange that is answered (and fed with events) only from these is safe without
 * locks; a thread that answers it directly must know that `ended` does not do so at the same time.
 */
void http_defer(struct http_exchange *exchange, http_handler_fn *fn, void *context);

/* ---- event streams (text/event-stream) ---- */
void http_stream_begin(struct http_exchange *exchange);

/* Queues one event; id and name may be NULL. Returns the bytes waiting to be sent (for back-pressure), or -EPIPE when the client is gone. */
int64_t http_stream_event(struct http_exchange *exchange, const char *id, const char *name, struct str data);
void http_stream_end(struct http_exchange *exchange); /* this is the answer */

#endif
