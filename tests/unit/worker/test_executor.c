/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_executor.c: real programs, compiled and run in real boxes on two slots (root is needed; without it the program is skipped loudly).
 *
 *   test_executor EVALX-JAIL
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine.h"

static struct engine engine;

static int set_up(void **state)
{
    struct watch *watch = xcalloc(1, sizeof(*watch));
    engine_executor(&engine);
    watch_init(watch, engine.executor);
    *state = watch;
    return 0;
}

static int tear_down(void **state)
{
    struct watch *watch = *state;
    watch_release(watch);
    free(watch);
    return 0;
}

static const char adder[] = "#include <stdio.h>\n"
                            "int main(void) { int a, b; if (scanf(\"%d%d\", &a, &b) != 2) return 3;\n"
                            "  printf(\"%d\\n\", a + b); return 0; }\n";

/* Sleeps for the milliseconds it reads, then prints them. */
static const char sleeper[] = "#include <stdio.h>\n#include <unistd.h>\n"
                              "int main(void) { int ms; if (scanf(\"%d\", &ms) != 1) return 3;\n"
                              "  usleep(1000 * ms); printf(\"%d\\n\", ms); return 0; }\n";

/* Does what the letter it reads says. */
static const char misbehaver[] =
    "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include <sys/wait.h>\n"
    "int main(void) { static char big[4096]; char *p; volatile int zero = 0;\n"
    "  switch (getchar()) {\n"
    "  case 'm': for (;;) { p = malloc(1 << 20); memset(p, 1, 1 << 20); }\n"
    "  case 'c': if (fork() == 0) for (;;) { p = malloc(1 << 20); memset(p, 1, 1 << 20); } wait(NULL); break;\n"
    "  case 't': for (;;) zero++;\n"
    "  case 'w': for (;;) pause();\n"
    "  case 'o': for (;;) fwrite(big, 1, sizeof big, stdout);\n"
    "  case 's': *(volatile char *)0 = 1; break;\n"
    "  case 'd': return 7 / zero;\n"
    "  case 'a': abort();\n"
    "  case 'e': return 3;\n"
    "  }\n"
    "  puts(\"fine\"); return 0; }\n";

static const struct test_result *nth(const struct result *result, size_t index)
{
    assert_true(index < result->test_count);
    return &result->tests[index];
}

static void assert_verdict(const struct result *result, size_t index, enum verdict verdict)
{
    const struct test_result *test = nth(result, index);
    if (test->verdict != verdict)
        fail_msg("test %zu: %s (%s; stderr: %.200s), not %s", index, verdict_name(test->verdict),
                 test->message ? test->message : "-", buf_str(&test->err), verdict_name(verdict));
}

/* Every index once, and the same order in the result as in the callbacks. */
static void assert_order(const struct watch *watch)
{
    const struct result *result = watch->result;
    bool seen[ENGINE_TESTS_MAX] = {false};
    for (size_t i = 0; i < result->test_count; i++) {
        assert_true(result->order[i] < result->test_count);
        assert_false(seen[result->order[i]]);
        seen[result->order[i]] = true;
        if (i < watch->tested)
            assert_int_equal(watch->order[i], result->order[i]);
    }
}

/* ---- one job ---- */

static void compiles_once_for_twenty_cases(void **state)
{
    struct watch *watch = *state;
    struct submission *sub = submission_of("c", adder);
    for (int i = 0; i < 20; i++) {
        _cleanup_(freep) char *input = xasprintf("%d %d\n", i, i * i),
                              *expected = xasprintf("%d\n", i + i * i + (i == 13));
        submission_case(sub, input, expected);
    }
    struct result *result = watch_run(watch, sub);
    assert_int_equal(watch->compiled, 1);
    assert_false(watch->cached);
    assert_int_equal(watch->tested, 20);
    assert_order(watch);
    assert_int_equal(result->status, STATUS_COMPLETED);
    assert_int_equal(result->verdict, VERDICT_WRONG_ANSWER);
    assert_string_equal(result->language, "c");
    assert_non_null(result->version);
    assert_int_equal(result->compile.state, COMPILE_OK);
    assert_true(result->compile.time_ns > 0);
    for (size_t i = 0; i < 20; i++) {
        _cleanup_(freep) char *printed = xasprintf("%zu\n", i + i * i);
        assert_verdict(result, i, i == 13 ? VERDICT_WRONG_ANSWER : VERDICT_ACCEPTED);
        assert_string_equal(buf_str(&nth(result, i)->out), printed);
        assert_true(nth(result, i)->wall_ns > 0 && nth(result, i)->memory_kb > 0);
    }
    assert_string_equal(nth(result, 13)->message, "line 1, column 3: expected \"183\", got \"182\"");
    assert_true(result->compile_ns > 0 && result->run_ns > 0 && result->queued_ns > 0);
    assert_true(result->finished_ms >= result->started_ms);
}

