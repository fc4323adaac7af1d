/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.c: see hosts.h. */
#include "webhook/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum {
    BUCKETS = 1024,
    IDLE_MS = 600000,
    FIRST_PAUSE_MS = 10000,
    LONGEST_PAUSE_MS = 300000,
    RETURN_EVERY_MS = 5,
    HOLD_LEAST_MS = 50,
    CROWD_HOLD_MS = 1000,
    SILENT_MS = 1000
};

struct host {
    LIST_ENTRY(host) chain;
    struct hosts *all;
    char *key;
    unsigned in_flight, parked_count;
    struct parked_list parked;
    bool trusted;      /* it answered the last time */
    unsigned failures; /* in a row */
    unsigned pauses;   /* in a row; > 0: broken, one at a time */
    int64_t closed_until_ms;
    int64_t sent_back; /* since it was closed or last had room: spreads their return */
    int64_t took_ms;   /* moving average */
    int64_t moved_ms;  /* when the last one ended, or the first of those on their way began */
    int64_t used_ms;
};

struct hosts {
    unsigned per_host, parked_most, strangers_most;
    unsigned strangers; /* deliveries on their way to hosts that are not trusted */
    LIST_HEAD(, host) buckets[BUCKETS];
};

struct hosts *hosts_new(unsigned per_host, unsigned parked_most, unsigned strangers_most)
{
    struct hosts *hosts = xcalloc(1, sizeof(*hosts));
    hosts->per_host = per_host;
    hosts->parked_most = parked_most;
    hosts->strangers_most = strangers_most;
    for (size_t i = 0; i < BUCKETS; i++)
        LIST_INIT(&hosts->buckets[i]);
    return hosts;
}

static void free_host(struct host *host)
{
    free(host->key);
    free(host);
}

void hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct host *host;
        while ((host = LIST_FIRST(&hosts->buckets[i]))) {
            LIST_REMOVE(host, chain);
            free_host(host);
        }
    }
    free(hosts);
}

static size_t bucket_of(const char *key)
{
    uint32_t hash = 2166136261u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return hash % BUCKETS;
}

struct host *hosts_get(struct hosts *hosts, const char *key, int64_t now_ms)
{
    size_t bucket = bucket_of(key);
    struct host *host;
    LIST_FOREACH(host, &hosts->buckets[bucket], chain)
    if (!strcmp(host->key, key))
        break;
    if (!host) {
        host = xcalloc(1, sizeof(*host));
        host->all = hosts;
        host->key = xstrdup(key);
        TAILQ_INIT(&host->parked);
        LIST_INSERT_HEAD(&hosts->buckets[bucket], host, chain);
    }
    host->used_ms = now_ms;
    return host;
}

bool host_closed(const struct host *host, int64_t now_ms)
{
    return now_ms < host->closed_until_ms;
}

const char *host_key(const struct host *host)
{
    return host->key;
}

static unsigned room_of(const struct hosts *hosts, const struct host *host)
{
    return host->pauses > 0 ? 1 : hosts->per_host;
}

/* Those sent back return one after the other, not all in the millisecond in which the host opens. */
static int64_t hold_closed(struct host *host, int64_t now_ms)
{
    return host->closed_until_ms - now_ms + RETURN_EVERY_MS * host->sent_back++;
}

/*
 * About when what came before it will be through. Those on their way have taken at least the time in which none has ended: a host that
 * never answers is known for that long before the first one times out, and what is owed to it does not come and go in between.
 */
static int64_t hold_busy(const struct hosts *hosts, struct host *host, int64_t now_ms)
{
    int64_t before = (int64_t)host->parked_count + ++host->sent_back;
    int64_t took_ms = MAX(host->took_ms, now_ms - host->moved_ms);
    return MAX(before * took_ms / room_of(hosts, host), HOLD_LEAST_MS);
}

/* All its room is taken, the waiting room too, and nothing has ended for a while. */
static bool is_silent(const struct hosts *hosts, const struct host *host, int64_t now_ms)
{
    return host->in_flight >= room_of(hosts, host) && host->parked_count >= hosts->parked_most &&
           now_ms - host->moved_ms >= SILENT_MS;
}

int64_t host_held(struct host *host, int64_t now_ms)
{
    if (host_closed(host, now_ms))
        return hold_closed(host, now_ms);
    return is_silent(host->all, host, now_ms) ? hold_busy(host->all, host, now_ms) : 0;
}

