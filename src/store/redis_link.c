/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_link.c: connections: a pool that verbs borrow from, and the keeper's thread, which brings the link back when it is lost.
 *
 * A context of hiredis is dead after its first error, and with it, most likely, all others: so the first failure takes the link
 * down for everybody, which saves each thread its own time-out. From then on only the keeper tries the server, with growing,
 * randomly shortened pauses, so that a hundred replicas do not come back in the same millisecond. Verbs wait a moment for it (a restart
 * goes unnoticed), and once the outage is older than that they fail at once. A server that hangs has been away since it fell silent, not
 * since somebody gave up waiting for it: so whoever comes after the first time-out does not wait again.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "store/redis_store.h"

enum {
    IDLE_MOST = 32,
    PROBE_MS = 800,
    TELLING_MS = PROBE_MS / 2, /* a time-out of less says more about the haste of its verb than about the server */
    BACKOFF_FIRST_MS = 10,
    BACKOFF_MOST_MS = 1000,
};

static int context_errno(const redisContext *c)
{
    switch (c->err) {
    case REDIS_ERR_IO:
        return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : errno ? -errno : -ENOTCONN;
    case REDIS_ERR_PROTOCOL:
        return -EPROTO;
    case REDIS_ERR_OOM:
        return -ENOMEM;
    default:
        return -ENOTCONN;
    }
}

/* One command of the login. argv[1] of AUTH is never repeated in messages. */
static int login_step(redisContext *c, int argc, const char **argv, struct error *err)
{
    redisReply *reply = redisCommandArgv(c, argc, argv, NULL);
    if (!reply)
        return error_errno(err, context_errno(c), "%s", argv[0]);
    int r = reply->type == REDIS_REPLY_ERROR ? redis_reply_errno(reply) : 0;
    if (r < 0)
        error_set(err, r, "%s: %s", argv[0], reply->str);
    freeReplyObject(reply);
    return r;
}

static int log_in(redisContext *c, const struct redis_address *address, struct error *err)
{
    int r = 0;
    if (address->password) {
        const char *with_user[] = {"AUTH", address->user, address->password};
        const char *without[] = {"AUTH", address->password};
        r = address->user ? login_step(c, 3, with_user, err) : login_step(c, 2, without, err);
    }
    if (r == 0 && address->database != 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", address->database);
        r = login_step(c, 2, (const char *[]){"SELECT", number}, err);
    }
    /* Also says whether it is still loading, or wants a password. */
    return r == 0 ? login_step(c, 1, (const char *[]){"PING"}, err) : r;
}

int redis_connect(const struct redis_address *address, int timeout_ms, redisContext **ret, struct error *err)
{
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    redisContext *c = address->path ? redisConnectUnixWithTimeout(address->path, timeout)
                                    : redisConnectWithTimeout(address->host, address->port, timeout);
    if (!c)
        return error_set(err, -ENOMEM, "%s: no memory for a connection", address->shown);
    int r = 0;
    if (c->err) {
        r = c->err == REDIS_ERR_IO && errno ? -errno : -ENOTCONN;
        error_set(err, r, "%s", c->errstr);
    } else {
        fcntl(c->fd, F_SETFD, FD_CLOEXEC);
        redisSetTimeout(c, timeout);
        if (!address->path)
            redisEnableKeepAlive(c);
        r = log_in(c, address, err);
    }
    if (r < 0) {
        redisFree(c);
        return error_wrap(err, r, "%s", address->shown);
    }
    *ret = c;
    return 0;
}

static void free_connection(struct redis_connection *connection)
{
    redisFree(connection->context);
    free(connection);
}

static void close_idle(struct redis_link *link)
{
    struct redis_connection *connection;
    while ((connection = SLIST_FIRST(&link->idle))) {
        SLIST_REMOVE_HEAD(&link->idle, link);
        free_connection(connection);
    }
}

/* With the lock held. A failure of a connection made before the last loss says nothing new. */
static void lose(struct redis_link *link, uint64_t generation, int64_t since_ns)
{
    if (!link->up || generation != link->generation)
        return;
    link->up = false;
    link->generation++;
    link->down_since_ns = since_ns;
    close_idle(link);
    pthread_cond_broadcast(&link->changed);
}

static struct redis_connection *new_connection(redisContext *context, uint64_t generation)
{
    struct redis_connection *connection = xcalloc(1, sizeof(*connection));
    connection->context = context;
    connection->generation = generation;
    return connection;
}

/* With the lock held, which it lets go meanwhile. */
static struct redis_connection *add_connection(struct redis_link *link, int64_t deadline_ns)
{
    uint64_t generation = link->generation;
    pthread_mutex_unlock(&link->lock);
    int64_t began_ns = clock_monotonic_ns(), left_ms = (deadline_ns - began_ns) / NS_PER_MS;
    redisContext *context = NULL;
    int r = redis_connect(link->address, (int)MAX(MIN(left_ms, PROBE_MS), 1), &context, NULL);
    pthread_mutex_lock(&link->lock);
    if (r < 0) {
        if (r != -ETIMEDOUT || left_ms >= TELLING_MS)
            lose(link, generation, began_ns);
        return NULL;
    }
    return new_connection(context, generation);
}

