/* SPDX-License-Identifier: Apache-2.0 */
/* harness.h: a real server with test routes, and clients that speak raw sockets. Every wait is bounded by PATIENCE_MS. */
#ifndef EVALX_TESTS_HTTP_HARNESS_H
#define EVALX_TESTS_HTTP_HARNESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"

enum { PATIENCE_MS = 30000, KEPT_MAX = 4096 };

/* What the handlers have seen; guarded by lock, changed is signalled at each step. */
struct fixture {
    struct http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int hits;     /* requests that reached a handler */
    int ended[3]; /* by enum http_end */
    int deferred; /* deferred functions run */
    int overlaps; /* times that two functions of one exchange ran at once */
    bool busy;
    bool released; /* lets /block go on */
    struct http_exchange *kept[KEPT_MAX];
    int kept_count;
};

extern struct fixture fix; /* one server at a time */

struct http_config test_config(void); /* the defaults on a free port of 127.0.0.1, two handler threads */
int setup(void **state);              /* starts with test_config() */
int teardown(void **state);
void restart(struct http_config config);
void release(void); /* lets /block go on */

/* Waits until *value (of fix) is at least n; fails the test when that takes too long. */
void await_count(const int *value, int n);
int count_of(const int *value);

/* ---- clients ---- */
int client_to(const struct http_server *server);
int client_socket(const struct http_server *server, int type_flags); /* not connected */
int client_connect(const struct http_server *server, int fd);
bool client_send(int fd, const void *data, size_t len); /* false when the server has hung up meanwhile */
void client_say(int fd, const char *text);

struct reply {
    int status; /* 0: the connection ended without one */
    struct buf head;
    struct buf body;
};
void reply_release(struct reply *r);

/* Reads one answer; head_only: one without a body whatever its length says. 1xx answers count as answers. */
struct reply client_read(int fd, bool head_only);
struct reply client_ask(int fd, const char *request, bool head_only);

/* One request on an open connection; checks status and body (NULL: any). */
void client_expect(int fd, const char *request, int status, const char *body);

#define H " HTTP/1.1\r\nHost: a\r\n"

bool reply_has(const struct reply *r, const char *header_line); /* a whole line of the head, without CR LF */

/* Reads up to and including `until` into all (for streams); fails when the connection ends before. */
void client_read_until(int fd, struct buf *all, const char *until);

/* True when the connection ends (end of file or reset) and nothing comes before that. */
bool client_sees_end(int fd);

/* One request on a connection of its own; everything that came until the end of the connection. */
void client_collect(const struct http_server *server, const void *data, size_t len, struct buf *all);

#endif