static void the_second_time_it_is_cached(void **state)
{
    struct watch *first = *state, second;
    struct submission *subs[2];
    for (int i = 0; i < 2; i++) {
        subs[i] = submission_of("c", adder);
        submission_case(subs[i], "1 2", "3");
    }
    struct result *result = watch_run(first, subs[0]);
    int64_t compiled_ns = result->compile.time_ns;
    assert_false(result->compile.cached);
    watch_init(&second, engine.executor);
    result = watch_run(&second, subs[1]);
    assert_true(result->compile.cached);
    assert_int_equal(result->compile.state, COMPILE_OK);
    assert_int_equal(result->compile.time_ns, compiled_ns);
    assert_true(result->compile_ns < compiled_ns);
    assert_verdict(result, 0, VERDICT_ACCEPTED);
    watch_release(&second);
}

static void each_misbehaviour_has_its_verdict(void **state)
{
    static const struct {
        const char *input;
        enum verdict verdict;
        const char *message;
    } cases[] = {
        {"m", VERDICT_MEMORY_LIMIT, "memory limit of 32768 KiB exceeded"},
        {"c", VERDICT_MEMORY_LIMIT, "memory limit of 32768 KiB exceeded"},
        {"t", VERDICT_TIME_LIMIT, "CPU time limit of 300 ms exceeded"},
        {"w", VERDICT_TIME_LIMIT, "wall time limit of 1000 ms exceeded"},
        {"o", VERDICT_OUTPUT_LIMIT, "output limit of 64 KiB exceeded"},
        {"s", VERDICT_RUNTIME_ERROR, "killed by SIGSEGV (segmentation fault)"},
        {"d", VERDICT_RUNTIME_ERROR, "killed by SIGFPE (arithmetic error)"},
        {"a", VERDICT_RUNTIME_ERROR, "killed by SIGABRT (aborted)"},
        {"e", VERDICT_RUNTIME_ERROR, "exited with code 3"},
        {"", VERDICT_ACCEPTED, NULL},
        {"x", VERDICT_ACCEPTED, NULL},
    };
    struct submission *sub = submission_of("c", misbehaver);
    sub->limits.memory_kb = 32768;
    sub->limits.cpu_time_ms = 300;
    sub->limits.wall_time_ms = 30000;
    sub->limits.output_kb = 64;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct test_case *test =
            submission_case(sub, cases[i].input, cases[i].verdict == VERDICT_ACCEPTED ? "fine" : NULL);
        if (cases[i].input[0] == 'w')
            test->limits.wall_time_ms = 1000;
    }
    struct result *result = watch_run(*state, sub);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *message = nth(result, i)->message;
        assert_verdict(result, i, cases[i].verdict);
        if (cases[i].message)
            assert_string_equal(message, cases[i].message);
        else
            assert_null(message);
    }
    assert_int_equal(result->verdict, VERDICT_MEMORY_LIMIT); /* the first failing one decides */
}

