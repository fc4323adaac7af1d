/* SPDX-License-Identifier: Apache-2.0 */
/* test_gate.c: rate, daily budget and breaker, on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "llm/internal.h"

enum { START = 1000000, DAY = 86400000 };

static void rate(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate, 3, 1000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gate_ask(&gate, START, DAY), GATE_GO);
    assert_int_equal(gate_ask(&gate, START, DAY), GATE_RATE);
    assert_int_equal(gate_ask(&gate, START + 19000, DAY), GATE_RATE);
    assert_int_equal(gate_ask(&gate, START + 21000, DAY), GATE_GO);
    assert_int_equal(gate_ask(&gate, START + 21000, DAY), GATE_RATE);
    /* what was not used is saved up for a minute, no longer */
    for (int i = 0; i < 3; i++)
        assert_int_equal(gate_ask(&gate, START + 10000000, DAY), GATE_GO);
    assert_int_equal(gate_ask(&gate, START + 10000000, DAY), GATE_RATE);
}

static void budget(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate, 1000, 2);
    assert_int_equal(gate_ask(&gate, START, 5 * (int64_t)DAY), GATE_GO);
    assert_int_equal(gate_ask(&gate, START, 5 * (int64_t)DAY), GATE_GO);
    assert_int_equal(gate_ask(&gate, START, 6 * (int64_t)DAY - 1), GATE_BUDGET);
    assert_int_equal(gate_ask(&gate, START, 6 * (int64_t)DAY), GATE_GO);
}

static void breaker(void **state)
{
    (void)state;
    struct gate gate;
    int64_t now = START;

    gate_init(&gate, 1000, 1000);
    for (int i = 0; i < GATE_FAILURES; i++) {
        assert_int_equal(gate_ask(&gate, now, DAY), GATE_GO);
        gate_report(&gate, false, 0, now);
    }
    assert_int_equal(gate_ask(&gate, now, DAY), GATE_BREAKER);
    assert_int_equal(gate_ask(&gate, now + GATE_FIRST_MS - 1, DAY), GATE_BREAKER);
    for (int64_t pause = GATE_FIRST_MS; pause < GATE_MOST_MS;
         pause *= 2) { /* one is tried, fails, and the next pause is twice as long */
        now += pause;
        assert_int_equal(gate_ask(&gate, now, DAY), GATE_GO);
        gate_report(&gate, false, 0, now);
        assert_int_equal(gate_ask(&gate, now + pause, DAY), GATE_BREAKER);
    }
    now += GATE_MOST_MS;
    assert_int_equal(gate_ask(&gate, now, DAY), GATE_GO);
    gate_report(&gate, true, 0, now);
    assert_int_equal(gate_ask(&gate, now, DAY), GATE_GO);
    gate_report(&gate, false, 0, now);
    assert_int_equal(gate_ask(&gate, now, DAY), GATE_GO); /* one failure alone closes nothing */
}

static void retry_after(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate, 1000, 1000);
    assert_int_equal(gate_ask(&gate, START, DAY), GATE_GO);
    gate_report(&gate, false, 5000, START);
    assert_int_equal(gate_ask(&gate, START + 4999, DAY), GATE_BREAKER);
    assert_int_equal(gate_ask(&gate, START + 5000, DAY), GATE_GO);
    gate_report(&gate, false, INT64_MAX / 2, START + 5000);
    assert_int_equal(gate_ask(&gate, START + 5000 + GATE_MOST_MS, DAY), GATE_GO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rate), cmocka_unit_test(budget), cmocka_unit_test(breaker),
                                       cmocka_unit_test(retry_after)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
