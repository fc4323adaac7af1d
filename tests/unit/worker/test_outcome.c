/* SPDX-License-Identifier: Apache-2.0 */
/* test_outcome.c: every way a run or a compile step can end, and what is made of it. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/outcome.h"

enum { KEEP = 1000 };

static char pattern[] = "MemoryError|heap space";
static char *patterns[] = {pattern};
static const struct language language = {.memory_patterns = {.items = patterns, .count = 1}, .compiled = true};
static const struct checker_spec checker = {.type = CHECKER_LINES};

struct row {
    const char *what;
    struct box_report report; /* out and err are set from the texts */
    const char *out, *err;
    const char *expected; /* NULL: none */
    const char *program;  /* NULL: the compiled one */
    enum verdict verdict;
    const char *message;
};

#define EXITED(code)                                                \
    {                                                               \
        .cause = BOX_EXITED, .exit_code = (code), .memory_kb = 1000 \
    }
#define SIGNALED(s)                                                              \
    {                                                                            \
        .cause = BOX_SIGNALED, .exit_code = -1, .signal = (s), .memory_kb = 1000 \
    }
#define LIMITED(limit)                                       \
    {                                                        \
        .cause = (limit), .exit_code = -1, .signal = SIGKILL \
    }
#define NO_EXEC(why)                                                   \
    {                                                                  \
        .cause = BOX_EXEC_FAILED, .exit_code = -1, .exec_errno = (why) \
    }

static const struct row rows[] = {
    {"exit 0, nothing expected", EXITED(0), "x", "", NULL, NULL, VERDICT_ACCEPTED, NULL},
    {"exit 0, as expected", EXITED(0), "1\n", "", "1", NULL, VERDICT_ACCEPTED, NULL},
    {"exit 0, empty as expected", EXITED(0), "", "", "", NULL, VERDICT_ACCEPTED, NULL},
    {"exit 0, different", EXITED(0), "2\n", "", "1", NULL, VERDICT_WRONG_ANSWER,
     "line 1, column 1: expected \"1\", got \"2\""},
    {"right output, wrong exit code", EXITED(3), "1\n", "", "1", NULL, VERDICT_RUNTIME_ERROR, "exited with code 3"},
    {"segmentation fault", SIGNALED(SIGSEGV), "1\n", "", "1", NULL, VERDICT_RUNTIME_ERROR,
     "killed by SIGSEGV (segmentation fault)"},
    {"division by zero", SIGNALED(SIGFPE), "", "", NULL, NULL, VERDICT_RUNTIME_ERROR,
     "killed by SIGFPE (arithmetic error)"},
    {"signal without a meaning", SIGNALED(SIGUSR1), "", "", NULL, NULL, VERDICT_RUNTIME_ERROR, "killed by SIGUSR1"},
    {"real-time signal", SIGNALED(40), "", "", NULL, NULL, VERDICT_RUNTIME_ERROR, "killed by SIGRTMIN+6"},
    {"file too large", SIGNALED(SIGXFSZ), "", "", NULL, NULL, VERDICT_RUNTIME_ERROR,
     "killed by SIGXFSZ (file size limit exceeded); a file may have 16384 KiB"},
    {"memory", LIMITED(BOX_MEMORY_LIMIT), "1\n", "", "1", NULL, VERDICT_MEMORY_LIMIT,
     "memory limit of 262144 KiB exceeded"},
    {"output", LIMITED(BOX_OUTPUT_LIMIT), "1\n", "", "1", NULL, VERDICT_OUTPUT_LIMIT,
     "output limit of 1024 KiB exceeded"},
    {"CPU time", LIMITED(BOX_CPU_LIMIT), "1\n", "", "1", NULL, VERDICT_TIME_LIMIT,
     "CPU time limit of 2000 ms exceeded"},
    {"wall time", LIMITED(BOX_WALL_LIMIT), "1\n", "", "1", NULL, VERDICT_TIME_LIMIT,
     "wall time limit of 10000 ms exceeded"},
    {"a child was killed for memory, the program went on",
     {.cause = BOX_EXITED, .oom_killed = true},
     "1\n",
     "",
     "1",
     NULL,
     VERDICT_MEMORY_LIMIT,
     "memory limit of 262144 KiB exceeded"},
    {"memory before CPU time",
     {.cause = BOX_CPU_LIMIT, .exit_code = -1, .oom_killed = true},
     "",
     "",
     NULL,
     NULL,
     VERDICT_MEMORY_LIMIT,
     "memory limit of 262144 KiB exceeded"},
    {"the runtime ran out of memory",
     {.cause = BOX_EXITED, .exit_code = 1, .memory_kb = 131072},
     "",
     "x\nMemoryError\n",
     NULL,
     NULL,
     VERDICT_MEMORY_LIMIT,
     "memory limit of 262144 KiB exceeded"},
    {"the runtime says so on stdout",
     {.cause = BOX_SIGNALED, .exit_code = -1, .signal = SIGABRT, .memory_kb = 200000},
     "Java heap space",
     "",
     NULL,
     NULL,
     VERDICT_MEMORY_LIMIT,
     "memory limit of 262144 KiB exceeded"},
    {"an allocation too large to be begun",
     {.cause = BOX_EXITED, .exit_code = 1, .memory_kb = 1000},
     "",
     "MemoryError",
     NULL,
     NULL,
     VERDICT_MEMORY_LIMIT,
     "memory limit of 262144 KiB exceeded"},
    {"much memory, but other words",
     {.cause = BOX_EXITED, .exit_code = 1, .memory_kb = 200000},
     "",
     "oops",
     NULL,
     NULL,
     VERDICT_RUNTIME_ERROR,
     "exited with code 1"},
    {"the words in a run that ended well",
     {.cause = BOX_EXITED, .memory_kb = 200000},
     "MemoryError",
     "",
     NULL,
     NULL,
     VERDICT_ACCEPTED,
     NULL},
    {"the words do not hide a time limit",
     {.cause = BOX_CPU_LIMIT, .exit_code = -1, .memory_kb = 200000},
     "MemoryError",
     "",
     NULL,
     NULL,
     VERDICT_TIME_LIMIT,
     "CPU time limit of 2000 ms exceeded"},
    {"processes refused",
     {.cause = BOX_EXITED, .exit_code = 1, .processes_limited = true},
     "",
     "",
     NULL,
     NULL,
     VERDICT_RUNTIME_ERROR,
     "exited with code 1; the limit of 64 processes was reached"},
    {"processes refused, and it coped",
     {.cause = BOX_EXITED, .processes_limited = true},
     "1",
     "",
     "1",
     NULL,
     VERDICT_ACCEPTED,
     NULL},
    {"processes refused, and the answer is wrong",
     {.cause = BOX_EXITED, .processes_limited = true},
     "2",
     "",
     "1",
     NULL,
     VERDICT_WRONG_ANSWER,
     "line 1, column 1: expected \"1\", got \"2\"; the limit of 64 processes was reached"},
    {"no program was made", NO_EXEC(ENOENT), "", "", NULL, NULL, VERDICT_RUNTIME_ERROR,
     "the program could not be started: No such file or directory; what the compiler made is not a program"},
    {"not a program", NO_EXEC(ENOEXEC), "", "", NULL, "./script", VERDICT_RUNTIME_ERROR,
     "the program could not be started: Exec format error; what the compiler made is not a program"},
    {"the interpreter is gone", NO_EXEC(ENOENT), "", "", NULL, "/usr/bin/python3", VERDICT_INTERNAL_ERROR,
     "the program could not be started: No such file or directory"},
    {"arguments too long, also for an interpreter", NO_EXEC(E2BIG), "", "", NULL, "/usr/bin/python3",
     VERDICT_RUNTIME_ERROR, "the program could not be started: Argument list too long"},
    {"something odd", NO_EXEC(EIO), "", "", NULL, NULL, VERDICT_INTERNAL_ERROR,
     "the program could not be started: Input/output error"},
};

