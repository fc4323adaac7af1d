/* SPDX-License-Identifier: Apache-2.0 */
/* job.c: see job.h. */
#include "worker/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "worker/crash.h"
#include "worker/diagnose.h"
#include "worker/explain.h"
#include "worker/outcome.h"
#include "worker/program.h"

#define ENGINE_FAILED "the engine failed to run this test case"

struct job *job_new(const struct job_tools *tools, struct submission *sub, const struct job_callbacks *callbacks,
                    void *context)
{
    struct job *job = xcalloc(1, sizeof(*job));
    char *why = NULL;

    job->sub = sub;
    job->callbacks = *callbacks;
    job->context = context;
    job->first_failure = sub->test_count;
    job->started_ns = job->compiled_ns = clock_monotonic_ns();
    job->result = result_new(sub->test_count);
    job->result->started_ms = clock_realtime_ms();
    if (sub->created_ms > 0) /* else nobody accepted it before: run from a command line */
        job->result->queued_ns = MAX(job->result->started_ms - sub->created_ms, 0) * NS_PER_MS;
    job->language = registry_find(tools->registry, sub->language, sub->version, &why);
    job->result->language = xstrdup(job->language ? job->language->name : sub->language);
    if (job->language && job->language->version)
        job->result->version = xstrdup(job->language->version);
    if (job->language && !judge_init(&job->judge, tools->registry, &sub->checker, &why)) {
        job->result->message = xasprintf("%s: %s", judge_name(&job->judge), why);
        free(why);
    } else {
        job->result->message = why;
    }
    job->result->explained = tools->hints && !sub->no_hints;
    job->look_into_crash = job->result->explained && tools->look_into_crashes && job->language;
    pthread_mutex_init(&job->report_lock, NULL);
    pthread_mutex_init(&job->notes_lock, NULL);
    return job;
}

void job_free(struct job *job, const struct job_tools *tools)
{
    if (job->artifact)
        artifact_release(tools->cache, job->artifact);
    judge_release(&job->judge, tools->cache);
    language_command_release(&job->command);
    submission_free(job->sub);
    pthread_mutex_destroy(&job->report_lock);
    pthread_mutex_destroy(&job->notes_lock);
    buf_release(&job->notes);
    free(job);
}

/* ---- the program ---- */

static void not_compiled(struct job *job)
{
    for (size_t i = 0; i < job->sub->test_count; i++) {
        outcome_not_compiled(&job->result->compile, &job->result->tests[i]);
        job->result->order[job->reported++] = (uint16_t)i;
    }
}

static void engine_failed(struct job *job, const struct language *language, const struct error *why, const char *what)
{
    log_error("compile.failed", LOG_STR("language", language->name), LOG_STR("message", why->message));
    job->result->status = STATUS_FAILED;
    job->result->message = xasprintf("the engine failed to compile the %s", what);
}

static struct program_request request_of(const struct job *job, const struct job_tools *tools)
{
    return (struct program_request){
        .cache = tools->cache,
        .language = job->language,
        .sub = job->sub,
        .output_keep = tools->output_keep,
    };
}

/* What the compiler says besides, asked for once: the test cases of a submission share it. */
static struct str ask_for_notes(struct job *job, const struct job_tools *tools, struct box *box)
{
    const struct program_request request = request_of(job, tools);

    pthread_mutex_lock(&job->notes_lock);
    if (!job->has_notes)
        diagnose(&request, box, &job->notes);
    job->has_notes = true;
    pthread_mutex_unlock(&job->notes_lock);
    return buf_view(&job->notes);
}

static void explain_error(struct job *job, const struct job_tools *tools, struct box *box)
{
    const struct compile_result *compile = &job->result->compile;
    struct hint_list *hints = &job->result->hints;

    explain_compile(tools->hints, job->language, job->sub, compile, (struct str){0}, hints);
    if (!job->result->explained || hint_list_is_sure(hints))
        return;
    struct str notes = ask_for_notes(job, tools, box);
    if (notes.len == 0)
        return;
    hint_list_release(hints);
    explain_compile(tools->hints, job->language, job->sub, compile, notes, hints);
}

static void explain_failure(struct job *job, const struct job_tools *tools, struct box *box, size_t index,
                            struct test_result *test)
{
    explain_test(tools->hints, job->language, job->sub, index, (struct str){0}, test);
    if (!job->result->explained || test->verdict == VERDICT_ACCEPTED || hint_list_is_sure(&test->hints))
        return;
    struct str notes = ask_for_notes(job, tools, box);
    if (notes.len == 0)
        return;
    hint_list_release(&test->hints);
    explain_test(tools->hints, job->language, job->sub, index, notes, test);
}

