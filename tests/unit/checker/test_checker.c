/* SPDX-License-Identifier: Apache-2.0 */
/* test_checker.c: what passes which checker, and what a person is told otherwise. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "checker/checker.h"
#include "checker/number.h"

struct sample {
    struct str expected, got;
    const char *message; /* NULL: passes */
};
#define PASS(a, b)           \
    {                        \
        STR(a), STR(b), NULL \
    }
#define DIFFER(a, b, where)   \
    {                         \
        STR(a), STR(b), where \
    }

static void check(const struct checker_spec *checker, const struct sample *sample)
{
    char *const untouched = (char *)(uintptr_t)1;
    char *message = untouched;
    bool passed = checker_compare(checker, sample->expected, sample->got, &message);
    if (!sample->message) {
        if (!passed)
            fail_msg("[%s] [%s]: %s", sample->expected.data, sample->got.data, message);
        assert_ptr_equal(message, untouched);
        return;
    }
    if (passed)
        fail_msg("passed: [%s] [%s]", sample->expected.data, sample->got.data);
    assert_string_equal(message, sample->message);
    assert_true(utf8_valid(message, strlen(message)));
    free(message);
}

static void check_all(struct checker_spec checker, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&checker, &samples[i]);
}

static void lines(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        PASS("", ""),
        PASS("", "\n"),
        PASS(" \t\r\n\n", ""),
        PASS("3\n", "3"),
        PASS("3", "3\n\n\n  \n\t"),
        PASS("a\nb\n", "a\r\nb\r\n"),
        PASS("a\nb\n", "a \t\nb\v\f"),
        PASS("\n\na", "\n \na"),
        PASS("a b", "a b "),
        PASS("a\0b", "a\0b"),
        DIFFER("1 2 3\n1 2 7\n", "1 2 3\n1 2 8\n", "line 2, column 5: expected \"7\", got \"8\""),
        DIFFER("3\n", "", "line 1, column 1: expected \"3\", got end of output"),
        DIFFER("1\n2\n3\n", "1\n2\n", "line 3, column 1: expected \"3\", got end of output"),
        DIFFER("1\n2\n", "1\n2\n3 x\n", "line 3, column 1: expected end of output, got \"3 x\""),
        DIFFER("", "x", "line 1, column 1: expected end of output, got \"x\""),
        DIFFER("\n3", "3", "line 1, column 1: expected \"\", got \"3\""),
        DIFFER("a", "a\n\nb", "line 2, column 1: expected end of output, got \"\""),
        DIFFER("a\n\nb", "a\nb", "line 2, column 1: expected \"\", got \"b\""),
        DIFFER(" a", "a", "line 1, column 1: expected \" a\", got \"a\""),
        DIFFER("a b", "a  b", "line 1, column 3: expected \"b\", got \" b\""),
        DIFFER("a\tb", "a b", "line 1, column 2: expected \"a\\tb\", got \"a b\""),
        DIFFER("a b", "a", "line 1, column 2: expected \"a b\", got \"a\""),
        DIFFER("17 x", "18 x", "line 1, column 2: expected \"17 x\", got \"18 x\""),
        DIFFER("YES", "yes", "line 1, column 1: expected \"YES\", got \"yes\""),
        DIFFER("a\0b", "a\0c", "line 1, column 3: expected \"a\\x00b\", got \"a\\x00c\""),
        DIFFER("a", "a\0", "line 1, column 2: expected \"a\", got \"a\\x00\""),
        DIFFER("a\rb", "ab", "line 1, column 2: expected \"a\\rb\", got \"ab\""),
    };
    check_all((struct checker_spec){.type = CHECKER_LINES}, samples, ARRAY_LEN(samples));
}

static void exact(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        PASS("", ""),
        PASS("a\n", "a\n"),
        PASS("\0\xff\n", "\0\xff\n"),
        DIFFER("3\n", "3", "line 1, column 2: expected \"3\\n\", got \"3\""),
        DIFFER("3", "3\n", "line 1, column 2: expected \"3\", got \"3\\n\""),
        DIFFER("3\n", "3\n\n", "line 2, column 1: expected end of output, got \"\\n\""),
        DIFFER("3\n", "", "line 1, column 1: expected \"3\", got end of output"),
        DIFFER("", "\n", "line 1, column 1: expected end of output, got \"\\n\""),
        DIFFER("a\nb\n", "a\r\nb\r\n", "line 1, column 2: expected \"a\\n\", got \"a\\r\""),
        DIFFER("a \nb", "a\nb", "line 1, column 2: expected \"a \", got \"a\\n\""),
        DIFFER("1 2\n3 4\n", "1 2\n3 5\n", "line 2, column 3: expected \"4\", got \"5\""),
        DIFFER("abc", "ab", "line 1, column 3: expected \"abc\", got \"ab\""),
    };
    check_all((struct checker_spec){.type = CHECKER_EXACT}, samples, ARRAY_LEN(samples));
}

