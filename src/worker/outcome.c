/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.c: see outcome.h. One table says what each cause means; the box has already decided which cause counts when several
 * hold (memory, output, CPU time, wall time, signal, exit code). Two things are seen only here: a runtime that reports its
 * own lack of memory before the cgroup's limit is reached (JVM, Node), and the comparison with the expected output.
 */
#include "worker/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "checker/checker.h"

/* So much of each end of a stream is searched for a runtime's own message about memory. */
enum { PATTERN_WINDOW = 32768 };

/* ---- the words ---- */

static const struct {
    int signal;
    const char *meaning;
} signal_meanings[] = {
    {SIGSEGV, "segmentation fault"},
    {SIGABRT, "aborted"},
    {SIGFPE, "arithmetic error"},
    {SIGILL, "illegal instruction"},
    {SIGBUS, "bus error"},
    {SIGSYS, "system call not allowed"},
    {SIGPIPE, "broken pipe"},
    {SIGKILL, "killed"},
    {SIGTERM, "terminated"},
    {SIGXFSZ, "file size limit exceeded"},
    {SIGTRAP, "trace or breakpoint"},
};

static void describe_signal(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    buf_printf(out, "killed by %s", signal_name(report->signal));
    for (size_t i = 0; i < ARRAY_LEN(signal_meanings); i++)
        if (signal_meanings[i].signal == report->signal)
            buf_printf(out, " (%s)", signal_meanings[i].meaning);
    if (report->signal == SIGXFSZ)
        buf_printf(out, "; a file may have %" PRId64 " KiB", limits->file_kb);
}

static void describe_exit(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)limits;
    buf_printf(out, "exited with code %d", report->exit_code);
}

static void describe_memory(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)report;
    buf_printf(out, "memory limit of %" PRId64 " KiB exceeded", limits->memory_kb);
}

static void describe_output(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)report;
    buf_printf(out, "output limit of %" PRId64 " KiB exceeded", limits->output_kb);
}

static void describe_cpu(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)report;
    buf_printf(out, "CPU time limit of %" PRId64 " ms exceeded", limits->cpu_time_ms);
}

static void describe_wall(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)report;
    buf_printf(out, "wall time limit of %" PRId64 " ms exceeded", limits->wall_time_ms);
}

static void describe_exec(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)limits;
    buf_printf(out, "the program could not be started: %s", strerror(report->exec_errno));
}

static void describe_cancelled(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    (void)report, (void)limits;
    buf_append_str(out, "stopped before its end");
}

/* ---- the table ---- */

typedef void describe_fn(struct buf *out, const struct box_report *report, const struct limits *limits);

static const struct {
    enum verdict verdict;  /* of a run */
    describe_fn *describe; /* its message */
    const char *compile;   /* put in front of the message when it is the compiler's; NULL: no message */
} outcomes[] = {
    [BOX_EXITED] = {VERDICT_RUNTIME_ERROR, describe_exit, NULL},
    [BOX_SIGNALED] = {VERDICT_RUNTIME_ERROR, describe_signal, "the compiler was "},
    [BOX_MEMORY_LIMIT] = {VERDICT_MEMORY_LIMIT, describe_memory, "compile "},
    [BOX_OUTPUT_LIMIT] = {VERDICT_OUTPUT_LIMIT, describe_output, "compile "},
    [BOX_CPU_LIMIT] = {VERDICT_TIME_LIMIT, describe_cpu, "compile "},
    [BOX_WALL_LIMIT] = {VERDICT_TIME_LIMIT, describe_wall, "compile "},
    [BOX_EXEC_FAILED] = {VERDICT_RUNTIME_ERROR, describe_exec, "compiler: "},
    [BOX_CANCELLED] = {VERDICT_INTERNAL_ERROR, describe_cancelled, "compiler: "},
};

static enum box_cause cause_of(const struct box_report *report)
{
    return report->oom_killed && report->cause != BOX_EXEC_FAILED ? BOX_MEMORY_LIMIT : report->cause;
}

void outcome_describe(struct buf *out, const struct box_report *report, const struct limits *limits)
{
    outcomes[cause_of(report)].describe(out, report, limits);
}

/* ---- memory, as a runtime tells it ---- */

static bool matches_within(const regex_t *pattern, const char *text, size_t len)
{
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)len};
    return regexec(pattern, text, 1, &range, REG_STARTEND) == 0;
}

static bool matches(const regex_t *pattern, const struct buf *text)
{
    if (text->len <= 2 * PATTERN_WINDOW)
        return matches_within(pattern, buf_str(text), text->len);
    return matches_within(pattern, text->data, PATTERN_WINDOW) ||
           matches_within(pattern, text->data + text->len - PATTERN_WINDOW, PATTERN_WINDOW);
}