static void limits_and_arguments_of_a_test_case_are_its_own(void **state)
{
    struct submission *sub = submission_of("bash", "echo \"$#:$1\"; [ \"$1\" != spin ] || while :; do :; done\n");
    char common[] = "common", mine[] = "mine", spin[] = "spin";
    char *args[] = {common};
    sub->args = (struct string_list){.items = xcalloc(1, sizeof(char *)), .count = 1};
    sub->args.items[0] = xstrdup(args[0]);
    submission_case(sub, "", "1:common");
    struct test_case *test = submission_case(sub, "", "1:mine");
    test->has_args = true;
    test->args = (struct string_list){.items = xcalloc(1, sizeof(char *)), .count = 1};
    test->args.items[0] = xstrdup(mine);
    submission_case(sub, "", "0:")->has_args = true;
    test = submission_case(sub, "", "1:spin");
    test->has_args = true;
    test->args = (struct string_list){.items = xcalloc(1, sizeof(char *)), .count = 1};
    test->args.items[0] = xstrdup(spin);
    test->limits.cpu_time_ms = 100;
    struct result *result = watch_run(*state, sub);
    for (size_t i = 0; i < 3; i++)
        assert_verdict(result, i, VERDICT_ACCEPTED);
    assert_verdict(result, 3, VERDICT_TIME_LIMIT);
    assert_string_equal(nth(result, 3)->message, "CPU time limit of 100 ms exceeded");
    assert_int_equal(result->compile.state, COMPILE_NONE);
    assert_int_equal(((struct watch *)*state)->compiled, 0);
}

static void a_program_that_does_not_compile(void **state)
{
    struct watch *watch = *state;
    struct submission *sub = submission_of("c", "int main(void) { return nonsense; }\n");
    for (int i = 0; i < 5; i++)
        submission_case(sub, "", "");
    struct result *result = watch_run(watch, sub);
    assert_int_equal(result->status, STATUS_COMPLETED);
    assert_int_equal(result->verdict, VERDICT_COMPILATION_ERROR);
    assert_int_equal(result->compile.state, COMPILE_FAILED);
    assert_int_equal(result->compile.exit_code, 1);
    assert_non_null(strstr(buf_str(&result->compile.err), "nonsense"));
    for (size_t i = 0; i < 5; i++)
        assert_verdict(result, i, VERDICT_COMPILATION_ERROR);
    assert_int_equal(watch->compiled, 1);
    assert_int_equal(watch->tested, 0);
    assert_order(watch);
}

static void long_output_is_compared_whole_and_kept_in_part(void **state)
{
    struct submission *sub = submission_of("python", "print('x' * 200000 + input())\n");
    _cleanup_(buf_release) struct buf expected = BUF_INIT;
    for (int i = 0; i < 200000; i++)
        buf_append_char(&expected, 'x');
    buf_append_char(&expected, '1');
    submission_case(sub, "1\n", buf_str(&expected));
    submission_case(sub, "2\n", buf_str(&expected));
    struct result *result = watch_run(*state, sub);
    assert_verdict(result, 0, VERDICT_ACCEPTED);
    assert_verdict(result, 1, VERDICT_WRONG_ANSWER);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(nth(result, i)->out.len, ENGINE_KEEP_KB * 1024);
        assert_true(nth(result, i)->truncated);
    }
}

/* ---- files ---- */

static void submitted_files_are_there_when_compiling_and_when_running(void **state)
{
    struct submission *sub = submission_of("c", "#include <stdio.h>\n#include \"lib/answer.h\"\n"
                                                "int main(void) { int n = 0; FILE *f = fopen(\"data/in.txt\", \"r\");\n"
                                                "  if (!f || fscanf(f, \"%d\", &n) != 1) return 1;\n"
                                                "  printf(\"%d\\n\", n + ANSWER + helper()); return 0; }\n");
    submission_file(sub, "lib/answer.h", "#define ANSWER 42\nint helper(void);\n");
    submission_file(sub, "helper.c", "int helper(void) { return 100; }\n");
    submission_file(sub, "data/in.txt", "1000\n");
    submission_case(sub, "", "1142\n");
    struct result *result = watch_run(*state, sub);
    assert_string_equal(buf_str(&result->compile.err), "");
    assert_verdict(result, 0, VERDICT_ACCEPTED);
}

static void files_alone_make_a_program(void **state)
{
    struct submission *sub = submission_of("python", "");
    submission_file(sub, "main.py", "import tools.add\nprint(tools.add.add(1, 2), open('tools/data').read())\n");
    submission_file(sub, "tools/add.py", "def add(a, b):\n    return a + b\n");
    submission_file(sub, "tools/data", "data");
    submission_case(sub, "", "3 data\n");
    struct result *result = watch_run(*state, sub);
    assert_verdict(result, 0, VERDICT_ACCEPTED);
}