static void tokens(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        PASS("", " \n\t"),
        PASS("1 2 3", "1\n2\n3\n"),
        PASS("  1\t2\v\f\r\n3", "1 2 3"),
        PASS("a\0b c", " a\0b\nc"),
        DIFFER("1 2 3", "1 2", "line 1, column 5: expected \"3\", got end of output"),
        DIFFER("1 2", "1 2\n 3", "line 2, column 2: expected end of output, got \"3\""),
        DIFFER("1 2 3", "1\n\n 20 3", "line 3, column 2: expected \"2\", got \"20\""),
        DIFFER("12", "1 2", "line 1, column 1: expected \"12\", got \"1\""),
        DIFFER("1.0", "1", "line 1, column 1: expected \"1.0\", got \"1\""),
        DIFFER("", "x", "line 1, column 1: expected end of output, got \"x\""),
        DIFFER("x", "", "line 1, column 1: expected \"x\", got end of output"),
        DIFFER("a", "a\0", "line 1, column 1: expected \"a\", got \"a\\x00\""),
    };
    check_all((struct checker_spec){.type = CHECKER_TOKENS}, samples, ARRAY_LEN(samples));
}

static void floats(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        PASS("1.0", "1"),
        PASS("1", "1.000001"),
        PASS("1", "0.999999"),
        PASS("1000000000", "1000000999"),
        PASS("0", "-0"),
        PASS("-0.0", "0.000001"),
        PASS("1e3", "1000"),
        PASS("1E+3", "+1000.0"),
        PASS(".5", "0.5"),
        PASS("5.", "5"),
        PASS("nan", "NaN"),
        PASS("nan", "-nan"),
        PASS("inf", "Infinity"),
        PASS("-inf", "-INF"),
        PASS("+inf", "inf"),
        PASS("1e-400", "0"),
        PASS("1e400", "1e400"),
        PASS("1e308", "100000e303"),
        PASS("0x10", "0x10"),
        PASS("x = 1.0", "x = 1.0000001\n"),
        PASS("1e99999", "1e99999"),
        DIFFER("1", "1.000002", "line 1, column 1: expected \"1\", got \"1.000002\""),
        DIFFER("0", "0.0000011", "line 1, column 1: expected \"0\", got \"0.0000011\""),
        DIFFER("1 2", "1 3", "line 1, column 3: expected \"2\", got \"3\""),
        DIFFER("1", "-1", "line 1, column 1: expected \"1\", got \"-1\""),
        DIFFER("16", "0x10", "line 1, column 1: expected \"16\", got \"0x10\""),
        DIFFER("inf", "-inf", "line 1, column 1: expected \"inf\", got \"-inf\""),
        DIFFER("inf", "1e308", "line 1, column 1: expected \"inf\", got \"1e308\""),
        DIFFER("nan", "0", "line 1, column 1: expected \"nan\", got \"0\""),
        DIFFER("0", "nan", "line 1, column 1: expected \"0\", got \"nan\""),
        DIFFER("nan", "inf", "line 1, column 1: expected \"nan\", got \"inf\""),
        DIFFER("1e400", "1.0e400", "line 1, column 1: expected \"1e400\", got \"1.0e400\""), /* no number here */
        DIFFER("inf", "1e400", "line 1, column 1: expected \"inf\", got \"1e400\""),
        DIFFER("1e400", "inf", "line 1, column 1: expected \"1e400\", got \"inf\""),
        DIFFER("inf", "1e99999", "line 1, column 1: expected \"inf\", got \"1e99999\""),
        DIFFER("1e99999", "2e99999", "line 1, column 1: expected \"1e99999\", got \"2e99999\""),
        DIFFER("1", "1,0", "line 1, column 1: expected \"1\", got \"1,0\""),
        DIFFER("1", "1f", "line 1, column 1: expected \"1\", got \"1f\""),
        DIFFER("1", "1\0", "line 1, column 1: expected \"1\", got \"1\\x00\""),
        DIFFER("1", "1e", "line 1, column 1: expected \"1\", got \"1e\""),
        DIFFER("0", ".", "line 1, column 1: expected \"0\", got \".\""),
        DIFFER("0", "-", "line 1, column 1: expected \"0\", got \"-\""),
        DIFFER("1", "--1", "line 1, column 1: expected \"1\", got \"--1\""),
        DIFFER("nan", "nan(1)", "line 1, column 1: expected \"nan\", got \"nan(1)\""),
        DIFFER("yes 1", "no 1", "line 1, column 1: expected \"yes\", got \"no\""),
        DIFFER("1 2", "1", "line 1, column 3: expected \"2\", got end of output"),
    };
    check_all((struct checker_spec){.type = CHECKER_FLOAT, .abs = 1e-6, .rel = 1e-6}, samples, ARRAY_LEN(samples));
}

