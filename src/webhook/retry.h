/* SPDX-License-Identifier: Apache-2.0 */
/* retry.h: what follows from a try: delivered, once more and when, or dead. Pure: the same answer gives the same decision. */
#ifndef EVALX_WEBHOOK_RETRY_H
#define EVALX_WEBHOOK_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/outbox.h"

enum { RETRIES_MAX = 32 };

struct retry_schedule {
    int64_t delays_ms[RETRIES_MAX]; /* after the first try, the second, …; then it is given up */
    size_t count;
};

/* What came of a try. */
struct answer {
    int http_status;        /* 0: none */
    int64_t retry_after_ms; /* -1: not said */
    bool refused;           /* not tried: the address is not one that a webhook may go to */
    const char *error;      /* for people; NULL: an answer came */
};

struct decision {
    enum store_outcome outcome;
    int64_t delay_ms;    /* RETRY: until the next try */
    int64_t throttle_ms; /* > 0: the whole host is to be left alone that long, at most 5 minutes */
    bool healthy;        /* the host did answer sensibly: no reason to hold it back */
};

/* attempt: 1 for the first. chance: 0 … 999, where within ±20 % the delay falls. */
struct decision retry_decide(const struct retry_schedule *schedule, int attempt, const struct answer *answer,
                             unsigned chance);

/* Retry-After: seconds or an HTTP date, as milliseconds from now_ms (realtime); -1 when it is neither. Never beyond a day. */
int64_t retry_after_parse(struct str text, int64_t now_ms);

#endif
