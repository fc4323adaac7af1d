/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h: one client, on the loop thread.
 *
 * connection.c: opening, closing, deadlines. receive.c: bytes in, up to a request handed to the pool. send.c: bytes out, up to the
 * end of the answer. A connection moves through its phases in a circle, one request at a time; bytes of a next request that
 * come early wait in `early` until the answer is out.
 *
 *   IDLE -> HEAD -> BODY -> EXCHANGE -> IDLE     kept alive
 *   any refusal, "Connection: close", drain: -> LINGER (our side shut, theirs read to the end) -> closed
 */
#ifndef EVALX_HTTP_CONNECTION_H
#define EVALX_HTTP_CONNECTION_H

#include "http/chunked.h"
#include "http/exchange.h"
#include "http/server.h"

enum phase { PHASE_IDLE, PHASE_HEAD, PHASE_BODY, PHASE_EXCHANGE, PHASE_LINGER };

struct connection {
    union socket_handle socket;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct http_server *server;
    struct connection *next, *previous;
    struct peer *peer;
    enum phase phase;
    int open_handles;
    bool first;   /* no request yet: the deadline of its head runs from accept */
    bool refused; /* past a limit of connections: only told so */
    bool closing, eof, writing, streaming;

    /* in */
    struct buf head;
    size_t scanned;
    struct buf early; /* not consumed yet, from early_at on */
    size_t early_at;
    struct chunked chunked;
    size_t body_limit;
    uint64_t discarded;

    /* out */
    struct http_exchange *exchange;
    unsigned minor; /* of the request being answered */
    bool head_only;
    bool keep_alive;        /* after this answer */
    struct buf out, flight; /* to be written; being written */
    size_t taken, flying;   /* of these, bytes that count for exchange->unsent */
    bool out_complete;

    /* deadlines on the loop's clock */
    int64_t deadline, body_began, keep_deadline, write_deadline, ping_at, armed;
    size_t write_left;
};

void connection_accept(struct http_server *s);
void connection_close(struct connection *c);
int64_t connection_now(const struct connection *c);
void connection_arm(struct connection *c);  /* (re)starts the timer for the nearest deadline */
void connection_read(struct connection *c); /* starts reading again */

/* ---- receive.c ---- */
void receive_bytes(struct connection *c, const char *data, size_t len);
void receive_end(struct connection *c);  /* the client has sent all it will */
void receive_next(struct connection *c); /* after an answer: what came early */

/* ---- send.c ---- */
void send_pump(struct connection *c); /* fetches from the exchange, writes, or ends the answer */

/* Refuses the message: one problem, then the connection ends. extra: whole header lines. */
void send_refusal(struct connection *c, struct refusal why, const char *extra);

/* An answer of the server itself, without a handler; keep: the connection may go on. */
void send_reply(struct connection *c, int status, const char *detail, const char *extra, bool keep);

#endif
