/* SPDX-License-Identifier: Apache-2.0 */
/* test_values.c: durations, sizes, limits and booleans, from text and back; misspelt words. */
#include <errno.h>

#include "cli/nearest.h"
#include "cli/value.h"
#include "fixture.h"

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},       {"250ms", 250}, {"3s", 3000},      {"1.5s", 1500},
                {"0.25s", 250}, {"5m", 300000}, {"24h", 86400000}, {"7d", 604800000}};
    static const char *const bad[] = {
        "",    "5", "s", "-3s", "3 s", "3x", "1..5s", ".5s", "1.s", "99999999999999999999s", "9223372036854775807h",
        "3s3s"};
    (void)state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t ms = -1;
        assert_int_equal(value_duration(good[i].text, &ms, NULL), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error err = ERROR_INIT;
        int64_t ms = -1;
        assert_int_equal(value_duration(bad[i], &ms, &err), -EINVAL);
        assert_int_equal(ms, -1);
        assert_non_null(strstr(err.message, "duration"));
    }
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"0", 0},
                {"512", 512},
                {"512B", 512},
                {"16K", 16384},
                {"64MiB", 67108864},
                {"64mib", 67108864},
                {"1GB", 1000000000},
                {"1.5KiB", 1536}};
    (void)state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t bytes = -1;
        assert_int_equal(value_size(good[i].text, &bytes, NULL), 0);
        assert_int_equal(bytes, good[i].bytes);
    }
    int64_t bytes = -1;
    assert_int_equal(value_size("1TiBs", &bytes, NULL), -EINVAL);
    assert_int_equal(value_size("-1", &bytes, NULL), -EINVAL);
    assert_int_equal(bytes, -1);
}

static void limits_by_their_unit(void **state)
{
    int64_t value = 0;
    (void)state;

    assert_int_equal(value_limit("cpu_time_ms", "2s", &value, NULL), 0);
    assert_int_equal(value, 2000);
    assert_int_equal(value_limit("cpu_time_ms", "1500", &value, NULL), 0);
    assert_int_equal(value, 1500);
    assert_int_equal(value_limit("memory_kb", "256MiB", &value, NULL), 0);
    assert_int_equal(value, 262144);
    assert_int_equal(value_limit("memory_kb", "4096", &value, NULL), 0);
    assert_int_equal(value, 4096);
    assert_int_equal(value_limit("memory_kb", "1025B", &value, NULL), 0);
    assert_int_equal(value, 2);
    assert_int_equal(value_limit("processes", "64", &value, NULL), 0);
    assert_int_equal(value, 64);
    assert_int_equal(value_limit("processes", "2s", &value, NULL), -EINVAL);
    assert_int_equal(value, 64);
}

static void booleans(void **state)
{
    bool value = false;
    (void)state;

    assert_int_equal(value_bool("Yes", &value, NULL), 0);
    assert_true(value);
    assert_int_equal(value_bool("off", &value, NULL), 0);
    assert_false(value);
    assert_int_equal(value_bool("maybe", &value, NULL), -EINVAL);
    assert_int_equal(value_bool("", &value, NULL), -EINVAL);
}

static void check_print(void (*print)(int64_t, struct buf *), int64_t value, const char *expected)
{
    struct buf out = BUF_INIT;
    print(value, &out);
    assert_string_equal(buf_str(&out), expected);
    buf_release(&out);
}

static void printed_shortest(void **state)
{
    (void)state;
    check_print(value_print_duration, 90000, "90s");
    check_print(value_print_duration, 86400000, "24h");
    check_print(value_print_duration, 1500, "1500ms");
    check_print(value_print_duration, 0, "0s");
    check_print(value_print_size, 1048576, "1MiB");
    check_print(value_print_size, 1536, "1536");
    check_print(value_print_size, 0, "0");
}

static const char *nearest_of(const char *word)
{
    static const char *const known[] = {"listen", "store.lease", "store.url", "slots"};
    struct nearest nearest = {.word = word};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        nearest_offer(&nearest, known[i]);
    return nearest.best;
}

static void nearest_word(void **state)
{
    (void)state;
    assert_string_equal(nearest_of("lisen"), "listen");
    assert_string_equal(nearest_of("store.leaze"), "store.lease");
    assert_string_equal(nearest_of("lsiten"), "listen");
    assert_null(nearest_of("completely-else"));
    assert_null(nearest_of("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(limits_by_their_unit),
        cmocka_unit_test(booleans),
        cmocka_unit_test(printed_shortest),
        cmocka_unit_test(nearest_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
