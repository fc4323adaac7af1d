/* SPDX-License-Identifier: Apache-2.0 */
/* test_judge.c: every way a checker can end, and what it decides. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/judge.h"

#define EXITED(code)                             \
    {                                            \
        .cause = BOX_EXITED, .exit_code = (code) \
    }
#define ENDED(how)                      \
    {                                   \
        .cause = (how), .exit_code = -1 \
    }
#define LONG_WORD_100 \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct row {
    struct box_report report;
    const char *out, *err;
    enum verdict verdict;
    const char *message; /* NULL: none */
} rows[] = {
    {EXITED(0), "", "", VERDICT_ACCEPTED, NULL},
    {EXITED(0), "", "ok 3 numbers\n", VERDICT_ACCEPTED, "ok 3 numbers"},
    {EXITED(0), "said here\n\n", "", VERDICT_ACCEPTED, "said here"},
    {EXITED(0), "out", "err", VERDICT_ACCEPTED, "err"},
    {EXITED(1), "", "wrong answer 2nd", VERDICT_WRONG_ANSWER, "wrong answer 2nd"},
    {EXITED(1), "", "", VERDICT_WRONG_ANSWER, NULL},
    {EXITED(2), "", "", VERDICT_WRONG_ANSWER, "presentation error"},
    {EXITED(2), "", "no blank", VERDICT_WRONG_ANSWER, "presentation error: no blank"},
    {EXITED(4), "", "dirt", VERDICT_WRONG_ANSWER, "presentation error: dirt"},
    {EXITED(8), "", "eof", VERDICT_WRONG_ANSWER, "presentation error: eof"},
    {EXITED(3), "", "answer is bad", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 3: answer is bad"},
    {EXITED(5), "", "", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 5"},
    {EXITED(255), "", "", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 255"},
    {EXITED(7), "", "half", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 7: half"},
    {EXITED(7), "", "points x", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 7: points x"},
    {EXITED(7), "", "points nan", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 7: points nan"},
    {EXITED(7), "", "points 1e999", VERDICT_INTERNAL_ERROR, "the checker failed: exited with code 7: points 1e999"},
    {{.cause = BOX_SIGNALED, .exit_code = -1, .signal = SIGSEGV},
     "",
     "",
     VERDICT_INTERNAL_ERROR,
     "the checker failed: killed by SIGSEGV (segmentation fault)"},
    {ENDED(BOX_CPU_LIMIT), "", "", VERDICT_INTERNAL_ERROR, "the checker failed: CPU time limit of 2000 ms exceeded"},
    {ENDED(BOX_OUTPUT_LIMIT), "", "", VERDICT_INTERNAL_ERROR, "the checker failed: output limit of 1024 KiB exceeded"},
    {{.cause = BOX_EXITED, .oom_killed = true},
     "",
     "",
     VERDICT_INTERNAL_ERROR,
     "the checker failed: memory limit of 262144 KiB exceeded"},
    {EXITED(1), "", "a\xff\n", VERDICT_WRONG_ANSWER, "a\xef\xbf\xbd"},
};

static struct test_result conclude(const struct row *row)
{
    const struct limits limits = limits_default();
    struct test_result test = {.done = true, .verdict = VERDICT_ACCEPTED, .message = xstrdup("before")};
    struct box_report report = row->report;
    buf_append_str(&report.out, row->out);
    buf_append_str(&report.err, row->err);
    judge_conclude("checker", &report, &limits, &test);
    box_report_release(&report);
    return test;
}

static void every_end_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct test_result test = conclude(&rows[i]);
        const char *want = rows[i].message ? rows[i].message : "(none)";
        const char *got = test.message ? test.message : "(none)";
        if (test.verdict != rows[i].verdict || strcmp(want, got) != 0)
            fail_msg("row %zu: %s, \"%s\" instead of \"%s\"", i, verdict_name(test.verdict), got, want);
        assert_false(test.has_points);
        test_result_release(&test);
    }
}

static void points_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double points;
        enum verdict verdict;
    } good[] = {
        {"points 0.5 half", 0.5, VERDICT_ACCEPTED},
        {"points 100", 100, VERDICT_ACCEPTED},
        {"points 0 nothing", 0, VERDICT_WRONG_ANSWER},
        {"points -1\n", -1, VERDICT_WRONG_ANSWER},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const struct row row = {.report = EXITED(7), .out = "", .err = good[i].text};
        struct test_result test = conclude(&row);
        assert_true(test.has_points && test.points == good[i].points);
        assert_int_equal(test.verdict, good[i].verdict);
        assert_memory_equal(test.message, "points ", 7);
        test_result_release(&test);
    }
}

static void long_words_are_cut(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    for (int i = 0; i < 20; i++)
        buf_append_str(&text, LONG_WORD_100);
    buf_truncate(&text, JUDGE_MESSAGE_MAX - 1);
    buf_append_str(&text, "\xc3\xa9 and more");
    const struct row row = {.report = EXITED(1), .out = "", .err = buf_str(&text)};
    struct test_result test = conclude(&row);
    assert_int_equal(strlen(test.message), JUDGE_MESSAGE_MAX - 1);
    test_result_release(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_decides),
        cmocka_unit_test(points_are_read),
        cmocka_unit_test(long_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