static void tolerances(void **state)
{
    (void)state;
    static const struct {
        double abs, rel;
        const char *expected, *got;
        bool passes;
    } cases[] = {
        {0, 0, "1", "1.0", true},
        {0, 0, "0.3", "0.30000000000000004", false},
        {0, 0, "0", "-0.0", true},
        {0.5, 0, "1", "1.5", true},
        {0.5, 0, "1", "1.5000001", false},
        {0.01, 0, "1.00", "1.01", true}, /* at the edge, in decimal */
        {0.01, 0, "1.01", "1.00", true},
        {0.01, 0, "1.00", "1.010001", false},
        {1e-9, 0, "123456.123456789", "123456.123456790", true},
        {1e-9, 0, "123456.123456789", "123456.123456791", false},
        {1e-20, 0, "1", "1.000000000000001", false},
        {0, 0.1, "100", "110", true},
        {0, 0.1, "100", "90", true},
        {0, 0.1, "100", "110.001", false},
        {0, 0.1, "110", "100", true}, /* relative to the expected one */
        {0, 0.1, "-100", "-110", true},
        {0, 0.1, "0", "0.0000001", false},
        {0, 1, "5", "0", true},
        {1e300, 1e300, "1", "-inf", false},
        {1e300, 1e300, "nan", "1", false},
        {0, 1e300, "1e308", "-1e308", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct checker_spec checker = {CHECKER_FLOAT, cases[i].abs, cases[i].rel};
        _cleanup_(freep) char *message = NULL;
        bool passes = checker_compare(&checker, str_of(cases[i].expected), str_of(cases[i].got), &message);
        if (passes != cases[i].passes)
            fail_msg("abs %g rel %g: %s and %s %s", cases[i].abs, cases[i].rel, cases[i].expected, cases[i].got,
                     passes ? "pass" : "differ");
    }
}

static void numbers_do_not_follow_the_locale(void **state)
{
    (void)state;
    const struct sample sample = PASS("1.5", "1.50"),
                        comma = DIFFER("1.5", "1,5", "line 1, column 1: expected \"1.5\", got \"1,5\"");
    const struct checker_spec checker = {CHECKER_FLOAT, 1e-6, 0};
    static const char *const comma_locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"};
    for (size_t i = 0; i < ARRAY_LEN(comma_locales); i++) {
        if (!setlocale(LC_ALL, comma_locales[i]))
            continue; /* not on this machine; C.UTF-8 always is */
        check(&checker, &sample);
        check(&checker, &comma);
    }
    assert_non_null(setlocale(LC_ALL, "C"));
}

/* A token of len bytes: "1.", then zeros, then last. */
static struct buf long_number(size_t len, char last)
{
    struct buf text = BUF_INIT;
    buf_append_str(&text, "1.");
    while (text.len < len - 1)
        buf_append_char(&text, '0');
    buf_append_char(&text, last);
    return text;
}

static void huge_tokens(void **state)
{
    (void)state;
    const struct checker_spec checker = {CHECKER_FLOAT, 1e-6, 1e-6};
    static const size_t lengths[] = {999, 1000, 1001, 3000000};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        _cleanup_(buf_release) struct buf a = long_number(lengths[i], '1'), same = long_number(lengths[i], '1'),
                                          b = long_number(lengths[i], '2');
        _cleanup_(freep) char *message = NULL;
        assert_true(checker_compare(&checker, buf_view(&a), buf_view(&same), &message));
        /* As numbers they are close; past NUMBER_DIGITS_MAX they are text. */
        assert_int_equal(checker_compare(&checker, buf_view(&a), buf_view(&b), &message),
                         lengths[i] <= NUMBER_DIGITS_MAX);
        assert_int_equal(message == NULL, lengths[i] <= NUMBER_DIGITS_MAX);
        if (message)
            assert_string_equal(message, "line 1, column 1: expected \xe2\x80\xa6\"000000000000000000001\", got "
                                         "\xe2\x80\xa6\"000000000000000000002\"");
    }
}

