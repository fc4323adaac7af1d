/* SPDX-License-Identifier: Apache-2.0 */
/* test_hosts.c: limits per host, the breaker's opening and closing, pauses that hosts ask for. Time is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/defs.h"
#include "webhook/hosts.h"

enum { PER_HOST = 3, PARKED_MOST = 2, STRANGERS_MOST = 9, START = 1000000 };

static enum admission admit(struct hosts *hosts, struct host *host, int64_t now_ms, int64_t *hold_ms)
{
    static struct parked items[64];
    static size_t next;
    return host_admit(hosts, host, &items[next++ % ARRAY_LEN(items)], true, now_ms, hold_ms);
}

static int set_up(void **state)
{
    *state = hosts_new(PER_HOST, PARKED_MOST, STRANGERS_MOST);
    return 0;
}

static int tear_down(void **state)
{
    hosts_free(*state);
    return 0;
}

static void a_host_gets_its_share(void **state)
{
    struct hosts *hosts = *state;
    struct host *one = hosts_get(hosts, "one", START), *two = hosts_get(hosts, "two", START);
    int64_t hold_ms = -1;
    assert_ptr_equal(one, hosts_get(hosts, "one", START));
    assert_ptr_not_equal(one, two);
    for (int i = 0; i < PER_HOST; i++)
        assert_int_equal(admit(hosts, one, START, &hold_ms), HOST_GO);
    for (int i = 0; i < PARKED_MOST; i++)
        assert_int_equal(admit(hosts, one, START, &hold_ms), HOST_PARK);
    assert_int_equal(admit(hosts, one, START, &hold_ms), HOST_HOLD);
    assert_true(hold_ms > 0);
    struct parked late;
    assert_int_equal(host_admit(hosts, two, &late, false, START, &hold_ms), HOST_GO);
    host_undone(two);
    assert_int_equal(host_admit(hosts, one, &late, false, START, &hold_ms), HOST_HOLD); /* where room is scarce */
    assert_int_equal(admit(hosts, two, START, &hold_ms), HOST_GO); /* the other one does not notice */
    assert_null(host_next(hosts, one, START, &hold_ms));
    host_done(one, true, 0, 10, START);
    struct parked *first = host_next(hosts, one, START, &hold_ms);
    assert_non_null(first);
    assert_int_equal(hold_ms, -1);
    assert_null(host_next(hosts, one, START, &hold_ms));             /* full again */
    assert_int_equal(admit(hosts, one, START, &hold_ms), HOST_PARK); /* and whoever comes queues up behind the other */
    assert_ptr_not_equal(hosts_unpark(hosts), first);
    assert_non_null(hosts_unpark(hosts));
    assert_null(hosts_unpark(hosts));
}

/* Fails so often that it is closed; returns when it opens. */
static int64_t fail_until_closed(struct hosts *hosts, struct host *host, int64_t now_ms, int failures)
{
    int64_t hold_ms = -1;
    for (int i = 0; i < failures; i++) {
        assert_false(host_closed(host, now_ms));
        assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_GO);
        host_done(host, false, 0, 10, now_ms);
    }
    assert_true(host_closed(host, now_ms));
    assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_HOLD);
    return now_ms + hold_ms;
}

static void a_broken_host_is_held_back(void **state)
{
    struct hosts *hosts = *state;
    struct host *host = hosts_get(hosts, "broken", START);
    int64_t now_ms = START, hold_ms = -1, pause_ms = 10000;
    int64_t opens_ms = fail_until_closed(hosts, host, now_ms, BREAK_AFTER);
    assert_int_equal(opens_ms, START + 10000);
    assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_HOLD);
    assert_true(now_ms + hold_ms > opens_ms); /* they do not come back all at once */
    for (int i = 0; i < 10; i++) {            /* one trial each time, and longer and longer pauses */
        now_ms = opens_ms;
        pause_ms = MIN(2 * pause_ms, 300000);
        assert_false(host_closed(host, now_ms));
        assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_GO);
        assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_PARK);
        host_done(host, false, 0, 10, now_ms);
        assert_non_null(host_next(hosts, host, now_ms, &hold_ms));
        assert_true(hold_ms >= pause_ms);
        opens_ms = now_ms + pause_ms;
        assert_true(host_closed(host, opens_ms - 1));
        assert_false(host_closed(host, opens_ms));
    }
    assert_int_equal(admit(hosts, host, opens_ms, &hold_ms), HOST_GO);
    host_done(host, true, 0, 10, opens_ms); /* well again */
    for (int i = 0; i < PER_HOST; i++)
        assert_int_equal(admit(hosts, host, opens_ms, &hold_ms), HOST_GO);
}

static void an_answer_ends_the_row_of_failures(void **state)
{
    struct hosts *hosts = *state;
    struct host *host = hosts_get(hosts, "shaky", START);
    int64_t hold_ms;
    for (int i = 0; i < 10 * BREAK_AFTER; i++) {
        assert_int_equal(admit(hosts, host, START, &hold_ms), HOST_GO);
        host_done(host, i % (BREAK_AFTER - 1) == 0, 0, 10, START);
        assert_false(host_closed(host, START));
    }
}

