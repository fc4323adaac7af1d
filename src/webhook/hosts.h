/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts.h: one receiver must not crowd out the others: how many deliveries a host gets at one time, and when it gets none. No I/O;
 * times are the caller's, in milliseconds of one clock.
 *
 * A host that fails BREAK_AFTER times in a row is closed for 10 s, then gets one delivery as a trial; a failed trial closes it for twice as
 * long, up to 5 minutes; a trial that is answered opens it. A host can also ask for a pause (429, Retry-After): then it is closed
 * without being counted as broken.
 *
 * Names cost nothing: whoever has a wildcard domain has any number of hosts. So those that have not answered the last time are strangers,
 * and deliveries to all of them together have a limit as well: the rest of the room is for hosts that do answer.
 */
#ifndef EVALX_WEBHOOK_HOSTS_H
#define EVALX_WEBHOOK_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum { BREAK_AFTER = 10 };

struct parked {
    TAILQ_ENTRY(parked) link;
};
TAILQ_HEAD(parked_list, parked);

struct host;
struct hosts;

/*
 * per_host: deliveries to one host at a time; parked_most: how many more wait here rather than in the store; strangers_most: deliveries to
 * all strangers at a time.
 */
struct hosts *hosts_new(unsigned per_host, unsigned parked_most, unsigned strangers_most);
void hosts_free(struct hosts *hosts); /* nothing may be parked or on its way */

struct host *hosts_get(struct hosts *hosts, const char *key, int64_t now_ms); /* never NULL */

enum admission {
    HOST_GO,   /* counted as on its way: end it with host_done */
    HOST_PARK, /* has been put into the host's list */
    HOST_HOLD, /* not now: back to the store for *ret_hold_ms */
};
/* may_park: there is room for it to wait here. */
enum admission host_admit(struct hosts *hosts, struct host *host, struct parked *item, bool may_park, int64_t now_ms,
                          int64_t *ret_hold_ms);

/* One that was on its way has ended. answered: the host is well; throttle_ms > 0: it wants to be left alone. */
void host_done(struct host *host, bool answered, int64_t throttle_ms, int64_t took_ms, int64_t now_ms);

/* One that was on its way was not tried after all. */
void host_undone(struct host *host);

/* What is parked and may go (counted as on its way), or must be held: then *ret_hold_ms is >= 0, else -1. NULL: nothing to do now. */
struct parked *host_next(struct hosts *hosts, struct host *host, int64_t now_ms, int64_t *ret_hold_ms);

/* Any parked item of any host, taken off its list; NULL when there is none. For the end. */
struct parked *hosts_unpark(struct hosts *hosts);

/* For how long to send one back before any work is put into it; 0: it may have room. */
int64_t host_held(struct host *host, int64_t now_ms);

bool host_closed(const struct host *host, int64_t now_ms);
const char *host_key(const struct host *host);

/* Forgets hosts that have been idle and well for ten minutes, with nothing parked or on its way: pointers to them end here. */
void hosts_tidy(struct hosts *hosts, int64_t now_ms);

#endif
