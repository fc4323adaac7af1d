/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_check.c: is this server fit to keep what is acknowledged? Asked once, at the opening.
 *
 * What cannot work is refused: a server too old for the scripts, a replica, a queue kept by a newer evalx, a user who may not publish
 * (a script that is refused half way has written its first half). What works and could lose
 * something is said in store_warning, with the setting to change: it may be what its keeper wants.
 */
#include <errno.h>

#include "store/redis_store.h"

enum { CHECK_MS = 5000, VERSION_LEAST = 7, FORMAT = 1 };

/* The value after "name:" in INFO's lines; empty when there is none. */
static struct str info_field(struct str info, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; at + len < info.len;) {
        const char *line = info.data + at, *end = memchr(line, '\r', info.len - at);
        size_t line_len = end ? (size_t)(end - line) : info.len - at;
        if (line_len > len && memcmp(line, name, len) == 0 && line[len] == ':')
            return (struct str){.data = line + len + 1, .len = line_len - len - 1};
        const char *next = memchr(line, '\n', info.len - at);
        at = next ? (size_t)(next + 1 - info.data) : info.len;
    }
    return (struct str){0};
}

static int check_server(struct redis_store *s, struct error *err)
{
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_plain(s, 1, (const char *[]){"INFO"}, CHECK_MS, &reply);
    if (r == -EACCES) /* the user may not: then the scripts will tell */
        return 0;
    if (r < 0 || reply->type != REDIS_REPLY_STRING)
        return error_errno(err, r < 0 ? r : -EPROTO, "%s: INFO", s->address.shown);
    struct str info = {.data = reply->str, .len = (size_t)reply->len};
    struct str version = info_field(info, "redis_version"); /* Valkey gives the version of Redis it equals */
    if (version.len > 0 && strtol(version.data, NULL, 10) < VERSION_LEAST)
        return error_set(err, -EPROTONOSUPPORT, "%s is version %.*s: Redis %d or Valkey is needed", s->address.shown,
                         (int)version.len, version.data, VERSION_LEAST);
    if (str_is(info_field(info, "role"), "slave"))
        return error_set(err, -EROFS, "%s is a replica and takes no writes: name its primary", s->address.shown);
    return 0;
}

static int check_format(struct redis_store *s, struct error *err)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", FORMAT);
    _cleanup_(freep) char *key = xasprintf("%s:format", s->prefix);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_plain(s, 4, (const char *[]){"SET", key, number, "NX"}, CHECK_MS, &reply);
    if (r < 0)
        return error_errno(err, r, "%s: a trial write", s->address.shown);
    freeReplyObject(STEAL(reply));
    r = redis_plain(s, 2, (const char *[]){"GET", key}, CHECK_MS, &reply);
    if (r < 0)
        return error_errno(err, r, "%s: reading %s", s->address.shown, key);
    long format = reply->type == REDIS_REPLY_STRING ? strtol(reply->str, NULL, 10) : 0;
    if (format > FORMAT)
        return error_set(err, -EBADMSG,
                         "the queue %s of %s was written by a newer evalx (format %ld, this one knows %d)",
                         s->address.queue, s->address.shown, format, FORMAT);
    return 0;
}

/* The channels have rights of their own; "changed" stands for all of the queue's. Nobody heeds an empty message. */
static int check_channels(struct redis_store *s, struct error *err)
{
    _cleanup_(freep) char *channel = xasprintf("%s:changed", s->prefix);
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_plain(s, 3, (const char *[]){"PUBLISH", channel, ""}, CHECK_MS, &reply);
    if (r == -EACCES)
        return error_set(err, r,
                         "%s: the user may not PUBLISH to %s: give it the channels &%s* (ACL SETUSER) and the "
                         "commands PUBLISH and SUBSCRIBE",
                         s->address.shown, channel, s->prefix);
    return r < 0 ? error_errno(err, r, "%s: PUBLISH", s->address.shown) : 0;
}

/* The setting's value; NULL when it cannot be asked. */
static char *setting(struct redis_store *s, const char *name)
{
    _cleanup_(redis_reply_freep) redisReply *reply = NULL;
    int r = redis_plain(s, 3, (const char *[]){"CONFIG", "GET", name}, CHECK_MS, &reply);
    struct str value = r == 0 ? redis_bytes_at(reply, 1) : (struct str){0};
    return value.data ? str_dup(value) : NULL;
}

static void check_durability(struct redis_store *s, struct buf *warning)
{
    static const struct {
        const char *name, *wanted, *why;
    } settings[] = {
        {"appendonly", "yes", "without it what was acknowledged is lost with the server's process"},
        {"appendfsync", "always", "otherwise the last second is lost when the machine fails"},
        {"maxmemory-policy", "noeviction", "otherwise submissions and results are dropped when memory is short"},
        {"aof-load-truncated", "yes", "otherwise the server does not start after a crash in the middle of a write"},
    };
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        _cleanup_(freep) char *value = setting(s, settings[i].name);
        if (!value) {
            buf_printf(warning,
                       "%s does not let itself be asked (CONFIG GET) whether it keeps what it is given: "
                       "make sure of appendonly yes, appendfsync always, maxmemory-policy noeviction",
                       s->address.shown);
            return;
        }
        if (strcmp(value, settings[i].wanted) != 0)
            buf_printf(warning, "%s%s has %s %s: set %s %s (%s)", warning->len ? "; " : "", s->address.shown,
                       settings[i].name, *value ? value : "\"\"", settings[i].name, settings[i].wanted,
                       settings[i].why);
    }
}

int redis_check(struct redis_store *s, struct error *err)
{
    int r = check_server(s, err);
    if (r == 0)
        r = check_format(s, err);
    if (r == 0)
        r = check_channels(s, err);
    if (r < 0)
        return r;
    r = redis_load_scripts(s, CHECK_MS);
    if (r < 0)
        return error_errno(err, r, "%s: loading the scripts", s->address.shown);
    _cleanup_(buf_release) struct buf warning = BUF_INIT;
    check_durability(s, &warning);
    if (warning.len > 0)
        s->base.warning = buf_steal(&warning, NULL);
    return 0;
}