/*
 * The patterns hold the runtime's own last words, and the run has failed. How much memory was in use says nothing: an array that
 * could never fit is refused before any of it is touched.
 */
static bool runtime_ran_out_of_memory(const struct outcome_question *question, const struct box_report *report)
{
    const struct string_list *patterns = &question->language->memory_patterns;
    bool found = false;

    for (size_t i = 0; i < patterns->count && !found; i++) {
        regex_t pattern;
        if (regcomp(&pattern, patterns->items[i], REG_EXTENDED | REG_NEWLINE) != 0)
            continue; /* the registry has compiled it once already */
        found = matches(&pattern, &report->err) || matches(&pattern, &report->out);
        regfree(&pattern);
    }
    return found;
}

/* ---- runs ---- */

static bool program_is_of_the_machine(const char *program)
{
    return program[0] == '/' && strncmp(program, "/artifact/", strlen("/artifact/")) != 0;
}

/* Nothing that could be executed is there. */
static bool is_no_program(int exec_errno)
{
    static const int errors[] = {ENOENT, EACCES, ENOEXEC, ENOTDIR, EISDIR};
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (errors[i] == exec_errno)
            return true;
    return false;
}

/*
 * A program of the submission's own that cannot be executed is its author's affair, and so are arguments or limits too tight to
 * start anything in. An interpreter that cannot be is ours.
 */
static bool exec_is_engines_fault(const char *program, int exec_errno)
{
    if (is_no_program(exec_errno))
        return program_is_of_the_machine(program);
    return exec_errno != E2BIG && exec_errno != ENOMEM && exec_errno != EAGAIN;
}

static enum verdict verdict_of(const struct outcome_question *question, const struct box_report *report,
                               enum box_cause *cause)
{
    *cause = cause_of(report);
    if (*cause == BOX_EXITED && report->exit_code == 0)
        return VERDICT_ACCEPTED;
    if ((*cause == BOX_EXITED || *cause == BOX_SIGNALED) && runtime_ran_out_of_memory(question, report))
        *cause = BOX_MEMORY_LIMIT;
    if (*cause == BOX_EXEC_FAILED && exec_is_engines_fault(question->program, report->exec_errno))
        return VERDICT_INTERNAL_ERROR;
    return outcomes[*cause].verdict;
}

/* How many of the bytes come to no more than so many bytes in a JSON string. A control byte is six there. */
static size_t json_fit(const struct buf *bytes, size_t room)
{
    size_t at = 0;

    for (; at < bytes->len; at++) {
        unsigned char c = (unsigned char)bytes->data[at];
        size_t cost = c >= 0x20 ? 1 + (c == '"' || c == '\\') : strchr("\b\f\n\r\t", c) && c ? 2 : 6;
        if (cost > room)
            break;
        room -= cost;
    }
    return at;
}

/* Moves the output over, cut to keep bytes and to json of JSON; a long one does not go on holding its memory. */
static void keep_output(struct buf *from, int64_t keep, int64_t json, struct buf *to, bool *truncated)
{
    size_t most =
        json > 0 && from->len > (size_t)json / 6 ? MIN((size_t)keep, json_fit(from, (size_t)json)) : (size_t)keep;

    if (from->len > most) {
        buf_set(to, from->data, utf8_cut(from->data, from->len, most));
        buf_release(from);
        *truncated = true;
    } else {
        *to = *from;
    }
    *from = BUF_INIT;
}

static struct box_file *find_file(const struct box_report *report, const char *name)
{
    for (size_t i = 0; i < report->file_count; i++)
        if (strcmp(report->files[i].name, name) == 0)
            return &report->files[i];
    return NULL;
}

/*
 * Moves the files over, in the order they were asked for. The box says that some file was refused, not which: then every name without
 * a file counts as refused, otherwise as not there.
 */
static void keep_files(const struct string_list *names, struct box_report *report, struct test_result *ret)
{
    if (names->count > 0)
        ret->files = xcalloc(names->count, sizeof(*ret->files));
    for (size_t i = 0; i < names->count; i++) {
        struct box_file *from = find_file(report, names->items[i]);
        if (!from && !report->collect_failed)
            continue;
        struct collected_file *to = &ret->files[ret->file_count++];
        *to = (struct collected_file){.name = xstrdup(names->items[i]), .refused = !from};
        if (from) {
            to->content = from->content;
            from->content = BUF_INIT;
        }
    }
}