static int compile_program(struct job *job, const struct job_tools *tools, struct box *box)
{
    const struct program_request request = request_of(job, tools);
    struct compile_result *compile = &job->result->compile;
    struct error why = ERROR_INIT;

    int r = program_prepare(&request, box, &job->artifact, compile, &why);
    if (r == -EAGAIN || r == -ECANCELED || r == -ENOSPC)
        return r;
    if (r < 0 && r != -EINVAL) {
        engine_failed(job, job->language, &why, "program");
        *compile = (struct compile_result){
            .state = COMPILE_FAILED,
            .verdict = VERDICT_INTERNAL_ERROR,
            .exit_code = -1,
            .message = xstrdup(job->result->message),
        };
    }
    if (r == -EINVAL)
        explain_error(job, tools, box);
    if (compile->state != COMPILE_NONE && job->callbacks.compiled)
        job->callbacks.compiled(job->context, compile);
    if (r < 0)
        not_compiled(job);
    return r;
}

/* A checker that does not compile is neither the program's fault nor the engine's: every test case says what is wrong with it. */
static int compile_judge(struct job *job, const struct job_tools *tools, struct box *box)
{
    struct error why = ERROR_INIT;
    int r = judge_prepare(&job->judge, tools->cache, box, &why);

    if (r == 0 || r == -EAGAIN || r == -ECANCELED || r == -ENOSPC)
        return r;
    if (r != -EINVAL)
        engine_failed(job, job->judge.language, &why, judge_name(&job->judge));
    for (size_t i = 0; i < job->sub->test_count; i++) {
        outcome_internal(&job->result->tests[i], r == -EINVAL ? why.message : job->result->message);
        job->result->order[job->reported++] = (uint16_t)i;
    }
    return r;
}

/* What was made before somebody else's making had to be waited for is kept. */
static int compile_all(struct job *job, const struct job_tools *tools, struct box *box)
{
    int r = job->artifact ? 0 : compile_program(job, tools, box);
    return r == 0 && job->judge.source ? compile_judge(job, tools, box) : r;
}

static int no_room(struct job *job)
{
    log_error("compile.no_room", LOG_STR("message", "no room left in the folder of artifacts"));
    job->result->message = xstrdup("the disk has no room for the program");
    return -ENOSPC;
}

int job_compile(struct job *job, const struct job_tools *tools, struct box *box)
{
    struct result *result = job->result;

    if (result->message) {
        result->status = STATUS_FAILED;
        return -ENOENT;
    }
    int r = compile_all(job, tools, box);
    if (r == -EAGAIN || r == -ECANCELED)
        return r;
    if (r == -ENOSPC)
        return no_room(job);
    job->compiled_ns = clock_monotonic_ns();
    if (result->compile.state != COMPILE_NONE)
        result->compile_ns = job->compiled_ns - job->started_ns;
    if (r == 0)
        language_command(job->language, LANGUAGE_RUN, job->sub, &job->sub->args, &job->sub->limits, &job->command);
    return r;
}

/* ---- test cases ---- */

/* The command depends on arguments and limits; nearly always they are the submission's. */
static bool has_own_command(const struct job *job, const struct test_case *test)
{
    return test->has_args || memcmp(&test->limits, &job->sub->limits, sizeof(test->limits)) != 0;
}

/* A test case under way. */
struct attempt {
    struct job *job;
    struct metrics *metrics;
    const struct lane *lane;
    const struct test_case *test;
    struct outcome_question question;
    struct box_spec spec; /* of the program; without its input */
};

/* Input and output are whole files. */
static int run_alone(struct attempt *attempt, struct test_result *ret)
{
    const struct job *job = attempt->job;
    const struct buf *data = &attempt->test->stdin_data;
    _cleanup_(fd_closep) int input = -1, output = -1;
    struct box_report report = {0};
    int r = 0;

    if (data->len > 0)
        r = input = fd_sealed_memfd("stdin", data->data, data->len);
    attempt->spec.stdin_fd = input;
    int64_t asked_ns = clock_monotonic_ns();
    if (r >= 0)
        r = program_run(attempt->lane->box, &attempt->spec, &report, NULL);
    if (r < 0)
        return r;
    metrics_observe(attempt->metrics, METRIC_OVERHEAD, clock_monotonic_ns() - asked_ns - report.wall_ns, NULL, NULL);
    if (report.cause == BOX_CANCELLED)
        r = -ECANCELED;
    if (r == 0 && job->judge.source)
        r = output =
            fd_sealed_memfd("output", buf_str(&report.out), report.out.len); /* all of it, unlike the result's */
    if (r >= 0)
        outcome_of_run(&attempt->question, &report, ret);
    if (r >= 0 && job->judge.source && ret->verdict == VERDICT_ACCEPTED)
        r = judge_check(&job->judge, attempt->lane->box, attempt->test, output, ret);
    box_report_release(&report);
    return MIN(r, 0);
}

/* Input and output are an interactor's. */
static int run_together(struct attempt *attempt, struct test_result *ret)
{
    const struct judge *judge = &attempt->job->judge;
    struct interaction interaction;
    int r = -EIO;

    for (int tries = 0; tries < 2 && r < 0 && r != -ECANCELED; tries++) {
        r = interact_run(judge, attempt->lane, &attempt->spec, attempt->test, &interaction);
        if (r < 0 && r != -ECANCELED)
            log_error("box.failed", LOG_INT("code", -r),
                      LOG_STR("message", "an interactive test case could not be run"));
    }
    if (r < 0)
        return r;
    outcome_of_run(&attempt->question, &interaction.program, ret);
    interact_conclude(judge, &interaction, ret);
    box_report_release(&interaction.program);
    box_report_release(&interaction.interactor);
    return 0;
}