static void names_that_clash_are_the_authors_mistake(void **state)
{
    static const struct {
        const char *language, *code, *name, *message;
    } clashes[] = {
        {"c", "int main(void) { return 0; }", "main.c",
         "files: the name \"main.c\" is taken by the main source or another file"},
        {"c", "int main(void) { return 0; }", "main",
         "files: the name \"main\" is taken by a file that the compiler made"},
        {"c", "int main(void) { return 0; }", "main/x",
         "files: the name \"main/x\" is taken by a file that the compiler made"},
        {"python", "print(1)", "main.py", "files: the name \"main.py\" is taken by the main source or another file"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(clashes); i++) {
        struct watch watch;
        watch_init(&watch, engine.executor);
        struct submission *sub = submission_of(clashes[i].language, clashes[i].code);
        submission_file(sub, clashes[i].name, "x");
        submission_case(sub, "", NULL);
        struct result *result = watch_run(&watch, sub);
        assert_int_equal(result->status, STATUS_COMPLETED);
        assert_verdict(result, 0, VERDICT_COMPILATION_ERROR);
        assert_string_equal(result->compile.message, clashes[i].message);
        watch_release(&watch);
    }
}

static void a_language_that_is_not_here_fails_the_job(void **state)
{
    struct submission *sub = submission_of("pyton", "print(1)");
    submission_case(sub, "", NULL);
    struct result *result = watch_run(*state, sub);
    assert_int_equal(result->status, STATUS_FAILED);
    assert_non_null(strstr(result->message, "pyton"));
    assert_verdict(result, 0, VERDICT_SKIPPED);
}

/* ---- stopping at the first failure ---- */

static void stop_on_first_failure_is_deterministic(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        struct watch watch;
        watch_init(&watch, engine.executor);
        struct submission *sub = submission_of("c", sleeper);
        sub->stop_on_first_failure = true;
        for (int i = 0; i < 20;
             i++) /* the failing one is slow: meanwhile the other slot runs past it, also into a failure */
            submission_case(sub, i == 6 ? "200" : "1", i == 6 || i == 9 ? "no" : "1");
        struct result *result = watch_run(&watch, sub);
        for (size_t i = 0; i < 20; i++)
            assert_verdict(result, i, i < 6 ? VERDICT_ACCEPTED : i == 6 ? VERDICT_WRONG_ANSWER : VERDICT_SKIPPED);
        assert_int_equal(nth(result, 8)->out.len, 0);
        assert_int_equal(result->verdict, VERDICT_WRONG_ANSWER);
        assert_int_equal(watch.tested, 7);
        for (size_t i = 0; i < 20; i++)
            assert_int_equal(result->order[i], i);
        assert_order(&watch);
        watch_release(&watch);
    }
}

static void runs_past_the_first_failure_are_neither_waited_for_nor_started(void **state)
{
    struct submission *sub = submission_of("c", sleeper);
    sub->stop_on_first_failure = true;
    sub->limits.wall_time_ms = 60000;
    submission_case(sub, "100", "no");
    for (int i = 0; i < 5; i++)
        submission_case(sub, "50000", "50000");
    int64_t start = clock_monotonic_ns();
    struct result *result = watch_run(*state, sub);
    assert_verdict(result, 0, VERDICT_WRONG_ANSWER);
    for (size_t i = 1; i <= 5; i++)
        assert_verdict(result, i, VERDICT_SKIPPED);
    assert_true(clock_monotonic_ns() - start < 30 * NS_PER_S);
}

/* ---- several jobs ---- */

static void one_program_submitted_twice_at_once_is_compiled_once(void **state)
{
    (void)state;
    struct watch watches[4];
    for (size_t i = 0; i < ARRAY_LEN(watches); i++) {
        watch_init(&watches[i], engine.executor);
        struct submission *sub = submission_of("c", adder);
        submission_case(sub, "1 2", "3");
        watch_start(&watches[i], sub);
    }
    unsigned cached = 0;
    for (size_t i = 0; i < ARRAY_LEN(watches); i++) {
        struct result *result = watch_wait(&watches[i]);
        assert_verdict(result, 0, VERDICT_ACCEPTED);
        cached += result->compile.cached;
        watch_release(&watches[i]);
    }
    assert_int_equal(cached, ARRAY_LEN(watches) - 1);
}

