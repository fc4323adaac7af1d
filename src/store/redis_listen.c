/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_listen.c: the listener's thread: hears by the server's publish/subscribe what other processes changed, and that a claimer is to
 * wake. What is published while the connection is down is lost; so once it is back, every watcher is told that something may
 * have changed, and every claimer looks again.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/redis_store.h"

enum {
    CONNECT_MS = 800,
    QUIET_MS = 1000 /* then it is asked whether it lives; after as long again it does not */,
    RETRY_MS = 500
};

struct listener {
    struct redis_store *s;
    redisContext *context;
    char *changed, *wake; /* channels */
    bool asked;           /* a ping is on its way */
    bool told;            /* that it is refused */
};

static bool is_stopping(struct redis_store *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

/* Waits for bytes or the end. 1 bytes, 0 quiet for timeout_ms, -ECANCELED. */
static int await_bytes(struct redis_store *s, int fd, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = s->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int ready = poll(fds, fd >= 0 ? 2 : 1, timeout_ms);
    if (is_stopping(s))
        return -ECANCELED;
    return ready > 0;
}

static int send_now(redisContext *c)
{
    int done = 0;
    while (!done)
        if (redisBufferWrite(c, &done) != REDIS_OK)
            return -ENOTCONN;
    return 0;
}

static int subscribe(struct listener *l)
{
    int r = redis_connect(&l->s->address, CONNECT_MS, &l->context, NULL);
    if (r < 0)
        return r;
    const char *argv[] = {"SUBSCRIBE", l->changed, l->wake};
    if (redisAppendCommandArgv(l->context, 3, argv, NULL) != REDIS_OK)
        return -ENOTCONN;
    l->asked = false;
    return send_now(l->context);
}

/* "TOKEN ORIGIN": what this process did itself its watchers know. */
static void hear_change(struct listener *l, struct str message)
{
    char token[TOKEN_LEN + 1];
    if (message.len <= TOKEN_LEN || message.data[TOKEN_LEN] != ' ')
        return;
    memcpy(token, message.data, TOKEN_LEN);
    token[TOKEN_LEN] = '\0';
    const char *origin = message.data + TOKEN_LEN + 1;
    if (strcmp(origin, l->s->origin) != 0)
        watch_notify(l->s->base.watches, token);
}

/* True the first time. */
static bool begin_listening(struct redis_store *s)
{
    pthread_mutex_lock(&s->lock);
    bool first = !s->listening;
    s->listening = true;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
    return first;
}

/* Told once, until it is heard again: it comes back every moment. */
static int refused(struct listener *l, const redisReply *reply)
{
    if (!l->told)
        log_error("store.not_heard", LOG_STR("server", l->s->address.shown), LOG_STR("message", reply->str));
    l->told = true;
    return -ENOTCONN;
}

static int hear(struct listener *l, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return refused(l, reply);
    struct str kind = redis_bytes_at(reply, 0), channel = redis_bytes_at(reply, 1);
    l->asked = false;
    if (str_is(kind, "message") && str_is(channel, l->changed)) {
        hear_change(l, redis_bytes_at(reply, 2));
    } else if (str_is(kind, "message")) {
        redis_wake(l->s, redis_bytes_at(reply, 2));
    } else if (str_is(kind, "subscribe") && str_is(channel, l->wake)) { /* the second of two: all is heard from here */
        l->told = false;
        if (begin_listening(l->s))
            return 0; /* the opening waits for this: nobody watches yet */
        watch_notify_all(l->s->base.watches);
        redis_wake_all(l->s);
    }
    return 0;
}

static int read_some(struct listener *l)
{
    void *reply = NULL;
    if (redisBufferRead(l->context) != REDIS_OK)
        return -ENOTCONN;
    int r = 0;
    while (r == 0 && redisGetReplyFromReader(l->context, &reply) == REDIS_OK && reply) {
        r = hear(l, reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    return l->context->err ? -ENOTCONN : r;
}

/* A connection that was cut without a word looks like one on which nothing happens. */
static int ask(struct listener *l)
{
    const char *argv[] = {"PING"};
    if (l->asked || redisAppendCommandArgv(l->context, 1, argv, NULL) != REDIS_OK)
        return -ENOTCONN;
    l->asked = true;
    return send_now(l->context);
}

static int listen_on(struct listener *l)
{
    int r = subscribe(l);
    while (r == 0) {
        r = await_bytes(l->s, l->context->fd, QUIET_MS);
        if (r == 1)
            r = read_some(l);
        else if (r == 0)
            r = ask(l);
    }
    if (l->context)
        redisFree(l->context);
    l->context = NULL;
    return r;
}

void *redis_listener_main(void *store)
{
    struct redis_store *s = store;
    struct listener l = {.s = s, .changed = xasprintf("%s:changed", s->prefix)};
    l.wake = xasprintf("%s:wake:%s", s->prefix, s->origin);
    while (listen_on(&l) != -ECANCELED)
        if (await_bytes(s, -1, RETRY_MS / 2 + (int)random_below(RETRY_MS)) < 0)
            break;
    free(l.changed);
    free(l.wake);
    return NULL;
}