static int run(struct job *job, const struct job_tools *tools, const struct lane *lane,
               const struct language_command *command, const struct test_case *test, struct test_result *ret)
{
    const char *names[SUBMISSION_COLLECT_MAX + 1] = {NULL};
    struct attempt attempt = {
        .job = job,
        .metrics = tools->metrics,
        .lane = lane,
        .test = test,
        .question = {.language = job->language,
                     .checker = &job->sub->checker,
                     .test = test,
                     .program = command->argv[0],
                     .output_keep = tools->output_keep,
                     .output_json = submission_output_bytes(job->sub),
                     .collect = &job->sub->collect},
        .spec = {.argv = (const char *const *)command->argv,
                 .envp = (const char *const *)command->envp,
                 .stdin_fd = -1,
                 .artifact_fd = artifact_dirfd(job->artifact),
                 .link_artifact = job->sub->file_count > 0,
                 .limits = test->limits,
                 .collect_fd = -1,
                 .collect_names = names,
                 .collect_max = submission_collect_bytes(job->sub, &test->limits)},
    };
    for (size_t i = 0; i < job->sub->collect.count; i++)
        names[i] = job->sub->collect.items[i];
    return job->judge.interactive ? run_together(&attempt, ret) : run_alone(&attempt, ret);
}

/* However many test cases there are, a submission ends: whoever stops a worker knows how long that can take. */
static bool is_out_of_time(const struct job *job, const struct job_tools *tools)
{
    return tools->submission_max_ns > 0 && clock_monotonic_ns() - job->started_ns >= tools->submission_max_ns;
}

int job_test(struct job *job, const struct job_tools *tools, const struct lane *lane, size_t index,
             struct test_result *ret)
{
    if (is_out_of_time(job, tools)) {
        outcome_not_begun(tools->submission_max_ns / NS_PER_MS, ret);
        return 0;
    }
    const struct test_case *test = &job->sub->tests[index];
    struct language_command own = {0};
    const struct language_command *command = &job->command;

    if (has_own_command(job, test)) {
        language_command(job->language, LANGUAGE_RUN, job->sub, submission_args(job->sub, index), &test->limits, &own);
        command = &own;
    }
    int r = run(job, tools, lane, command, test, ret);
    if (r < 0) {
        test_result_release(ret);
        outcome_internal(ret, ENGINE_FAILED);
    } else {
        explain_failure(job, tools, lane->box, index, ret);
    }
    language_command_release(&own);
    return r;
}

static bool passed(const struct test_result *test)
{
    return test->verdict == VERDICT_ACCEPTED;
}

static void report_one(struct job *job, size_t index)
{
    job->result->order[job->reported++] = (uint16_t)index;
    if (job->callbacks.tested)
        job->callbacks.tested(job->context, (unsigned)index, &job->result->tests[index]);
}

/* Stopping at the first failure: a test is reported when all before it are, and have passed. */
static void report_in_order(struct job *job)
{
    const struct test_result *tests = job->result->tests;

    while (job->reported < job->sub->test_count && tests[job->reported].done &&
           (job->reported == 0 || passed(&tests[job->reported - 1])))
        report_one(job, job->reported);
}

void job_report(struct job *job, size_t index, struct test_result *test)
{
    pthread_mutex_lock(&job->report_lock);
    job->result->tests[index] = *test;
    if (job->sub->stop_on_first_failure)
        report_in_order(job);
    else
        report_one(job, index);
    pthread_mutex_unlock(&job->report_lock);
}

/* ---- the end ---- */

/* Every test past the limit counts as skipped, also one that happened to run, and so does every one that did not. */
static void skip_the_rest(struct job *job, size_t last)
{
    struct result *result = job->result;

    for (size_t i = 0; i < result->test_count; i++) {
        struct test_result *test = &result->tests[i];
        if (test->done && i <= last)
            continue;
        test_result_release(test);
        *test = (struct test_result){.done = true, .verdict = VERDICT_SKIPPED, .exit_code = -1};
        if (job->reported < result->test_count)
            result->order[job->reported++] = (uint16_t)i;
    }
}

void job_finish(struct job *job)
{
    struct result *result = job->result;
    bool failed = result->status == STATUS_FAILED;
    char *message = STEAL(result->message);

    if (job->artifact)
        result->run_ns = clock_monotonic_ns() - job->compiled_ns;
    skip_the_rest(job, job->sub->stop_on_first_failure ? job->first_failure : job->sub->test_count);
    result_conclude(result);
    explain_result(result);
    if (job->look_into_crash && !failed)
        result->crashed = crash_case(job->language, job->sub, result);
    result->finished_ms = clock_realtime_ms();
    result->message = message;
    if (failed) {
        result->status = STATUS_FAILED;
        result->verdict = VERDICT_INTERNAL_ERROR;
    }
    if (job->cancelled)
        result->status = STATUS_CANCELLED;
    job->callbacks.finished(job->context, STEAL(job->result));
}
