/* SPDX-License-Identifier: Apache-2.0 */
/* retry.c: see retry.h. */
#include "webhook/retry.h"

#include <string.h>
#include <time.h>

enum { JITTER_STEPS = 1000, JITTER_PERCENT = 20 };
#define THROTTLE_MS      INT64_C(5000)
#define THROTTLE_MOST    INT64_C(300000) /* others use this host too; hosts.h holds nobody longer either */
#define RETRY_AFTER_MOST (INT64_C(24) * 3600 * 1000)

static bool throttles(int status)
{
    return status == 429 || status == 502 || status == 504;
}

static int64_t jittered(int64_t delay_ms, unsigned chance)
{
    int64_t per_mille =
        1000 - 10 * JITTER_PERCENT + (int64_t)(chance % JITTER_STEPS) * 20 * JITTER_PERCENT / JITTER_STEPS;
    return MAX(delay_ms * per_mille / 1000, 1);
}

struct decision retry_decide(const struct retry_schedule *schedule, int attempt, const struct answer *answer,
                             unsigned chance)
{
    int status = answer->http_status;
    if (status >= 200 && status <= 299)
        return (struct decision){.outcome = STORE_OUTCOME_DELIVERED, .healthy = true};
    struct decision decision = {.outcome = STORE_OUTCOME_DEAD,
                                .healthy = status >= 400 && status < 500 && status != 429};
    if (throttles(status) || (status == 503 && answer->retry_after_ms >= 0))
        decision.throttle_ms =
            answer->retry_after_ms >= 0 ? MIN(MAX(answer->retry_after_ms, 1), THROTTLE_MOST) : THROTTLE_MS;
    if (status == 410 || answer->refused || attempt < 1 || (size_t)attempt > schedule->count)
        return decision;
    decision.outcome = STORE_OUTCOME_RETRY;
    decision.delay_ms = MAX(jittered(schedule->delays_ms[attempt - 1], chance), answer->retry_after_ms);
    return decision;
}

static int64_t parse_seconds(struct str text)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        seconds = MIN(seconds * 10 + (text.data[i] - '0'), RETRY_AFTER_MOST / 1000);
    }
    return text.len > 0 ? seconds * 1000 : -1;
}

/* A year of two digits is never more than 50 years ahead (RFC 9110, 5.6.7). In struct tm's counting. */
static int full_year(int year, int64_t now_ms)
{
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm now;
    int latest = gmtime_r(&now_s, &now) ? now.tm_year + 50 : 150;
    return latest - (latest - year % 100) % 100;
}

/* The three forms of an HTTP date; -1 when text is none of them. */
static int64_t parse_date(struct str text, int64_t now_ms)
{
    static const struct {
        const char *form;
        bool short_year;
    } forms[] = {
        {"%a, %d %b %Y %H:%M:%S GMT", false}, /* Sun, 06 Nov 1994 08:49:37 GMT */
        {"%A, %d-%b-%y %H:%M:%S GMT", true},  /* Sunday, 06-Nov-94 08:49:37 GMT */
        {"%a %b %d %H:%M:%S %Y", false},      /* Sun Nov  6 08:49:37 1994 */
    };
    char copy[40];
    if (text.len >= sizeof(copy) || memchr(text.data, '\0', text.len))
        return -1;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct tm when = {0};
        const char *end = strptime(copy, forms[i].form, &when);
        if (!end || *end)
            continue;
        if (forms[i].short_year)
            when.tm_year = full_year(when.tm_year, now_ms);
        time_t seconds = when.tm_year < 70 ? -1 : timegm(&when);
        return seconds >= 0 ? (int64_t)seconds * 1000 : -1;
    }
    return -1;
}

int64_t retry_after_parse(struct str text, int64_t now_ms)
{
    while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]))
        text.len--;
    while (text.len > 0 && strchr(" \t", text.data[0]))
        text = (struct str){text.data + 1, text.len - 1};
    int64_t delay_ms = parse_seconds(text);
    if (delay_ms >= 0 || text.len == 0)
        return delay_ms;
    int64_t date_ms = parse_date(text, now_ms);
    return date_ms < 0 ? -1 : MIN(MAX(date_ms - now_ms, 0), RETRY_AFTER_MOST);
}