/* Programs that are made in no time, so that the end of a making meets the other slot at every step of its waiting. */
static void waiting_for_a_program_misses_no_end_of_its_making(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        struct watch watches[2];
        for (size_t i = 0; i < ARRAY_LEN(watches); i++) {
            _cleanup_(freep) char *code = xasprintf("exit %d", round % 2 + 256 * round);
            struct submission *sub = submission_of("bash", code);
            submission_case(sub, "", NULL);
            watch_init(&watches[i], engine.executor);
            watch_start(&watches[i], sub);
        }
        for (size_t i = 0; i < ARRAY_LEN(watches); i++) {
            assert_verdict(watch_wait(&watches[i]), 0, round % 2 ? VERDICT_RUNTIME_ERROR : VERDICT_ACCEPTED);
            watch_release(&watches[i]);
        }
    }
}

static void a_slot_does_other_work_while_a_program_is_made(void **state)
{
    struct watch *first = *state, second, other;
    /* Takes a while to compile, so that the second one finds it under way. */
    static const char slow[] =
        "#include <iostream>\n#include <map>\n#include <regex>\n#include <string>\n"
        "int main() { std::regex r(\"a+\"); std::map<std::string, int> m; std::cout << m.size() << '\\n'; }\n";
    struct submission *subs[2];
    for (int i = 0; i < 2; i++) {
        subs[i] = submission_of("cpp", slow);
        submission_case(subs[i], "", "0");
    }
    watch_init(&second, engine.executor);
    watch_init(&other, engine.executor);
    watch_start(first, subs[0]);
    watch_start(&second, subs[1]);
    struct submission *sub = submission_of("bash", "echo 1");
    submission_case(sub, "", "1");
    assert_verdict(watch_run(&other, sub), 0, VERDICT_ACCEPTED);
    pthread_mutex_lock(&second.lock);
    bool other_was_first = second.result == NULL;
    pthread_mutex_unlock(&second.lock);
    assert_true(other_was_first);
    assert_verdict(watch_wait(first), 0, VERDICT_ACCEPTED);
    assert_verdict(watch_wait(&second), 0, VERDICT_ACCEPTED);
    assert_int_equal(first->result->compile.cached + second.result->compile.cached, 1);
    watch_release(&second);
    watch_release(&other);
}

static struct submission *many_sleeps(unsigned count)
{
    struct submission *sub = submission_of("c", sleeper);
    for (unsigned i = 0; i < count; i++)
        submission_case(sub, "10", "10");
    return sub;
}

static void jobs_take_turns(void **state)
{
    struct watch *big = *state, small;
    unsigned clock = 0;

    big->clock = &clock;
    watch_start(big, many_sleeps(200));
    watch_wait_tested(big, 5);
    watch_init(&small, engine.executor);
    small.clock = &clock;
    unsigned begun = __atomic_load_n(&clock, __ATOMIC_RELAXED);
    struct result *result = watch_run(&small, many_sleeps(10));
    assert_int_equal(result->verdict, VERDICT_ACCEPTED);
    result = watch_wait(big);
    assert_int_equal(result->verdict, VERDICT_ACCEPTED);
    /* Alternating, the small one's ten take about ten of the big one's; far from all 195 that were waiting before it came. */
    assert_in_range(small.last_tick - begun, 10, 40);
    assert_int_equal(clock, 210);
    assert_order(big);
    assert_order(&small);
    watch_release(&small);
}

/* Of two equal ones none is done much before the other. */
static void equal_jobs_end_together(void **state)
{
    struct watch *first = *state, second;
    unsigned clock = 0;

    watch_init(&second, engine.executor);
    first->clock = second.clock = &clock;
    watch_start(first, many_sleeps(60));
    watch_start(&second, many_sleeps(60));
    assert_int_equal(watch_wait(first)->verdict, VERDICT_ACCEPTED);
    assert_int_equal(watch_wait(&second)->verdict, VERDICT_ACCEPTED);
    assert_true(MIN(first->last_tick, second.last_tick) > 100);
    assert_int_equal(MAX(first->last_tick, second.last_tick), 120);
    watch_release(&second);
}

