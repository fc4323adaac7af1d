/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: see clock.h. */
#include "base/clock.h"

#include <stdio.h>

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct timespec clock_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

struct timespec clock_after_ms(int64_t ms)
{
    return clock_timespec(clock_monotonic_ns() + ms * NS_PER_MS);
}

int64_t clock_realtime_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / NS_PER_MS;
}

char *clock_rfc3339(int64_t realtime_ms, char out[RFC3339_SIZE])
{
    time_t seconds = realtime_ms / 1000;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char day[24];
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, RFC3339_SIZE, "%s.%03dZ", day, (int)(realtime_ms % 1000));
    return out;
}
