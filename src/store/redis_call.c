/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_call.c: one command and its reply, over whichever connection there is.
 *
 * A connection that breaks between command and reply leaves open whether the server has done it. So the command is sent again with
 * a flag that says so, and every script knows what that means: what the first one did is found and answered, not done twice.
 */
#include <errno.h>

#include "base/clock.h"
#include "store/redis_store.h"

enum { RETRY_PAUSE_MS = 20, RETRY_PAUSE_MOST_MS = 200, LEAD = 6 /* EVALSHA sha 1 key origin again */ };

int redis_reply_errno(const redisReply *reply)
{
    static const struct {
        const char *word;
        int code;
    } codes[] = {
        {"OOM", -ENOSPC},        {"LOADING", -ENOTCONN},     {"READONLY", -ENOTCONN},   {"MASTERDOWN", -ENOTCONN},
        {"BUSY", -ENOTCONN},     {"CLUSTERDOWN", -ENOTCONN}, {"TRYAGAIN", -ENOTCONN},   {"NOREPLICAS", -ENOTCONN},
        {"NOAUTH", -EACCES},     {"WRONGPASS", -EACCES},     {"NOPERM", -EACCES},       {"MOVED", -EREMOTE},
        {"WRONGTYPE", -EBADMSG}, {"NOSCRIPT", -ENOEXEC},     {"UNKILLABLE", -ENOTCONN},
    };
    if (!reply || reply->type != REDIS_REPLY_ERROR)
        return -EPROTO;
    /* A script's error may be told with words before the server's own. */
    if (strstr(reply->str, "MISCONF"))
        return strstr(reply->str, "No space") ? -ENOSPC : -EIO;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        size_t len = strlen(codes[i].word);
        if (strncmp(reply->str, codes[i].word, len) == 0 && (reply->str[len] == ' ' || reply->str[len] == '\0'))
            return codes[i].code;
    }
    return -EIO;
}

int64_t redis_int_at(const redisReply *reply, size_t index)
{
    if (reply->type != REDIS_REPLY_ARRAY || index >= reply->elements)
        return 0;
    const redisReply *item = reply->element[index];
    if (item->type == REDIS_REPLY_INTEGER)
        return item->integer;
    return item->type == REDIS_REPLY_STRING ? strtoll(item->str, NULL, 10) : 0;
}

struct str redis_bytes_at(const redisReply *reply, size_t index)
{
    if (reply->type != REDIS_REPLY_ARRAY || index >= reply->elements ||
        reply->element[index]->type != REDIS_REPLY_STRING)
        return (struct str){0};
    const redisReply *item = reply->element[index];
    return (struct str){.data = item->str, .len = (size_t)item->len};
}

