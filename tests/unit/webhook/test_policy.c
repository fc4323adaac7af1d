/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy.c: which URLs are refused by their text, the list of hosts, and one spelling for each host. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "webhook/policy.h"

static void urls_are_judged(void **state)
{
    static const char *const good[] = {"http://example.com/", "https://example.com:8443/hook?a=b#c",
                                       "HTTPS://EXAMPLE.com", "http://127.0.0.1/",
                                       "http://[::1]:80/",    "http://2130706433/",
                                       "http://0x7f.1/"};
    static const char *const bad[] = {"",
                                      "example.com",
                                      "ftp://example.com/",
                                      "file:///etc/passwd",
                                      "gopher://x/",
                                      "http://user@example.com/",
                                      "http://user:password@example.com/",
                                      "http://:80/",

                                      "http://[::1/",
                                      "http://example.com:99999/",
                                      "javascript:alert(1)",
                                      "http://exa mple.com/"};
    struct webhook_policy policy = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const char *mistake = webhook_policy_mistake(&policy, good[i]);
        if (mistake)
            fail_msg("%s %s", good[i], mistake);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!webhook_policy_mistake(&policy, bad[i]))
            fail_msg("\"%s\" is taken", bad[i]);
    char host[300];
    memset(host, 'a', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    _cleanup_(freep) char *too_long = xasprintf("http://%s/", host), *fits = xasprintf("http://%.253s/", host);
    assert_non_null(webhook_policy_mistake(&policy, too_long));
    assert_null(webhook_policy_mistake(&policy, fits));
}

static void only_listed_hosts_are_taken(void **state)
{
    static const char *const hosts[] = {"hooks.example.com", "*.school.org"};
    struct webhook_policy policy = {.hosts = hosts, .host_count = ARRAY_LEN(hosts)};
    static const char *const good[] = {"http://hooks.example.com/", "https://HOOKS.example.COM:444/x",
                                       "http://a.school.org/", "http://a.b.school.org/"};
    static const char *const bad[] = {"http://example.com/",
                                      "http://school.org/",
                                      "http://xschool.org/",
                                      "http://hooks.example.com.evil.net/",
                                      "http://a.school.org.evil.net/",
                                      "http://evil.net/#.school.org",
                                      "http://evil.net\\@hooks.example.com/",
                                      "http://evil.net/?hooks.example.com",
                                      "http://.school.org/"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_null(webhook_policy_mistake(&policy, good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!webhook_policy_mistake(&policy, bad[i]))
            fail_msg("%s is taken", bad[i]);
}

static void entries_of_the_list_are_hosts(void **state)
{
    static const char *const good[] = {"hooks.example.com", "*.school.org", "localhost", "10.0.0.1", "[::1]", "*.a"};
    static const char *const bad[] = {"",
                                      "*",
                                      "*.",
                                      "http://hooks.example.com",
                                      "hooks.example.com:443",
                                      "hooks.example.com/",
                                      "a.*.org",
                                      "*school.org",
                                      "user@example.com",
                                      "two hosts",
                                      "a?b",
                                      "0x7f.1"}; /* a URL would have another */
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!webhook_host_pattern_valid(good[i]))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (webhook_host_pattern_valid(bad[i]))
            fail_msg("\"%s\" is taken", bad[i]);
}

static void a_host_has_one_key(void **state)
{
    static const struct {
        const char *url, *key;
    } cases[] = {
        {"http://Example.COM/a", "example.com"}, {"http://example.com:80/b?c", "example.com"},
        {"HTTPS://example.com", "example.com"},  {"https://example.com.:8443/", "example.com"},
        {"http://[::1]:81/", "[::1]"},           {"http://0x7f000001/", "127.0.0.1"},
        {"http://2130706433/", "127.0.0.1"},     {"http://0177.1/", "127.0.0.1"},
        {"http://127.0.0.1.:99/", "127.0.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _cleanup_(buf_release) struct buf key = BUF_INIT;
        assert_int_equal(webhook_host_key(cases[i].url, &key), 0);
        assert_string_equal(buf_str(&key), cases[i].key);
    }
    _cleanup_(buf_release) struct buf key = BUF_INIT;
    assert_int_equal(webhook_host_key("nonsense://", &key), -EINVAL);
    assert_int_equal(key.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_judged),
        cmocka_unit_test(only_listed_hosts_are_taken),
        cmocka_unit_test(entries_of_the_list_are_hosts),
        cmocka_unit_test(a_host_has_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
