/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain.c: Retry-After from the measured rate, with a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/drain.h"

static void note(struct drain *d, int64_t at_ms, int64_t finished, int64_t waiting)
{
    assert_true(drain_due(d, at_ms));
    assert_false(drain_due(d, at_ms + DRAIN_EVERY_MS - 1)); /* one caller a second */
    drain_note(d, at_ms, &(struct store_depth){.finished = finished, .waiting = waiting});
}

static void nothing_measured_yet(void **state)
{
    (void)state;
    struct drain d;
    drain_init(&d);
    assert_int_equal(drain_seconds(&d, 5), 5);
    note(&d, 1000, 0, 100);
    assert_int_equal(drain_seconds(&d, 5), 5); /* one sample is no rate */
    assert_int_equal(drain_seconds(&d, 500), DRAIN_MOST_S);
    drain_release(&d);
}

static void a_tenth_of_the_queue_at_the_measured_rate(void **state)
{
    (void)state;
    struct drain d;
    drain_init(&d);
    note(&d, 1000, 50, 1000);
    note(&d, 3000, 70, 1000); /* ten a second; a hundred are a tenth */
    assert_int_equal(drain_seconds(&d, 5), 10);
    note(&d, 5000, 70, 1000); /* five a second over all */
    assert_int_equal(drain_seconds(&d, 5), 20);
    drain_release(&d);
}

static void small_and_large_are_clamped(void **state)
{
    (void)state;
    struct drain d;
    drain_init(&d);
    note(&d, 1000, 0, 1);
    note(&d, 2000, 0, 1);
    assert_int_equal(drain_seconds(&d, 7), 7); /* too soon to say that nothing moves */
    note(&d, 1000 + DRAIN_STILL_MS, 0, 1);
    assert_int_equal(drain_seconds(&d, 7), DRAIN_MOST_S);
    note(&d, 8000, 5000, 1);
    assert_int_equal(drain_seconds(&d, 5), DRAIN_LEAST_S);
    note(&d, 9000, 5001, 100000000);
    assert_int_equal(drain_seconds(&d, 5), DRAIN_MOST_S);
    drain_release(&d);
}

static void old_samples_do_not_count(void **state)
{
    (void)state;
    struct drain d;
    drain_init(&d);
    note(&d, 1000, 0, 100);
    note(&d, 2000, 1000, 100);
    for (int64_t i = 1; i < 100; i++) /* one a second from now on */
        note(&d, 2000 + i * 1000, 1000 + i, 100);
    assert_int_equal(drain_seconds(&d, 5), 10);
    drain_release(&d);
}

static void another_beginning_starts_anew(void **state)
{
    (void)state;
    struct drain d;
    drain_init(&d);
    note(&d, 1000, 9000, 100);
    note(&d, 2000, 3, 100);
    assert_int_equal(drain_seconds(&d, 5), 5);
    note(&d, 3000, 8, 100);
    assert_int_equal(drain_seconds(&d, 5), 2);
    drain_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_measured_yet),          cmocka_unit_test(a_tenth_of_the_queue_at_the_measured_rate),
        cmocka_unit_test(small_and_large_are_clamped),   cmocka_unit_test(old_samples_do_not_count),
        cmocka_unit_test(another_beginning_starts_anew),
    };
    return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