static void messages_count_and_cut_characters(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        DIFFER("\xc3\xa9\xc3\xa9 x", "\xc3\xa9\xc3\xa9 y", "line 1, column 4: expected \"x\", got \"y\""),
        /* The two differ inside a character: its column, whole characters quoted. */
        DIFFER("a\xc3\xa9", "a\xc3\xa8", "line 1, column 2: expected \"a\xc3\xa9\", got \"a\xc3\xa8\""),
        DIFFER("a\xc3\xa9", "a\xc3", "line 1, column 2: expected \"a\xc3\xa9\", got \"a\xef\xbf\xbd\""),
        DIFFER("a", "\xff", "line 1, column 1: expected \"a\", got \"\xef\xbf\xbd\""),
        DIFFER("\x1b[31m", "\x7f\x01", "line 1, column 1: expected \"\\x1b[31m\", got \"\\x7f\\x01\""),
        DIFFER("\"\\", "\xc2\x9b", "line 1, column 1: expected \"\\\"\\\\\", got \"\\u009b\""),
        DIFFER("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81",
               "line 1, column 1: expected \"\xf0\x9f\x98\x80\", got \"\xf0\x9f\x98\x81\""),
    };
    for (int type = CHECKER_LINES; type <= CHECKER_EXACT; type++)
        check_all((struct checker_spec){.type = (enum checker_type)type}, samples, ARRAY_LEN(samples));

    /* 80 characters stay whole, 81 are cut; four-byte characters count one each. */
    static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t c = 0; c < ARRAY_LEN(characters); c++)
        for (int count = 80; count <= 81; count++) {
            _cleanup_(buf_release) struct buf expected = BUF_INIT, message = BUF_INIT;
            buf_append_str(&message, "line 1, column 1: expected \"");
            for (int i = 0; i < count; i++) {
                buf_append_str(&expected, characters[c]);
                buf_append_str(&message, i < 80 ? characters[c] : "");
            }
            buf_printf(&message, "\"%s, got \"?\"", count > 80 ? "\xe2\x80\xa6" : "");
            const struct sample sample = {buf_view(&expected), STR("?"), buf_str(&message)};
            check(&(struct checker_spec){.type = CHECKER_LINES}, &sample);
        }
}

/* Whatever the bytes: each checker accepts a text and itself, the message is UTF-8 and short, and nothing is read past the end. */
static void any_bytes(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252U;
    static const char alphabet[] = " \n\t\r\0ab1.e-\xc3\xa9\xff\"";
    for (int round = 0; round < 20000; round++) {
        char *text[2];
        size_t len[2];
        for (int side = 0; side < 2; side++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            len[side] = seed % 12;
            text[side] = xmalloc(len[side]); /* to the byte: a sanitizer sees every step too far */
            for (size_t i = 0; i < len[side]; i++)
                text[side][i] = alphabet[(seed >> (i * 4)) % (sizeof alphabet - 1)];
        }
        for (int type = CHECKER_LINES; type <= CHECKER_FLOAT; type++) {
            const struct checker_spec checker = {(enum checker_type)type, 0.1, 0.1};
            _cleanup_(freep) char *message = NULL;
            const struct str a = {text[0], len[0]}, b = {text[1], len[1]};
            _cleanup_(buf_release) struct buf copy = BUF_INIT;
            buf_append(&copy, a.data, a.len);
            assert_true(checker_compare(&checker, a, buf_view(&copy), &message));
            bool passes = checker_compare(&checker, a, b, &message);
            assert_int_equal(passes, message == NULL);
            assert_true(type != CHECKER_EXACT || passes == str_eq(a, b));
            assert_true(passes || (utf8_valid(message, strlen(message)) && strlen(message) < 200));
        }
        free(text[0]);
        free(text[1]);
    }
}

static void empty_views_without_data(void **state)
{
    (void)state;
    for (int type = CHECKER_LINES; type <= CHECKER_FLOAT; type++) {
        const struct checker_spec checker = {(enum checker_type)type, 0, 0};
        _cleanup_(freep) char *message = NULL;
        assert_true(checker_compare(&checker, (struct str){0}, (struct str){0}, &message));
        assert_false(checker_compare(&checker, (struct str){0}, STR("x"), &message));
        assert_string_equal(message, "line 1, column 1: expected end of output, got \"x\"");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),       cmocka_unit_test(exact),
        cmocka_unit_test(tokens),      cmocka_unit_test(floats),
        cmocka_unit_test(tolerances),  cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(huge_tokens), cmocka_unit_test(messages_count_and_cut_characters),
        cmocka_unit_test(any_bytes),   cmocka_unit_test(empty_views_without_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