static unsigned tested_of(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    unsigned tested = watch->tested;
    pthread_mutex_unlock(&watch->lock);
    return tested;
}

/* Three jobs of one owner beside one job of another that has three times the weight: a quarter of the slots' time and three. */
static void owners_share_by_weight_not_by_jobs(void **state)
{
    struct watch crowd[3], *heavy = *state;

    for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
        watch_init(&crowd[i], engine.executor);
        crowd[i].owner = (struct job_owner){.name = "crowd", .share = 1};
        watch_start(&crowd[i], many_sleeps(300));
    }
    watch_wait_tested(&crowd[0], 2); /* all compiled, and the crowd alone has all */
    heavy->owner = (struct job_owner){.name = "heavy", .share = 3};
    unsigned before = tested_of(&crowd[0]) + tested_of(&crowd[1]) + tested_of(&crowd[2]);
    watch_start(heavy, many_sleeps(300));
    watch_wait_tested(heavy, 150);
    unsigned others = tested_of(&crowd[0]) + tested_of(&crowd[1]) + tested_of(&crowd[2]) - before;
    assert_in_range(others, 25, 90); /* of 50 that are due */
    for (size_t i = 0; i < ARRAY_LEN(crowd); i++) {
        executor_cancel(engine.executor, crowd[i].job);
        watch_wait(&crowd[i]);
        watch_release(&crowd[i]);
    }
    assert_int_equal(watch_wait(heavy)->verdict, VERDICT_ACCEPTED);
}

/* Slot time is divided, not the number of tasks; and what somebody did not use before gives no right to more now. */
static void owners_share_time_not_tasks(void **state)
{
    struct watch slow, *quick = *state;
    struct submission *sub = submission_of("c", sleeper);

    for (int i = 0; i < 40; i++)
        submission_case(sub, "100", "100");
    watch_init(&slow, engine.executor);
    slow.owner.name = "slow";
    quick->owner.name = "quick";
    watch_start(&slow, sub);
    watch_wait_tested(&slow, 6);
    unsigned before = tested_of(&slow);
    watch_start(quick, many_sleeps(100));
    watch_wait(quick);
    unsigned others = tested_of(&slow) - before;
    assert_in_range(
        others, 5, 26); /* as much time as a hundred of 10 ms and a bit take: about 12; as many tasks would be all 40 */
    executor_cancel(engine.executor, slow.job);
    watch_wait(&slow);
    watch_release(&slow);
}

static void two_slots_run_at_once(void **state)
{
    struct submission *sub = submission_of("c", sleeper);
    submission_case(sub, "400", "400");
    submission_case(sub, "400", "400");
    struct result *result = watch_run(*state, sub);
    assert_int_equal(result->verdict, VERDICT_ACCEPTED);
    assert_true(result->run_ns < nth(result, 0)->wall_ns + nth(result, 1)->wall_ns);
}

static void idle_is_told(void **state)
{
    struct watch *watch = *state;
    assert_true(executor_wait_idle(engine.executor, 10000));
    struct submission *sub = submission_of("c", sleeper);
    sub->limits.wall_time_ms = 60000;
    submission_case(sub, "1", "1");
    submission_case(sub, "50000", "1");
    submission_case(sub, "50000", "1");
    watch_start(watch, sub);
    watch_wait_tested(watch, 1);
    assert_false(executor_wait_idle(engine.executor, 200));
    assert_int_equal(executor_running_jobs(engine.executor), 1);
    executor_cancel(engine.executor, watch->job);
    assert_int_equal(watch_wait(watch)->status, STATUS_CANCELLED);
    assert_true(executor_wait_idle(engine.executor, 10000));
}

/* ---- cancelling ---- */

static struct submission *long_sleeps(void)
{
    struct submission *sub = submission_of("c", sleeper);
    sub->limits.wall_time_ms = 60000;
    submission_case(sub, "1", "1");
    for (int i = 0; i < 20; i++)
        submission_case(sub, "55000", "55000");
    return sub;
}

