/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: time. Durations come from the monotonic clock in nanoseconds; dates are milliseconds since 1970, UTC. */
#ifndef EVALX_BASE_CLOCK_H
#define EVALX_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { RFC3339_SIZE = 32 };
#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

int64_t clock_monotonic_ns(void);
struct timespec clock_timespec(int64_t ns); /* the same time, or span, not below 0 */
struct timespec clock_after_ms(int64_t ms); /* a time of the monotonic clock, for pthread_cond_timedwait */
int64_t clock_realtime_ms(void);

/* "2026-11-23T20:05:00.123Z"; returns out. */
char *clock_rfc3339(int64_t realtime_ms, char out[RFC3339_SIZE]);

#endif