int redis_link_take(struct redis_link *link, int64_t deadline_ns, struct redis_connection **ret)
{
    struct redis_connection *connection = NULL;
    pthread_mutex_lock(&link->lock);
    while (!connection && !link->stopping) {
        int64_t until_ns = link->up ? deadline_ns : MIN(deadline_ns, link->down_since_ns + REDIS_QUICK_MS * NS_PER_MS);
        if (clock_monotonic_ns() >= until_ns)
            break;
        struct timespec until = clock_timespec(until_ns);
        if (!link->up) {
            pthread_cond_timedwait(&link->changed, &link->lock, &until);
        } else if ((connection = SLIST_FIRST(&link->idle))) {
            SLIST_REMOVE_HEAD(&link->idle, link);
        } else {
            connection = add_connection(link, deadline_ns);
        }
    }
    pthread_mutex_unlock(&link->lock);
    if (!connection)
        return -ENOTCONN;
    *ret = connection;
    return 0;
}

void redis_link_give(struct redis_link *link, struct redis_connection *connection)
{
    size_t idle = 0;
    struct redis_connection *other;
    pthread_mutex_lock(&link->lock);
    SLIST_FOREACH(other, &link->idle, link)
    idle++;
    bool keep = link->up && connection->generation == link->generation && idle < IDLE_MOST;
    if (keep)
        SLIST_INSERT_HEAD(&link->idle, connection, link);
    pthread_mutex_unlock(&link->lock);
    if (!keep)
        free_connection(connection);
}

void redis_link_drop(struct redis_link *link, struct redis_connection *connection)
{
    int64_t now_ns = clock_monotonic_ns(), since_ns = connection->silent_since_ns;
    pthread_mutex_lock(&link->lock);
    if (since_ns == 0 || now_ns - since_ns >= TELLING_MS * NS_PER_MS)
        lose(link, connection->generation, since_ns ? since_ns : now_ns);
    pthread_mutex_unlock(&link->lock);
    free_connection(connection);
}

bool redis_link_up(struct redis_link *link)
{
    pthread_mutex_lock(&link->lock);
    bool up = link->up;
    pthread_mutex_unlock(&link->lock);
    return up;
}

/* With the lock held: sleeps until the link is lost (true) or it is time to end. */
static bool await_loss(struct redis_link *link)
{
    while (link->up && !link->stopping)
        pthread_cond_wait(&link->changed, &link->lock);
    return !link->stopping;
}

static void pause_for(struct redis_link *link, int64_t ms)
{
    int64_t shortened = ms / 2 + (int64_t)random_below((uint64_t)ms / 2 + 1);
    struct timespec until = clock_after_ms(shortened);
    while (!link->stopping && pthread_cond_timedwait(&link->changed, &link->lock, &until) == 0)
        continue;
}

static void *keeper_main(void *argument)
{
    struct redis_link *link = argument;
    int64_t backoff = BACKOFF_FIRST_MS;
    pthread_mutex_lock(&link->lock);
    while (await_loss(link)) {
        redisContext *context = NULL;
        pthread_mutex_unlock(&link->lock);
        int r = redis_connect(link->address, PROBE_MS, &context, NULL);
        pthread_mutex_lock(&link->lock);
        if (r == 0) {
            struct redis_connection *connection = new_connection(context, link->generation);
            SLIST_INSERT_HEAD(&link->idle, connection, link);
            link->up = true;
            pthread_cond_broadcast(&link->changed);
            backoff = BACKOFF_FIRST_MS;
        } else {
            pause_for(link, backoff);
            backoff = MIN(2 * backoff, BACKOFF_MOST_MS);
        }
    }
    pthread_mutex_unlock(&link->lock);
    return NULL;
}

int redis_link_open(struct redis_link *link, const struct redis_address *address, struct error *err)
{
    *link = (struct redis_link){.address = address, .up = true};
    SLIST_INIT(&link->idle);
    pthread_mutex_init(&link->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&link->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    redis_scripts_init(&link->scripts);
    int r = -pthread_create(&link->keeper, NULL, keeper_main, link);
    if (r < 0) {
        pthread_cond_destroy(&link->changed);
        pthread_mutex_destroy(&link->lock);
        redis_scripts_release(&link->scripts);
        return error_errno(err, r, "starting the connections' thread");
    }
    return 0;
}

void redis_link_close(struct redis_link *link)
{
    pthread_mutex_lock(&link->lock);
    link->stopping = true;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
    pthread_join(link->keeper, NULL);
    close_idle(link);
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    redis_scripts_release(&link->scripts);
}
