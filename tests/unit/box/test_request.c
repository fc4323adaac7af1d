/* SPDX-License-Identifier: Apache-2.0 */
/* test_request.c: the jail refuses every request that is not exactly as wire.h says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jail/request.h"

static const char words[] = "/bin/true\0one\0A=1\0B=2";

static _Alignas(8) char message[sizeof(struct jail_request) + JAIL_STRINGS_MAX + 16];
static struct checked_request checked;

static struct jail_request *good(size_t *ret_len)
{
    struct jail_request *request = (void *)message;
    memset(message, 0, sizeof message);
    *request = (struct jail_request){
        .header = {.magic = JAIL_MAGIC, .type = JAIL_RUN, .number = 7},
        .cpu_ns = 2000000000,
        .wall_ns = 10000000000,
        .memory_bytes = 1 << 28,
        .stack_bytes = 1 << 26,
        .file_bytes = 1 << 24,
        .tmpfs_bytes = 1 << 26,
        .processes = 64,
        .argc = 2,
        .envc = 2,
        .strings_len = sizeof words,
    };
    memcpy(request->strings, words, sizeof words);
    *ret_len = sizeof *request + sizeof words;
    return request;
}

static void a_good_request_is_split(void **state)
{
    (void)state;
    size_t len;
    good(&len);
    assert_int_equal(request_check(message, len, &checked), 0);
    assert_string_equal(checked.argv[0], "/bin/true");
    assert_string_equal(checked.argv[1], "one");
    assert_null(checked.argv[2]);
    assert_string_equal(checked.envp[0], "A=1");
    assert_string_equal(checked.envp[1], "B=2");
    assert_null(checked.envp[2]);
    assert_int_equal(checked.fds_expected, 3);
}

static void no_environment_is_fine(void **state)
{
    (void)state;
    size_t len;
    struct jail_request *request = good(&len);
    request->argc = 4;
    request->envc = 0;
    assert_int_equal(request_check(message, len, &checked), 0);
    assert_null(checked.envp[0]);
    assert_null(checked.argv[4]);
}

static void descriptors_follow_the_flags(void **state)
{
    (void)state;
    size_t len;
    struct jail_request *request = good(&len);
    request->flags = JAIL_HAS_ARTIFACT | JAIL_COLLECT;
    assert_int_equal(request_check(message, len, &checked), 0);
    assert_int_equal(checked.fds_expected, 5);
    request->flags = JAIL_LINK_ARTIFACT; /* of nothing */
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    request->flags = 1U << 3;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    request->flags = JAIL_COLLECT;
    request->extra = JAIL_EXTRA_MAX;
    request->cpu_plus = JAIL_CPUS_MAX;
    assert_int_equal(request_check(message, len, &checked), 0);
    assert_int_equal(checked.fds_expected, 7);
    request->extra++;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    request->extra = 0;
    request->cpu_plus++;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
}

static void names_come_last_and_only_to_collect(void **state)
{
    (void)state;
    size_t len;
    struct jail_request *request = good(&len);
    request->envc = 1;
    request->namec = 1;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    request->flags = JAIL_COLLECT;
    assert_int_equal(request_check(message, len, &checked), 0);
    assert_string_equal(checked.envp[0], "A=1");
    assert_null(checked.envp[1]);
    assert_string_equal(checked.names[0], "B=2");
    assert_null(checked.names[1]);
    request->namec = UINT32_MAX;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
}

static void every_length_but_the_right_one_is_refused(void **state)
{
    (void)state;
    size_t len;
    good(&len);
    for (size_t n = 0; n < len + 8; n++)
        assert_int_equal(request_check(message, n, &checked), n == len ? 0 : -EPROTO);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    static const size_t fields[] = {
        offsetof(struct jail_request, cpu_ns),       offsetof(struct jail_request, wall_ns),
        offsetof(struct jail_request, memory_bytes), offsetof(struct jail_request, stack_bytes),
        offsetof(struct jail_request, file_bytes),   offsetof(struct jail_request, tmpfs_bytes)};
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX};
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
        for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
            size_t len;
            good(&len);
            memcpy(message + fields[f], &bad[b], sizeof bad[b]);
            assert_int_equal(request_check(message, len, &checked), -EPROTO);
        }
    static const struct {
        uint32_t argc, envc, strings_len, processes;
    } counts[] = {{0, 2, 0, 0},
                  {5, 0, 0, 0},
                  {2, 1, 0, 0},
                  {2, 3, 0, 0},
                  {UINT32_MAX, 2, 0, 0},
                  {2, UINT32_MAX, 0, 0},
                  {UINT32_MAX, 5, 0, 0},
                  {2, 2, 1, 0},
                  {2, 2, UINT32_MAX, 0},
                  {2, 2, 0, UINT32_MAX},
                  {JAIL_WORDS_MAX, JAIL_WORDS_MAX, 0, 0}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t len;
        struct jail_request *request = good(&len);
        request->argc = counts[i].argc;
        request->envc = counts[i].envc;
        request->strings_len = counts[i].strings_len ? counts[i].strings_len : request->strings_len;
        request->processes = counts[i].processes ? counts[i].processes : request->processes;
        assert_int_equal(request_check(message, len, &checked), -EPROTO);
    }
}

static void headers_are_checked(void **state)
{
    (void)state;
    size_t len;
    good(&len)->header.magic++;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    good(&len)->header.type = JAIL_REPORT;
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    good(&len)->strings[0] = '\0'; /* an empty program name: and one word too many */
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
    good(&len)->strings[sizeof words - 1] = 'x'; /* the last word does not end */
    assert_int_equal(request_check(message, len, &checked), -EPROTO);
}

/* Random bytes and random changes of a good one: never a crash (the sanitizers watch), never words outside the message. */
static void noise_is_survived(void **state)
{
    (void)state;
    srand(20261123);
    for (int i = 0; i < 200000; i++) {
        size_t len;
        good(&len);
        for (int change = rand() % 4; change >= 0; change--)
            message[(size_t)rand() % len] = (char)rand();
        if (request_check(message, len, &checked) == 0)
            for (uint32_t w = 0; w < checked.wire->argc; w++)
                assert_true(checked.argv[w] >= message && checked.argv[w] < message + len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_is_split),
        cmocka_unit_test(no_environment_is_fine),
        cmocka_unit_test(descriptors_follow_the_flags),
        cmocka_unit_test(names_come_last_and_only_to_collect),
        cmocka_unit_test(every_length_but_the_right_one_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