/* Just after a failure. */
static bool timed_out(const redisContext *c)
{
    return c->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* 0 and a reply of any type, or the connection is dead. The time-out is of each read: what keeps coming is not cut off. */
static int exchange(struct redis_connection *connection, int argc, const char **argv, const size_t *lens,
                    int64_t deadline_ns, redisReply **ret)
{
    redisContext *c = connection->context;
    int64_t left_us = MAX((deadline_ns - clock_monotonic_ns()) / 1000, 1000);
    struct timeval timeout = {.tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000};
    void *reply = NULL;
    if (redisSetTimeout(c, timeout) != REDIS_OK || redisAppendCommandArgv(c, argc, argv, lens) != REDIS_OK ||
        redisGetReply(c, &reply) != REDIS_OK || !reply) {
        if (timed_out(c))
            connection->silent_since_ns = clock_monotonic_ns() - left_us * 1000;
        return -ENOTCONN;
    }
    *ret = reply;
    return 0;
}

/* With a reply that stands for "not now, not here": as if the connection had failed. */
static int settle(struct redis_store *s, struct redis_connection *connection, int r, redisReply **reply)
{
    if (r == 0 && *reply && (*reply)->type == REDIS_REPLY_ERROR)
        r = redis_reply_errno(*reply);
    if (r == -ENOTCONN)
        redis_link_drop(&s->link, connection);
    else
        redis_link_give(&s->link, connection);
    if (r < 0) {
        redis_reply_freep(reply);
        *reply = NULL;
    }
    return r;
}

static int load(struct redis_connection *connection, struct redis_store *s, enum redis_script script,
                int64_t deadline_ns)
{
    const struct buf *text = &s->link.scripts.texts[script];
    const char *argv[] = {"SCRIPT", "LOAD", text->data};
    const size_t lens[] = {6, 4, text->len};
    redisReply *reply = NULL;
    int r = exchange(connection, 3, argv, lens, deadline_ns, &reply);
    if (r < 0)
        return r;
    if (reply->type == REDIS_REPLY_ERROR)
        r = redis_reply_errno(reply);
    else if (reply->type != REDIS_REPLY_STRING || reply->len != REDIS_SHA_LEN)
        r = -EPROTO;
    else if (s->link.scripts.shas[script][0] == '\0') /* at the opening, when there is one thread */
        memcpy(s->link.scripts.shas[script], reply->str, REDIS_SHA_LEN + 1);
    freeReplyObject(reply);
    return r;
}

struct command {
    int argc;
    const char **argv;
    size_t *lens;
};

static void command_init(struct command *command, struct redis_store *s, enum redis_script script,
                         const struct redis_args *args)
{
    size_t count = LEAD + args->count;
    command->argc = (int)count;
    command->argv = xcalloc(count, sizeof(*command->argv));
    command->lens = xcalloc(count, sizeof(*command->lens));
    const char *const lead[LEAD] = {"EVALSHA", s->link.scripts.shas[script], "1", s->prefix, s->origin, "0"};
    for (size_t i = 0; i < LEAD; i++) {
        command->argv[i] = lead[i];
        command->lens[i] = strlen(lead[i]);
    }
    for (size_t i = 0; i < args->count; i++) {
        const struct redis_arg *arg = &args->items[i];
        command->argv[LEAD + i] = arg->data ? arg->data : arg->number;
        command->lens[LEAD + i] = arg->len;
    }
}

static void command_release(struct command *command)
{
    free(command->argv);
    free(command->lens);
}

static int attempt(struct redis_store *s, enum redis_script script, struct command *command, int64_t deadline_ns,
                   redisReply **ret)
{
    struct redis_connection *connection;
    int r = redis_link_take(&s->link, deadline_ns, &connection);
    if (r < 0)
        return -EHOSTDOWN; /* nothing was sent */
    redisReply *reply = NULL;
    r = exchange(connection, command->argc, command->argv, command->lens, deadline_ns, &reply);
    if (r == 0 && reply->type == REDIS_REPLY_ERROR && redis_reply_errno(reply) == -ENOEXEC) { /* it was restarted */
        freeReplyObject(reply);
        reply = NULL;
        r = load(connection, s, script, deadline_ns);
        if (r == 0)
            r = exchange(connection, command->argc, command->argv, command->lens, deadline_ns, &reply);
    }
    r = settle(s, connection, r, &reply);
    if (r == 0 && !reply)
        return -EPROTO;
    if (r == 0)
        *ret = reply;
    return r;
}

static void pause_before_retry(int pause_ms)
{
    struct timespec pause = {.tv_nsec = pause_ms * NS_PER_MS};
    nanosleep(&pause, NULL);
}

int redis_call(struct redis_store *s, enum redis_script script, const struct redis_args *args, int budget_ms,
               redisReply **ret)
{
    int64_t deadline_ns = clock_monotonic_ns() + budget_ms * NS_PER_MS;
    struct command command;
    command_init(&command, s, script, args);
    int r = attempt(s, script, &command, deadline_ns, ret);
    for (int pause = 0; r == -ENOTCONN && clock_monotonic_ns() < deadline_ns;) {
        command.argv[LEAD - 1] = "1";
        if (pause) /* it answers, and says "not now": do not hammer */
            pause_before_retry(pause);
        pause = MIN(pause + RETRY_PAUSE_MS, RETRY_PAUSE_MOST_MS);
        r = attempt(s, script, &command, deadline_ns, ret);
    }
    command_release(&command);
    return r == -EHOSTDOWN ? -ENOTCONN : r;
}

int redis_call_code(struct redis_store *s, enum redis_script script, const struct redis_args *args, int budget_ms)
{
    redisReply *reply = NULL;
    int r = redis_call(s, script, args, budget_ms, &reply);
    if (r < 0 || !reply)
        return r < 0 ? r : -EPROTO;
    r = reply->type == REDIS_REPLY_INTEGER ? (int)reply->integer : -EPROTO;
    freeReplyObject(reply);
    return r;
}

int redis_plain(struct redis_store *s, int argc, const char **argv, int budget_ms, redisReply **ret)
{
    int64_t deadline_ns = clock_monotonic_ns() + budget_ms * NS_PER_MS;
    int r = -ENOTCONN;
    for (int pause = 0; r == -ENOTCONN && clock_monotonic_ns() < deadline_ns; pause = RETRY_PAUSE_MS) {
        struct redis_connection *connection;
        if (pause)
            pause_before_retry(pause);
        r = redis_link_take(&s->link, deadline_ns, &connection);
        if (r < 0)
            return r;
        redisReply *reply = NULL;
        r = exchange(connection, argc, argv, NULL, deadline_ns, &reply);
        r = settle(s, connection, r, &reply);
        if (r == 0)
            *ret = reply;
    }
    return r;
}

int redis_load_scripts(struct redis_store *s, int budget_ms)
{
    int64_t deadline_ns = clock_monotonic_ns() + budget_ms * NS_PER_MS;
    struct redis_connection *connection;
    int r = redis_link_take(&s->link, deadline_ns, &connection);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < REDIS_SCRIPT_COUNT; i++)
        r = load(connection, s, (enum redis_script)i, deadline_ns);
    redisReply *none = NULL;
    return settle(s, connection, r, &none);
}