/* At all moments of a job's life: a cancelled one ends soon, whatever its slots were just doing. */
static void a_cancelled_job_ends_soon(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        struct watch watch;
        watch_init(&watch, engine.executor);
        int64_t start = clock_monotonic_ns();
        struct job *job = watch_start(&watch, long_sleeps());
        if (round % 3 == 0)
            watch_wait_tested(&watch, 1);
        nanosleep(&(struct timespec){.tv_nsec = round * 150000},
                  NULL); /* not to wait for something, but to meet other moments */
        executor_cancel(engine.executor, job);
        struct result *result = watch_wait(&watch);
        assert_int_equal(result->status, STATUS_CANCELLED);
        assert_true(clock_monotonic_ns() - start < 30 * NS_PER_S);
        assert_order(&watch);
        watch_release(&watch);
    }
}

/* A slot is committed to a run a moment before the box knows of it; large inputs make that moment long enough to be met. */
static void cancelling_reaches_runs_that_are_about_to_begin(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct watch watch;
        struct submission *sub = submission_of("bash", "read n; [ $n = 0 ] || sleep 55\n");
        sub->limits.wall_time_ms = 60000;
        submission_case(sub, "0\n", NULL);
        for (int i = 0; i < 3; i++) {
            struct buf *input = &submission_case(sub, "1\n", NULL)->stdin_data;
            buf_reserve(input, 32 << 20);
            memset(input->data + input->len, 'x', 32 << 20);
            input->len += 32 << 20;
        }
        watch_init(&watch, engine.executor);
        watch_start(&watch, sub);
        watch_wait_tested(&watch, 1);
        int64_t start = clock_monotonic_ns();
        executor_cancel(engine.executor, watch.job);
        assert_int_equal(watch_wait(&watch)->status, STATUS_CANCELLED);
        assert_true(clock_monotonic_ns() - start < 30 * NS_PER_S);
        watch_release(&watch);
    }
}

static void a_job_may_be_cancelled_from_its_own_callback(void **state)
{
    struct watch *watch = *state;
    watch->cancel_after = 1;
    struct result *result = watch_run(watch, long_sleeps());
    assert_int_equal(result->status, STATUS_CANCELLED);
    assert_int_equal(watch->tested, 1);
    assert_int_equal(nth(result, 0)->verdict, VERDICT_ACCEPTED);
    assert_int_equal(nth(result, 1)->verdict, VERDICT_SKIPPED);
}

static void closing_cancels_what_runs(void **state)
{
    (void)state;
    struct watch watches[3];
    for (size_t i = 0; i < ARRAY_LEN(watches); i++) {
        watch_init(&watches[i], engine.executor);
        watch_start(&watches[i], long_sleeps());
    }
    watch_wait_tested(&watches[0], 1);
    executor_free(engine.executor);
    engine.executor = NULL;
    for (size_t i = 0; i < ARRAY_LEN(watches); i++) {
        assert_non_null(watches[i].result);
        assert_int_equal(watches[i].result->status, STATUS_CANCELLED);
        watch_release(&watches[i]);
    }
    engine_executor(&engine);
}

/* ---- the end of the jail; the last test ---- */

static pid_t jail_pid(void)
{
    _cleanup_(buf_release) struct buf children = BUF_INIT;
    _cleanup_(freep) char *path = xasprintf("/proc/self/task/%d/children", getpid());
    assert_int_equal(fd_read_file(AT_FDCWD, path, 4096, &children), 0);
    return (pid_t)strtol(buf_str(&children), NULL, 10);
}

/* ---- crashes that are looked into ---- */

struct look {
    pthread_t thread;
    struct submission *sub;
    struct test_result was;
    int result;
};

static void *look_main(void *argument)
{
    struct look *look = argument;
    struct hint_list found = {0};
    look->result = executor_look_into(engine.executor, look->sub, 0, &look->was, 60000, &found);
    hint_list_release(&found);
    return NULL;
}

static void look_begin(struct look *look, const char *letter)
{
    *look = (struct look){.sub = submission_of("c", misbehaver), .was = {.signal = SIGSEGV, .wall_ns = NS_PER_S}};
    submission_case(look->sub, letter, NULL);
    assert_int_equal(pthread_create(&look->thread, NULL, look_main, look), 0);
}