void outcome_of_run(const struct outcome_question *question, struct box_report *report, struct test_result *ret)
{
    const struct test_case *test = question->test;
    enum box_cause cause;
    struct buf message = BUF_INIT;

    *ret = (struct test_result){
        .done = true,
        .verdict = verdict_of(question, report, &cause),
        .truncated = report->truncated,
        .exit_code = report->exit_code,
        .signal = report->signal,
        .cpu_ns = report->cpu_ns,
        .wall_ns = report->wall_ns,
        .memory_kb = report->memory_kb,
    };
    if (ret->verdict != VERDICT_ACCEPTED)
        outcomes[cause].describe(&message, report, &test->limits);
    else if (test->has_expected && !question->checker->program &&
             !checker_compare(question->checker, buf_view(&test->expected), buf_view(&report->out), &ret->message))
        ret->verdict = VERDICT_WRONG_ANSWER;
    if (ret->verdict == VERDICT_WRONG_ANSWER)
        buf_append_str(&message, ret->message ? ret->message : "");
    if (cause == BOX_EXEC_FAILED && is_no_program(report->exec_errno) && question->language->compiled &&
        !program_is_of_the_machine(question->program))
        buf_append_str(&message, "; what the compiler made is not a program");
    if (ret->verdict != VERDICT_ACCEPTED && report->processes_limited)
        buf_printf(&message, "%sthe limit of %" PRId64 " processes was reached", message.len ? "; " : "",
                   test->limits.processes);
    if (message.len) {
        free(ret->message);
        ret->message = buf_steal(&message, NULL);
    }
    keep_output(&report->out, question->output_keep, question->output_json, &ret->out, &ret->truncated);
    keep_output(&report->err, question->output_keep, question->output_json, &ret->err, &ret->truncated);
    if (question->collect)
        keep_files(question->collect, report, ret);
}

void outcome_internal(struct test_result *ret, const char *message)
{
    *ret = (struct test_result){
        .done = true,
        .verdict = VERDICT_INTERNAL_ERROR,
        .exit_code = -1,
        .message = xstrdup(message),
    };
}

void outcome_not_begun(int64_t time_ms, struct test_result *ret)
{
    *ret = (struct test_result){
        .done = true,
        .verdict = VERDICT_TIME_LIMIT,
        .exit_code = -1,
        .message = xasprintf("not started: the whole submission's time (%g s, submission.max_time) was over",
                             (double)time_ms / 1000),
    };
}

/* ---- compiling ---- */

void outcome_of_compile(const struct limits *limits, int64_t output_keep, struct box_report *report,
                        struct compile_result *ret)
{
    enum box_cause cause = cause_of(report);
    bool exited_well = cause == BOX_EXITED && report->exit_code == 0;
    struct buf message = BUF_INIT;

    *ret = (struct compile_result){
        .state = exited_well && !report->collect_failed ? COMPILE_OK : COMPILE_FAILED,
        .exit_code = report->exit_code,
        .signal = report->signal,
        .truncated = report->truncated,
        .time_ns = report->wall_ns,
        .memory_kb = report->memory_kb,
    };
    if (ret->state == COMPILE_FAILED)
        ret->verdict =
            cause == BOX_EXEC_FAILED || cause == BOX_CANCELLED ? VERDICT_INTERNAL_ERROR : VERDICT_COMPILATION_ERROR;
    if (exited_well && report->collect_failed) {
        buf_printf(&message,
                   "what the compiler made cannot be kept: more than %d files, more than %" PRId64
                   " KiB, deeper than %d folders, or special files",
                   BOX_COLLECT_FILES_MAX, limits->file_kb, BOX_COLLECT_FOLDERS_MAX);
    } else if (ret->state == COMPILE_FAILED && outcomes[cause].compile) {
        buf_append_str(&message, outcomes[cause].compile);
        outcomes[cause].describe(&message, report, limits);
    }
    if (ret->state == COMPILE_FAILED && report->processes_limited)
        buf_printf(&message, "%sthe compile limit of %" PRId64 " processes was reached", message.len ? "; " : "",
                   limits->processes);
    if (message.len)
        ret->message = buf_steal(&message, NULL);
    keep_output(&report->out, output_keep, 0, &ret->out, &ret->truncated);
    keep_output(&report->err, output_keep, 0, &ret->err, &ret->truncated);
}

void outcome_not_compiled(const struct compile_result *compile, struct test_result *ret)
{
    *ret = (struct test_result){
        .done = true,
        .verdict = compile->verdict,
        .exit_code = -1,
        .message = compile->message ? xstrdup(compile->message) : NULL,
    };
}
