/* SPDX-License-Identifier: Apache-2.0 */
/* test_keys.c: the file of keys, what it allows, rates, and reading it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/keys.h"
#include "base/fd.h"

/* printf alpha | sha256sum, and beta */
#define ALPHA "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"
#define BETA  "f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753"

#define SECRETS "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static char path[64];

static int make_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/evalx-keys-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    return close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct keys *open_file(const char *text)
{
    struct keys *keys = NULL;
    struct error err = ERROR_INIT;
    write_file(text);
    if (keys_open(path, &keys, &err) < 0)
        fail_msg("%s", err.message);
    return keys;
}

static void expect_refusal(const char *text, int line, const char *what)
{
    struct keys *keys = NULL;
    struct error err = ERROR_INIT;
    char where[96];
    write_file(text);
    assert_true(keys_open(path, &keys, &err) < 0);
    snprintf(where, sizeof where, "%s:%d: ", path, line);
    if (!strstr(err.message, where) || !strstr(err.message, what))
        fail_msg("\"%s\" has neither %s nor %s", err.message, where, what);
}

static void a_line_says_all(void **state)
{
    (void)state;
    _cleanup_(keys_freep) struct keys *keys =
        open_file("# keys\n\n" ALPHA
                  " school rate=600/m burst=3 share=5 max_waiting=100 priority=-10..2 webhook_secret=" SECRETS "\r\n"
                  "  " BETA "\tcontest_1.a-b\n");
    struct key_grant grant;
    assert_int_equal(keys_count(keys), 2);
    assert_true(keys_check(keys, STR("alpha"), &grant));
    assert_string_equal(grant.name, "school");
    assert_int_equal(grant.share, 5);
    assert_int_equal(grant.max_waiting, 100);
    assert_int_equal(grant.priority_least, -10);
    assert_int_equal(grant.priority_most, 2);
    assert_true(grant.rate == 10 && grant.burst == 3);
    _cleanup_(freep) char *secret = keys_webhook_secret(keys, "school"),
                          *none = keys_webhook_secret(keys, "contest_1.a-b");
    assert_string_equal(secret, SECRETS);
    assert_null(none);
    assert_true(keys_check(keys, STR("beta"), &grant));
    assert_string_equal(grant.name, "contest_1.a-b");
    assert_int_equal(grant.share, 1);
    assert_int_equal(grant.max_waiting, 0);
    assert_int_equal(grant.priority_least, -10);
    assert_int_equal(grant.priority_most, 10);
    assert_true(grant.rate == 0);
}

static void other_keys_are_not_known(void **state)
{
    (void)state;
    _cleanup_(keys_freep) struct keys *keys = open_file(ALPHA " a\n" BETA " b\n");
    static const char *const wrong[] = {"", "alph", "alphaa", "Alpha", "alpha ", ALPHA, "gamma"};
    struct key_grant grant;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(keys_check(keys, str_of(wrong[i]), &grant));
    _cleanup_(keys_freep) struct keys *empty = open_file("# nobody\n");
    assert_false(keys_check(empty, STR("alpha"), &grant));
}