static struct test_result judge(const struct row *row)
{
    struct test_case test = {.has_expected = row->expected != NULL, .limits = limits_default()};
    struct box_report report = row->report;
    char compiled[] = "/artifact/main";
    const struct outcome_question question = {
        .language = &language,
        .checker = &checker,
        .test = &test,
        .program = row->program ? row->program : compiled,
        .output_keep = KEEP,
    };
    struct test_result result;

    buf_append_str(&test.expected, row->expected ? row->expected : "");
    buf_append_str(&report.out, row->out);
    buf_append_str(&report.err, row->err);
    outcome_of_run(&question, &report, &result);
    assert_int_equal(report.out.len + report.err.len, 0);
    box_report_release(&report);
    buf_release(&test.expected);
    return result;
}

static void every_end_of_a_run_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct test_result result = judge(&rows[i]);
        if (result.verdict != rows[i].verdict)
            fail_msg("%s: %s (%s)", rows[i].what, verdict_name(result.verdict), result.message ? result.message : "-");
        if (rows[i].message ? !result.message || strcmp(result.message, rows[i].message) != 0 : result.message != NULL)
            fail_msg("%s: message \"%s\"", rows[i].what, result.message ? result.message : "(none)");
        assert_true(result.done);
        assert_int_equal(result.exit_code, rows[i].report.exit_code);
        assert_int_equal(result.signal, rows[i].report.signal);
        assert_int_equal(result.memory_kb, rows[i].report.memory_kb);
        assert_string_equal(buf_str(&result.out), rows[i].out);
        assert_string_equal(buf_str(&result.err), rows[i].err);
        assert_false(result.truncated);
        test_result_release(&result);
    }
}