static void failures_of_what_was_under_way_count_once(void **state)
{
    struct hosts *hosts = *state;
    struct host *host = hosts_get(hosts, "slow", START);
    int64_t hold_ms, now_ms = START;
    for (int i = 0; i < BREAK_AFTER - 1; i++) {
        admit(hosts, host, now_ms, &hold_ms);
        host_done(host, false, 0, 10, now_ms);
    }
    for (int i = 0; i < PER_HOST; i++)
        assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_GO);
    for (int i = 0; i < PER_HOST; i++)
        host_done(host, false, 0, 10, now_ms);
    assert_true(host_closed(host, now_ms + 9999));
    assert_false(host_closed(host, now_ms + 10000));
}

static void a_pause_is_granted(void **state)
{
    struct hosts *hosts = *state;
    struct host *host = hosts_get(hosts, "busy", START);
    int64_t hold_ms;
    assert_int_equal(admit(hosts, host, START, &hold_ms), HOST_GO);
    host_done(host, true, 30000, 10, START);
    assert_int_equal(admit(hosts, host, START, &hold_ms), HOST_HOLD);
    assert_int_equal(hold_ms, 30000);
    assert_false(host_closed(host, START + 30000));
    for (int i = 0; i < PER_HOST; i++)
        assert_int_equal(admit(hosts, host, START + 30000, &hold_ms), HOST_GO);
    host_undone(host);
    assert_int_equal(admit(hosts, host, START + 30000, &hold_ms), HOST_GO);
}

/* Until the first one times out, the time that nothing has ended is all that is known of a host. */
static void what_a_silent_host_is_owed_stays_away(void **state)
{
    struct hosts *hosts = *state;
    struct host *host = hosts_get(hosts, "silent", START);
    int64_t hold_ms = -1, now_ms = START;
    for (int i = 0; i < PER_HOST + PARKED_MOST; i++)
        assert_int_not_equal(admit(hosts, host, now_ms, &hold_ms), HOST_HOLD);
    int returns = 0;
    for (; now_ms < START + 10000; now_ms += hold_ms, returns++)
        assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_HOLD);
    assert_in_range(returns, 1, 12);
    assert_true(host_held(host, now_ms) > 0);
    host_done(host, true, 0, 20, now_ms); /* it answers after all: what waits is back soon */
    assert_int_equal(admit(hosts, host, now_ms, &hold_ms), HOST_HOLD);
    assert_in_range(hold_ms, 1, 200);
    assert_int_equal(host_held(host, now_ms), 0);
    while (hosts_unpark(hosts))
        ;
}

static void many_silent_names_leave_room_for_those_that_answer(void **state)
{
    struct hosts *hosts = *state;
    struct host *good = hosts_get(hosts, "good", START), *crowd[10];
    int64_t hold_ms = -1;
    assert_int_equal(admit(hosts, good, START, &hold_ms), HOST_GO);
    assert_int_equal(admit(hosts, good, START, &hold_ms), HOST_GO);
    host_done(good, true, 0, 10, START);
    for (int i = 0; i < STRANGERS_MOST + 1; i++) {
        char name[16];
        snprintf(name, sizeof(name), "n%d.silent", i);
        crowd[i] = hosts_get(hosts, name, START);
        assert_int_equal(admit(hosts, crowd[i], START, &hold_ms), i < STRANGERS_MOST ? HOST_GO : HOST_HOLD);
    }
    assert_true(hold_ms >= 1000);
    assert_int_equal(admit(hosts, good, START, &hold_ms), HOST_GO);
    host_done(good, false, 0, 10, START); /* one failure: it queues with them until it answers again */
    assert_int_equal(admit(hosts, good, START, &hold_ms), HOST_HOLD);
    host_undone(crowd[0]);
    assert_int_equal(admit(hosts, good, START, &hold_ms), HOST_HOLD); /* its other one counts as well now */
    host_done(crowd[1], true, 0, 10, START);
    assert_int_equal(admit(hosts, good, START, &hold_ms), HOST_GO);
    host_done(good, true, 0, 10, START);
    assert_int_equal(admit(hosts, crowd[9], START, &hold_ms), HOST_GO);
}

static void idle_hosts_are_forgotten(void **state)
{
    struct hosts *hosts = *state;
    struct host *idle = hosts_get(hosts, "idle", START), *busy = hosts_get(hosts, "busy", START);
    int64_t hold_ms;
    assert_int_equal(admit(hosts, busy, START, &hold_ms), HOST_GO);
    fail_until_closed(hosts, idle, START, BREAK_AFTER);
    hosts_tidy(hosts, START + 1000); /* not yet: both are remembered */
    assert_true(host_closed(hosts_get(hosts, "idle", START), START + 1000));
    hosts_tidy(hosts, START + 3600000);
    assert_false(host_closed(hosts_get(hosts, "idle", START), START + 1000));
    assert_ptr_equal(hosts_get(hosts, "busy", START), busy);
    host_undone(busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_host_gets_its_share, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_host_is_held_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_ends_the_row_of_failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_of_what_was_under_way_count_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pause_is_granted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_silent_host_is_owed_stays_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_silent_names_leave_room_for_those_that_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(idle_hosts_are_forgotten, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