static void mistakes_name_file_and_line(void **state)
{
    (void)state;
    expect_refusal("# x\nalpha school\n", 2, "SHA-256");
    expect_refusal(ALPHA "0 school\n", 1, "SHA-256");
    expect_refusal(ALPHA "\n", 1, "name");
    expect_refusal(ALPHA " sch/ool\n", 1, "name");
    expect_refusal(ALPHA " a\n" ALPHA " b\n", 2, "earlier");
    expect_refusal(ALPHA " a speed=3\n", 1, "unknown option \"speed\"");
    expect_refusal(ALPHA " a fast\n", 1, "unknown option");
    static const char *const values[] = {"rate=0",
                                         "rate=-1",
                                         "rate=x",
                                         "rate=1/d",
                                         "rate=nan",
                                         "rate=inf",
                                         "burst=0",
                                         "share=0",
                                         "share=1001",
                                         "max_waiting=0",
                                         "priority=3",
                                         "priority=5..1",
                                         "priority=-11..0",
                                         "share=",
                                         "burst=1.5",
                                         "webhook_secret=",
                                         "webhook_secret=whsec_",
                                         "webhook_secret=whsec_c2hvcnQ=",
                                         "webhook_secret=whsec_no base64",
                                         "webhook_secret=MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                         ("webhook_secret=" SECRETS ","),
                                         ("webhook_secret=" SECRETS "," SECRETS)};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char line[320], what[32];
        snprintf(line, sizeof line, "%s a %s\n", ALPHA, values[i]);
        snprintf(what, sizeof what, "%.*s must be", (int)strcspn(values[i], "="), values[i]);
        expect_refusal(line, 1, what);
    }
    struct keys *keys = NULL;
    struct error err = ERROR_INIT;
    assert_true(keys_open("/nonexistent/keys", &keys, &err) < 0);
    assert_non_null(strstr(err.message, "/nonexistent/keys"));
}

static void a_rate_is_a_bucket(void **state)
{
    (void)state;
    _cleanup_(keys_freep) struct keys *keys = open_file(ALPHA " a rate=2/s burst=3\n" BETA " b\n");
    struct key_grant a, b;
    assert_true(keys_check(keys, STR("alpha"), &a) && keys_check(keys, STR("beta"), &b));
    for (int i = 0; i < 3; i++)
        assert_int_equal(keys_spend(keys, &a, 1000), 0);
    assert_int_equal(keys_spend(keys, &a, 1000), 500);
    assert_int_equal(keys_spend(keys, &a, 1250), 250);
    assert_int_equal(keys_spend(keys, &a, 1500), 0);
    assert_true(keys_spend(keys, &a, 1500) > 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(keys_spend(keys, &a, 60000), 0); /* a pause saves up no more than the burst */
    assert_true(keys_spend(keys, &a, 60000) > 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(keys_spend(keys, &b, 1000), 0);
}

static void reading_again_changes_keys_but_not_what_was_spent(void **state)
{
    (void)state;
    _cleanup_(keys_freep) struct keys *keys = open_file(ALPHA " a rate=1/h\n");
    struct key_grant grant;
    struct error err = ERROR_INIT;
    assert_true(keys_check(keys, STR("alpha"), &grant));
    assert_int_equal(keys_spend(keys, &grant, 1000), 0);

    write_file("nonsense\n");
    assert_true(keys_reload(keys, &err) < 0);
    assert_true(keys_check(keys, STR("alpha"), &grant)); /* as before */

    write_file(BETA " a rate=1/h\n"); /* the owner's key is replaced */
    assert_int_equal(keys_reload(keys, &err), 0);
    assert_false(keys_check(keys, STR("alpha"), &grant));
    assert_true(keys_check(keys, STR("beta"), &grant));
    assert_true(keys_spend(keys, &grant, 2000) > 3500000);
}

static void a_new_key_is_found_by_its_line(void **state)
{
    (void)state;
    char key[KEY_TEXT_LEN + 1], other[KEY_TEXT_LEN + 1];
    key_new(key);
    key_new(other);
    assert_int_equal(strlen(key), KEY_TEXT_LEN);
    assert_string_not_equal(key, other);
    _cleanup_(freep) char *line = key_line(key, "school");
    _cleanup_(keys_freep) struct keys *keys = open_file(line); /* without a newline at its end */
    struct key_grant grant;
    assert_true(keys_check(keys, str_of(key), &grant));
    assert_string_equal(grant.name, "school");
    assert_false(keys_check(keys, str_of(other), &grant));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_all),
        TEST(other_keys_are_not_known),
        TEST(mistakes_name_file_and_line),
        TEST(a_rate_is_a_bucket),
        TEST(reading_again_changes_keys_but_not_what_was_spent),
        TEST(a_new_key_is_found_by_its_line),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