static struct buf many(size_t count)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++)
        buf_append_str(&text, "é"); /* two bytes */
    return text;
}

static void the_checker_sees_what_the_result_does_not_keep(void **state)
{
    (void)state;
    static const struct {
        size_t characters, kept;
        bool truncated;
    } lengths[] = {{KEEP / 2, KEEP, false}, {KEEP / 2 + 1, KEEP, true}, {KEEP, KEEP, true}};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        _cleanup_(buf_release) struct buf text = many(lengths[i].characters);
        struct row row = {.report = EXITED(0), .out = buf_str(&text), .err = "", .expected = buf_str(&text)};
        struct test_result result = judge(&row);
        assert_int_equal(result.verdict, VERDICT_ACCEPTED);
        assert_int_equal(result.out.len, lengths[i].kept);
        assert_int_equal(result.truncated, lengths[i].truncated);
        test_result_release(&result);
        buf_append_str(&text, "!");
        row.out = buf_str(&text);
        text.data[text.len - 1] = '?';
        _cleanup_(buf_release) struct buf other = many(lengths[i].characters);
        row.expected = buf_str(&other);
        result = judge(&row);
        assert_int_equal(result.verdict, VERDICT_WRONG_ANSWER);
        test_result_release(&result);
    }
}

/* Control bytes are six in JSON, quotes two: the room that a stream has counts them so. */
static void a_cut_counts_what_json_needs(void **state)
{
    (void)state;
    static const struct {
        const char *byte;
        size_t len, room, kept;
    } cases[] = {{"x", 500, 600, 500},  {"x", 700, 600, 600},  {"\1", 100, 600, 100},
                 {"\1", 101, 600, 100}, {"\"", 301, 600, 300}, {"\n", 400, 600, 300}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct test_case test = {0};
        const struct outcome_question question = {
            .checker = &checker, .test = &test, .output_keep = 1000, .output_json = (int64_t)cases[i].room};
        struct box_report report = {.cause = BOX_EXITED};
        struct test_result result;
        for (size_t n = 0; n < cases[i].len; n++)
            buf_append(&report.out, cases[i].byte, 1);
        outcome_of_run(&question, &report, &result);
        assert_int_equal(result.out.len, cases[i].kept);
        assert_int_equal(result.truncated, cases[i].kept < cases[i].len);
        test_result_release(&result);
        box_report_release(&report);
    }
}

static void a_cut_does_not_split_a_character(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    buf_append_str(&text, "x");
    for (size_t i = 0; i < KEEP; i++)
        buf_append_str(&text, "é");
    struct row row = {.report = EXITED(0), .out = buf_str(&text), .err = ""};
    struct test_result result = judge(&row);
    assert_int_equal(result.out.len, KEEP - 1);
    test_result_release(&result);
}

static void patterns_are_found_at_both_ends_of_long_output(void **state)
{
    (void)state;
    for (int at_end = 0; at_end < 2; at_end++) {
        _cleanup_(buf_release) struct buf text = BUF_INIT;
        if (!at_end)
            buf_append_str(&text, "MemoryError\n");
        for (size_t i = 0; i < 200000; i++)
            buf_append(&text, i % 7 ? "ab\0" : "\ncd", 3);
        if (at_end)
            buf_append_str(&text, "MemoryError\n");
        struct test_case test = {.limits = limits_default()};
        const struct outcome_question question = {.language = &language,
                                                  .checker = &checker,
                                                  .test = &test,
                                                  .program = "/artifact/main",
                                                  .output_keep = KEEP};
        struct box_report report = {.cause = BOX_EXITED, .exit_code = 1, .memory_kb = 250000};
        struct test_result result;
        report.err = text;
        text = BUF_INIT;
        outcome_of_run(&question, &report, &result);
        assert_int_equal(result.verdict, VERDICT_MEMORY_LIMIT);
        test_result_release(&result);
    }
}

/* ---- files ---- */

static struct test_result collected(bool failed)
{
    char *names[] = {(char[]){"a"}, (char[]){"b"}, (char[]){"c"}};
    const struct string_list collect = {.items = names, .count = ARRAY_LEN(names)};
    const struct test_case test = {.limits = limits_default()};
    const struct outcome_question question = {.language = &language,
                                              .checker = &checker,
                                              .test = &test,
                                              .program = "/artifact/main",
                                              .output_keep = KEEP,
                                              .collect = &collect};
    struct box_report report = EXITED(0);
    report.collect_failed = failed;
    report.file_count = 3; /* in any order; what nobody asked for, and what comes twice, does not count */
    report.files = xcalloc(report.file_count, sizeof *report.files);
    static const char *const got[] = {"c", "etc/passwd", "a"};
    for (size_t i = 0; i < ARRAY_LEN(got); i++) {
        report.files[i].name = xstrdup(got[i]);
        buf_append_str(&report.files[i].content, got[i]);
    }
    struct test_result result;
    outcome_of_run(&question, &report, &result);
    box_report_release(&report);
    return result;
}