static int look_end(struct look *look)
{
    assert_int_equal(pthread_join(look->thread, NULL), 0);
    submission_free(look->sub);
    return look->result;
}

/* Until the sanitized program has been made: it runs now, or is about to. */
static void await_artifact(void)
{
    bool there = false;
    for (int tries = 0; !there && tries < 100 * ENGINE_PATIENCE_S; tries++) {
        usleep(10000);
        DIR *folder = opendir(engine.folder);
        assert_non_null(folder);
        for (struct dirent *entry; (entry = readdir(folder));)
            there |= strlen(entry->d_name) == 64;
        closedir(folder);
    }
    assert_true(there);
}

static void a_crash_is_looked_into_on_an_idle_slot(void **state)
{
    (void)state;
    struct look look;
    look_begin(&look, "s");
    assert_int_equal(look_end(&look), 0);
}

static void looking_into_a_crash_gives_way_to_jobs(void **state)
{
    struct watch *watch = *state;
    struct look look;
    struct submission *sub = submission_of("c", sleeper);
    for (int i = 0; i < 40; i++)
        submission_case(sub, "50", NULL); /* enough for every slot */

    look_begin(&look, "w");
    await_artifact();
    assert_true(executor_wait_idle(engine.executor, 0)); /* its slot is to be had */
    struct result *result = watch_run(watch, sub);
    assert_int_equal(result->status, STATUS_COMPLETED);
    assert_int_equal(look_end(&look), -ECANCELED);
}

static void looking_away_ends_it(void **state)
{
    (void)state;
    struct look look;
    look_begin(&look, "w");
    await_artifact();
    executor_look_away(engine.executor);
    assert_int_equal(look_end(&look), -ECANCELED);
    look_begin(&look, "s");
    assert_int_equal(look_end(&look), -ECANCELED);
}

static void when_the_jail_dies_jobs_end_cancelled(void **state)
{
    struct watch *watch = *state, late;
    watch_start(watch, long_sleeps());
    watch_wait_tested(watch, 1);
    pid_t pid = jail_pid();
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(watch_wait(watch)->status, STATUS_CANCELLED);
    assert_false(executor_wait_idle(engine.executor, 100));
    watch_init(&late, engine.executor);
    assert_int_equal(watch_run(&late, long_sleeps())->status, STATUS_CANCELLED);
    watch_release(&late);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    engine_open(&engine, argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(compiles_once_for_twenty_cases),
        TEST(the_second_time_it_is_cached),
        TEST(each_misbehaviour_has_its_verdict),
        TEST(limits_and_arguments_of_a_test_case_are_its_own),
        TEST(a_program_that_does_not_compile),
        TEST(long_output_is_compared_whole_and_kept_in_part),
        TEST(submitted_files_are_there_when_compiling_and_when_running),
        TEST(files_alone_make_a_program),
        TEST(names_that_clash_are_the_authors_mistake),
        TEST(a_language_that_is_not_here_fails_the_job),
        TEST(stop_on_first_failure_is_deterministic),
        TEST(runs_past_the_first_failure_are_neither_waited_for_nor_started),
        TEST(one_program_submitted_twice_at_once_is_compiled_once),
        TEST(waiting_for_a_program_misses_no_end_of_its_making),
        TEST(a_slot_does_other_work_while_a_program_is_made),
        TEST(jobs_take_turns),
        TEST(equal_jobs_end_together),
        TEST(owners_share_by_weight_not_by_jobs),
        TEST(owners_share_time_not_tasks),
        TEST(two_slots_run_at_once),
        TEST(idle_is_told),
        TEST(a_cancelled_job_ends_soon),
        TEST(cancelling_reaches_runs_that_are_about_to_begin),
        TEST(a_job_may_be_cancelled_from_its_own_callback),
        TEST(closing_cancels_what_runs),
        TEST(a_crash_is_looked_into_on_an_idle_slot),
        TEST(looking_into_a_crash_gives_way_to_jobs),
        TEST(looking_away_ends_it),
        TEST(when_the_jail_dies_jobs_end_cancelled),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    engine_close(&engine);
    return failed;
}