static void begin(struct host *host, int64_t now_ms)
{
    if (host->in_flight++ == 0)
        host->moved_ms = now_ms;
    host->all->strangers += !host->trusted;
}

static void end(struct host *host)
{
    host->in_flight--;
    host->all->strangers -= !host->trusted;
}

static void trust(struct host *host, bool trusted)
{
    if (trusted && !host->trusted)
        host->all->strangers -= host->in_flight;
    if (!trusted && host->trusted)
        host->all->strangers += host->in_flight;
    host->trusted = trusted;
}

/* Where many names that lead to the same silent machine would take all the room. */
static bool is_crowd(const struct hosts *hosts, const struct host *host)
{
    return !host->trusted && hosts->strangers >= hosts->strangers_most;
}

enum admission host_admit(struct hosts *hosts, struct host *host, struct parked *item, bool may_park, int64_t now_ms,
                          int64_t *ret_hold_ms)
{
    if (host_closed(host, now_ms)) {
        *ret_hold_ms = hold_closed(host, now_ms);
        return HOST_HOLD;
    }
    if (is_crowd(hosts, host)) {
        *ret_hold_ms = CROWD_HOLD_MS + RETURN_EVERY_MS * host->sent_back++;
        return HOST_HOLD;
    }
    if (host->in_flight < room_of(hosts, host) && host->parked_count == 0) {
        begin(host, now_ms);
        host->sent_back = 0;
        return HOST_GO;
    }
    if (may_park && host->parked_count < hosts->parked_most) {
        TAILQ_INSERT_TAIL(&host->parked, item, link);
        host->parked_count++;
        return HOST_PARK;
    }
    *ret_hold_ms = hold_busy(hosts, host, now_ms);
    return HOST_HOLD;
}

static void close_for(struct host *host, int64_t pause_ms, int64_t now_ms)
{
    host->closed_until_ms = MAX(host->closed_until_ms, now_ms + pause_ms);
    host->sent_back = 0;
}

void host_done(struct host *host, bool answered, int64_t throttle_ms, int64_t took_ms, int64_t now_ms)
{
    end(host);
    trust(host, answered);
    host->used_ms = host->moved_ms = now_ms;
    host->took_ms = host->took_ms ? (7 * host->took_ms + took_ms) / 8 : took_ms;
    if (throttle_ms > 0)
        close_for(host, throttle_ms, now_ms);
    if (answered) {
        host->failures = host->pauses = 0;
        return;
    }
    host->failures++;
    if (host_closed(host, now_ms) || (host->pauses == 0 && host->failures < BREAK_AFTER))
        return; /* those that were on their way when it was closed say nothing new */
    int64_t pause_ms = FIRST_PAUSE_MS << MIN(host->pauses, 10u);
    host->pauses++;
    close_for(host, MIN(pause_ms, LONGEST_PAUSE_MS), now_ms);
}

void host_undone(struct host *host)
{
    end(host);
}

static struct parked *unpark(struct host *host)
{
    struct parked *item = TAILQ_FIRST(&host->parked);
    TAILQ_REMOVE(&host->parked, item, link);
    host->parked_count--;
    return item;
}

struct parked *host_next(struct hosts *hosts, struct host *host, int64_t now_ms, int64_t *ret_hold_ms)
{
    *ret_hold_ms = -1;
    if (host->parked_count == 0)
        return NULL;
    if (host_closed(host, now_ms)) {
        *ret_hold_ms = hold_closed(host, now_ms);
        return unpark(host);
    }
    if (host->in_flight >= room_of(hosts, host))
        return NULL;
    begin(host, now_ms);
    if (host->parked_count == 1)
        host->sent_back = 0;
    return unpark(host);
}

struct parked *hosts_unpark(struct hosts *hosts)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct host *host;
        LIST_FOREACH(host, &hosts->buckets[i], chain)
        if (host->parked_count > 0)
            return unpark(host);
    }
    return NULL;
}

void hosts_tidy(struct hosts *hosts, int64_t now_ms)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct host *host = LIST_FIRST(&hosts->buckets[i]);
        while (host) {
            struct host *following = LIST_NEXT(host, chain);
            if (host->in_flight == 0 && host->parked_count == 0 && !host_closed(host, now_ms) &&
                now_ms - host->used_ms > IDLE_MS) {
                LIST_REMOVE(host, chain);
                free_host(host);
            }
            host = following;
        }
    }
}