static void files_come_in_the_order_they_were_asked_for(void **state)
{
    (void)state;
    struct test_result result = collected(false);
    assert_int_equal(result.file_count, 2);
    assert_string_equal(result.files[0].name, "a");
    assert_string_equal(buf_str(&result.files[0].content), "a");
    assert_string_equal(result.files[1].name, "c");
    test_result_release(&result);

    result = collected(true);
    assert_int_equal(result.file_count, 3);
    assert_string_equal(result.files[1].name, "b");
    assert_true(result.files[1].refused && !result.files[0].refused && !result.files[2].refused);
    test_result_release(&result);
}

/* ---- compiling ---- */

static void every_end_of_a_compile_step_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct box_report report;
        enum compile_state state;
        enum verdict verdict;
        const char *message;
    } ends[] = {
        {"well", EXITED(0), COMPILE_OK, VERDICT_ACCEPTED, NULL},
        {"errors", EXITED(1), COMPILE_FAILED, VERDICT_COMPILATION_ERROR, NULL},
        {"CPU time", LIMITED(BOX_CPU_LIMIT), COMPILE_FAILED, VERDICT_COMPILATION_ERROR,
         "compile CPU time limit of 2000 ms exceeded"},
        {"wall time", LIMITED(BOX_WALL_LIMIT), COMPILE_FAILED, VERDICT_COMPILATION_ERROR,
         "compile wall time limit of 10000 ms exceeded"},
        {"memory", LIMITED(BOX_MEMORY_LIMIT), COMPILE_FAILED, VERDICT_COMPILATION_ERROR,
         "compile memory limit of 262144 KiB exceeded"},
        {"cc1plus killed, g++ says so",
         {.cause = BOX_EXITED, .exit_code = 1, .oom_killed = true},
         COMPILE_FAILED,
         VERDICT_COMPILATION_ERROR,
         "compile memory limit of 262144 KiB exceeded"},
        {"output", LIMITED(BOX_OUTPUT_LIMIT), COMPILE_FAILED, VERDICT_COMPILATION_ERROR,
         "compile output limit of 1024 KiB exceeded"},
        {"crash", SIGNALED(SIGSEGV), COMPILE_FAILED, VERDICT_COMPILATION_ERROR,
         "the compiler was killed by SIGSEGV (segmentation fault)"},
        {"too much made",
         {.cause = BOX_EXITED, .collect_failed = true},
         COMPILE_FAILED,
         VERDICT_COMPILATION_ERROR,
         "what the compiler made cannot be kept: more than 4096 files, more than 16384 KiB, deeper than 16 folders, or "
         "special files"},
        {"processes",
         {.cause = BOX_EXITED, .exit_code = 1, .processes_limited = true},
         COMPILE_FAILED,
         VERDICT_COMPILATION_ERROR,
         "the compile limit of 64 processes was reached"},
        {"no compiler", NO_EXEC(ENOENT), COMPILE_FAILED, VERDICT_INTERNAL_ERROR,
         "compiler: the program could not be started: No such file or directory"},
    };
    const struct limits limits = limits_default();

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct box_report report = ends[i].report;
        struct compile_result result;
        struct test_result test;
        buf_append_str(&report.err, "main.c:1: error");
        outcome_of_compile(&limits, KEEP, &report, &result);
        if (result.state != ends[i].state || (result.state == COMPILE_FAILED && result.verdict != ends[i].verdict))
            fail_msg("%s: state %d, verdict %s", ends[i].what, (int)result.state, verdict_name(result.verdict));
        if (ends[i].message ? !result.message || strcmp(result.message, ends[i].message) != 0 : result.message != NULL)
            fail_msg("%s: message \"%s\"", ends[i].what, result.message ? result.message : "(none)");
        assert_string_equal(buf_str(&result.err), "main.c:1: error");
        if (result.state == COMPILE_FAILED) {
            outcome_not_compiled(&result, &test);
            assert_true(test.done);
            assert_int_equal(test.verdict, ends[i].verdict);
            assert_int_equal(test.exit_code, -1);
            test_result_release(&test);
        }
        compile_result_release(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_of_a_run_has_its_verdict),
        cmocka_unit_test(files_come_in_the_order_they_were_asked_for),
        cmocka_unit_test(the_checker_sees_what_the_result_does_not_keep),
        cmocka_unit_test(a_cut_counts_what_json_needs),
        cmocka_unit_test(a_cut_does_not_split_a_character),
        cmocka_unit_test(patterns_are_found_at_both_ends_of_long_output),
        cmocka_unit_test(every_end_of_a_compile_step_has_its_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
