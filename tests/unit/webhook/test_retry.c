/* SPDX-License-Identifier: Apache-2.0 */
/* test_retry.c: what follows from every kind of answer; Retry-After in all its forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/defs.h"
#include "webhook/retry.h"

static const struct retry_schedule schedule = {.delays_ms = {5000, 30000, 120000}, .count = 3};

static struct decision decide(int attempt, int status, unsigned chance)
{
    struct answer answer = {.http_status = status, .retry_after_ms = -1};
    return retry_decide(&schedule, attempt, &answer, chance);
}

static void any_success_delivers(void **state)
{
    (void)state;
    for (int status = 200; status <= 299; status++) {
        struct decision decision = decide(1, status, 0);
        assert_int_equal(decision.outcome, STORE_OUTCOME_DELIVERED);
        assert_true(decision.healthy);
    }
}

static void anything_else_is_tried_again_until_the_schedule_ends(void **state)
{
    static const int statuses[] = {0,   100, 199, 300, 301, 302, 304, 307, 308,
                                   400, 401, 404, 429, 500, 502, 503, 504, 599};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        for (int attempt = 1; attempt <= 3; attempt++) {
            struct decision decision = decide(attempt, statuses[i], 500);
            assert_int_equal(decision.outcome, STORE_OUTCOME_RETRY);
            assert_int_equal(decision.delay_ms, schedule.delays_ms[attempt - 1]);
        }
        assert_int_equal(decide(4, statuses[i], 500).outcome, STORE_OUTCOME_DEAD);
        assert_int_equal(decide(99, statuses[i], 500).outcome, STORE_OUTCOME_DEAD);
    }
    struct retry_schedule none = {0};
    assert_int_equal(retry_decide(&none, 1, &(struct answer){.retry_after_ms = -1}, 0).outcome, STORE_OUTCOME_DEAD);
}

static void delays_are_spread_by_a_fifth(void **state)
{
    (void)state;
    int64_t least = INT64_MAX, most = 0;
    for (unsigned chance = 0; chance < 1000; chance++) {
        int64_t delay_ms = decide(2, 500, chance).delay_ms;
        least = MIN(least, delay_ms);
        most = MAX(most, delay_ms);
    }
    assert_int_equal(least, 24000);
    assert_in_range(most, 35900, 36000);
}

static void gone_and_refused_end_at_once(void **state)
{
    (void)state;
    assert_int_equal(decide(1, 410, 0).outcome, STORE_OUTCOME_DEAD);
    assert_true(decide(1, 410, 0).healthy);
    struct answer refused = {.retry_after_ms = -1, .refused = true, .error = "no"};
    assert_int_equal(retry_decide(&schedule, 1, &refused, 0).outcome, STORE_OUTCOME_DEAD);
}

static void who_is_overloaded_is_left_alone(void **state)
{
    (void)state;
    static const int throttling[] = {429, 502, 504};
    for (size_t i = 0; i < ARRAY_LEN(throttling); i++) {
        assert_true(decide(1, throttling[i], 0).throttle_ms > 0);
        assert_false(decide(1, throttling[i], 0).healthy);
    }
    assert_int_equal(decide(1, 503, 0).throttle_ms, 0);
    assert_int_equal(decide(1, 404, 0).throttle_ms, 0);
    assert_true(decide(1, 404, 0).healthy);
    struct answer later = {.http_status = 503, .retry_after_ms = 60000};
    struct decision decision = retry_decide(&schedule, 1, &later, 500);
    assert_int_equal(decision.delay_ms, 60000); /* later than planned */
    assert_int_equal(decision.throttle_ms, 60000);
    later = (struct answer){.http_status = 429, .retry_after_ms = 2000};
    assert_int_equal(retry_decide(&schedule, 1, &later, 500).throttle_ms, 2000); /* as long as it says */
    later.retry_after_ms = 86400000;
    decision = retry_decide(&schedule, 1, &later, 500);
    assert_int_equal(decision.delay_ms, 86400000);  /* this one waits for a day; */
    assert_int_equal(decision.throttle_ms, 300000); /* what else goes to the host does not */
    later.retry_after_ms = 1000;
    assert_int_equal(retry_decide(&schedule, 1, &later, 500).delay_ms, 5000); /* never earlier */
}

static void retry_after_is_read(void **state)
{
    enum { NOW_MS = 784111777 }; /* in seconds: Sun, 06 Nov 1994 08:49:37 GMT */
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0", 0},
        {"1", 1000},
        {" 120 \r\n", 120000},
        {"86400", 86400000},
        {"86401", 86400000},
        {"99999999999999999999999999", 86400000},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60000},
        {"Sun, 06 Nov 1994 08:48:37 GMT", 0},
        {"Sunday, 06-Nov-94 08:50:37 GMT", 60000},
        {"Monday, 07-Nov-44 08:49:37 GMT", 86400000}, /* 2044 is not more than 50 years ahead; */
        {"Monday, 07-Nov-45 08:49:37 GMT", -1},       /* 2045 is, so it is 1945: before all time here */
        {"Sun Nov  6 08:50:37 1994", 60000},
        {"Sun Nov 06 08:48:37 1994", 0},
        {"Sun Nov  6 08:50:37 1994 GMT", -1},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 86400000},
        {"", -1},
        {"-1", -1},
        {"1.5", -1},
        {"+1", -1},
        {"soon", -1},
        {"1 2", -1},
        {"Sun, 06 Nov 1994", -1},
        {"Sun, 06 Nov 1994 08:50:37 GMT and more", -1},
        {"Sunday, 06-Nov-94 08:49:37 GMT and much, much more than any date", -1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t ms = retry_after_parse(str_of(cases[i].text), INT64_C(1000) * NOW_MS);
        if (ms != cases[i].ms)
            fail_msg("\"%s\" is read as %lld ms", cases[i].text, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_success_delivers),
        cmocka_unit_test(anything_else_is_tried_again_until_the_schedule_ends),
        cmocka_unit_test(delays_are_spread_by_a_fifth),
        cmocka_unit_test(gone_and_refused_end_at_once),
        cmocka_unit_test(who_is_overloaded_is_left_alone),
        cmocka_unit_test(retry_after_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
