/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard.c: first, last and neighbouring addresses of every range that webhooks may not go to, and every form that hides one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/defs.h"
#include "webhook/guard.h"

static const char *ask(const struct guard *guard, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return guard_refusal(guard, (struct sockaddr *)&v4, sizeof(v4));
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        fail_msg("%s is no address", text);
    return guard_refusal(guard, (struct sockaddr *)&v6, sizeof(v6));
}

static void refused(const struct guard *guard, const char *text)
{
    if (!ask(guard, text))
        fail_msg("%s would be dialled", text);
}

static void allowed(const struct guard *guard, const char *text)
{
    const char *why = ask(guard, text);
    if (why)
        fail_msg("%s is refused as %s", text, why);
}

static const struct guard closed = {0};

static void v4_ranges_are_closed_to_their_edges(void **state)
{
    static const struct {
        const char *before, *first, *last, *after; /* NULL: its neighbour is refused too, or there is none */
    } ranges[] = {
        {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
        {NULL, "240.0.0.0", "255.255.255.255", NULL},
        {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        refused(&closed, ranges[i].first);
        refused(&closed, ranges[i].last);
        if (ranges[i].before)
            allowed(&closed, ranges[i].before);
        if (ranges[i].after)
            allowed(&closed, ranges[i].after);
    }
    refused(&closed, "169.254.169.254"); /* metadata of several clouds */
    refused(&closed, "127.0.0.1");
    allowed(&closed, "8.8.8.8");
}

static void v6_ranges_are_closed_to_their_edges(void **state)
{
    static const char *const no[] = {
        "::",
        "::1",
        "::2",
        "100::",
        "100::ffff:ffff:ffff:ffff",
        "2001::",
        "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "5f00::1",
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fe80::",
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fec0::",
        "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ff00::",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fd00:ec2::254",
        "64:ff9b:1::1",
        "4000::1",
        "1::1",
        "0:1::1",
        "8000::",
    };
    static const char *const yes[] = {"2001:200::1", "2001:db7:ffff::1",         "2001:db9::1", "2606:4700:4700::1111",
                                      "2003::1",     "2a00:1450:4001:81b::200e", "3ffe::1",     "3fff:1000::1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        refused(&closed, no[i]);
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        allowed(&closed, yes[i]);
}

/* A v4 address inside a v6 one. */
static void what_carries_a_v4_address_is_closed(void **state)
{
    static const char *const no[] = {
        "::ffff:127.0.0.1",       "::ffff:7f00:1",    "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "::ffff:0.0.0.0",   "::ffff:0:127.0.0.1",
        "::ffff:0:192.168.1.1",   "::127.0.0.1",      "::10.1.2.3",
        "64:ff9b::127.0.0.1",     "64:ff9b::7f00:1",  "64:ff9b::10.0.0.1",
        "2002:7f00:1::",          "2002:7f00:1::1",   "2002:a00:1::1",
        "2002:a9fe:a9fe::",       "2002:c0a8:101::1", "2001:0:1:2:3:4:f5ff:fffe",
        "64:ff9b::8.8.8.8",       "2002:808:808::1",  "::8.8.8.8",
        "::ffff:0:8.8.8.8",
    };
    static const char *const yes[] = {"::ffff:8.8.8.8", "::ffff:808:808"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        refused(&closed, no[i]);
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        allowed(&closed, yes[i]);
}

/* In a network with NAT64 all of IPv4 is behind its prefix, the inside too. */
static void a_carrier_that_is_allowed_opens_only_what_is_public(void **state)
{
    (void)state;
    _cleanup_(guard_release) struct guard guard = {0};
    assert_int_equal(guard_allow(&guard, "64:ff9b::/96", NULL), 0);
    assert_int_equal(guard_allow(&guard, "2002::/16", NULL), 0);
    assert_int_equal(guard_allow(&guard, "10.1.0.0/16", NULL), 0);
    allowed(&guard, "64:ff9b::8.8.8.8");
    allowed(&guard, "2002:808:808::1");
    allowed(&guard, "64:ff9b::10.1.2.3");
    refused(&guard, "64:ff9b::127.0.0.1");
    refused(&guard, "64:ff9b::169.254.169.254");
    refused(&guard, "2002:a02:203::1");
    refused(&guard, "::8.8.8.8");
}

static void what_is_allowed_is_open_and_nothing_else(void **state)
{
    (void)state;
    _cleanup_(guard_release) struct guard guard = {0};
    assert_int_equal(guard_allow(&guard, "10.1.0.0/16", NULL), 0);
    assert_int_equal(guard_allow(&guard, "127.0.0.1", NULL), 0);
    assert_int_equal(guard_allow(&guard, "fd00:1::/32", NULL), 0);
    allowed(&guard, "10.1.0.0");
    allowed(&guard, "10.1.255.255");
    allowed(&guard, "::ffff:10.1.2.3");
    refused(&guard, "2002:a01:203::1"); /* its own range is not */
    allowed(&guard, "127.0.0.1");
    allowed(&guard, "fd00:1:ffff::1");
    refused(&guard, "10.0.255.255");
    refused(&guard, "10.2.0.0");
    refused(&guard, "127.0.0.2");
    refused(&guard, "::1");
    refused(&guard, "fd00:2::1");
    allowed(&guard, "8.8.8.8");
}

static void bad_ranges_are_refused(void **state)
{
    static const char *const bad[] = {"",           "10",         "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/8x",
                                      "10.0.0.1/8", "fd00::/129", "localhost",   "10.0.0.0/-1", "10.0.0/8",
                                      "fd00::1/64", "/8",         "0x7f.1",      "127.0.0.1/ 8"};
    (void)state;
    _cleanup_(guard_release) struct guard guard = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = ERROR_INIT;
        if (guard_allow(&guard, bad[i], &err) != -EINVAL)
            fail_msg("\"%s\" was taken for a range", bad[i]);
        assert_non_null(strstr(err.message, bad[i]));
    }
    assert_int_equal(guard.count, 0);
}

static void other_families_are_refused(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in cut = {.sin_family = AF_INET};
    assert_non_null(guard_refusal(&closed, (struct sockaddr *)&local, sizeof(local)));
    assert_non_null(guard_refusal(&closed, (struct sockaddr *)&cut, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_ranges_are_closed_to_their_edges),
        cmocka_unit_test(v6_ranges_are_closed_to_their_edges),
        cmocka_unit_test(what_carries_a_v4_address_is_closed),
        cmocka_unit_test(a_carrier_that_is_allowed_opens_only_what_is_public),
        cmocka_unit_test(what_is_allowed_is_open_and_nothing_else),
        cmocka_unit_test(bad_ranges_are_refused),
        cmocka_unit_test(other_families_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
