/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.c: see crash.h.
 *
 * The sanitizers write to stderr, where the program may have written, too. A program could print a report of its own making: the last
 * one counts, which the real run-time library writes when the program dies, and only the library's own exit code makes it believed. What a
 * program that fakes both can reach is a wrong hint about itself. The text goes through the same windows and limits as every output.
 *
 * The run gets what a sanitized program needs more of time, memory and stack, but never more than a request could have asked for: a slot is
 * no larger for it. It needs much address space, which the box does not limit.
 */
#include "worker/crash.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "worker/explain.h"

enum {
    EXIT_CODE = 86,      /* exitcode= of the languages' sanitize.environment */
    SLOWER = 10,         /* times as slow, at most, is what is waited for */
    START_MS = 2000,     /* and so long for the start */
    EXTRA_KB = 131072,   /* the run-time library's own */
    BEFORE_MAX = 6144,   /* bytes of a report before the header: what UBSan and the C++ library say */
    REPORT_MAX = 5120,   /* and from there on */
    FRAME_NAME_MAX = 80, /* bytes of a function's name */
    FRAMES_MAX = 6,      /* of one stack: recursion has thousands */
};

static bool is_crash(const struct test_result *test)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL, SIGTRAP};

    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (test->signal == signals[i] && test->verdict == VERDICT_RUNTIME_ERROR)
            return true;
    return false;
}

int crash_case(const struct language *language, const struct submission *sub, const struct result *result)
{
    if (language->sanitize_argv.count == 0 || sub->no_hints || sub->checker.type == CHECKER_INTERACTOR)
        return -1;
    for (size_t i = 0; i < result->test_count; i++)
        if (is_crash(&result->tests[i]))
            return (int)i;
    return -1;
}

void crash_key(const struct language *language, const struct submission *sub, size_t index,
               char out[SHA256_HEX_LEN + 1])
{
    const struct test_case *test = &sub->tests[index];
    const struct string_list *args = submission_args(sub, index);
    struct sha256 *hash = sha256_new();
    char program[SHA256_HEX_LEN + 1];

    artifact_key(language, sub, true, program);
    sha256_update_field(hash, program, strlen(program));
    sha256_update_field(hash, test->stdin_data.data, test->stdin_data.len);
    sha256_update_field(hash, &test->limits, sizeof(test->limits));
    for (size_t i = 0; i < args->count; i++)
        sha256_update_field(hash, args->items[i], strlen(args->items[i]));
    if (sub->hint_language)
        sha256_update_field(hash, sub->hint_language, strlen(sub->hint_language));
    sha256_finish_hex(hash, out);
}

/* ---- the run ---- */

/* At least what the program had, at most the cap. */
static int64_t between(int64_t had, int64_t wanted, int64_t cap)
{
    return MAX(had, MIN(wanted, cap));
}

static struct limits limits_of(const struct crash *crash, const struct limits *caps)
{
    struct limits limits = crash->sub->tests[crash->index].limits;
    const struct test_result *was = crash->was;

    limits.cpu_time_ms = MIN(SLOWER * (was->cpu_ns / NS_PER_MS) + START_MS, MAX(limits.cpu_time_ms, caps->cpu_time_ms));
    limits.wall_time_ms =
        MIN(SLOWER * (was->wall_ns / NS_PER_MS) + 2 * START_MS, MAX(limits.wall_time_ms, caps->wall_time_ms));
    limits.memory_kb = between(limits.memory_kb, 2 * limits.memory_kb + EXTRA_KB, caps->memory_kb);
    limits.stack_kb = between(limits.stack_kb, 2 * limits.stack_kb, caps->stack_kb);
    limits.processes = between(limits.processes, limits.processes + 4, caps->processes);
    return limits;
}

static int run(const struct crash *crash, const struct artifact *artifact, const struct limits *caps, struct box *box,
               struct box_report *ret)
{
    const struct buf *data = &crash->sub->tests[crash->index].stdin_data;
    const struct limits limits = limits_of(crash, caps);
    struct language_command command;
    _cleanup_(fd_closep) int input = -1;

    if (data->len > 0 && (input = fd_sealed_memfd("stdin", data->data, data->len)) < 0)
        return input;
    language_command(crash->language, LANGUAGE_RUN_SANITIZED, crash->sub, submission_args(crash->sub, crash->index),
                     &limits, &command);
    const struct box_spec spec = {
        .argv = (const char *const *)command.argv,
        .envp = (const char *const *)command.envp,
        .stdin_fd = input,
        .artifact_fd = artifact_dirfd(artifact),
        .link_artifact = crash->sub->file_count > 0,
        .limits = limits,
        .collect_fd = -1,
    };
    int r = program_run(box, &spec, ret, NULL);
    language_command_release(&command);
    if (r == 0 && ret->cause == BOX_CANCELLED) {
        box_report_release(ret);
        r = -ECANCELED;
    }
    return r;
}

int crash_explain(const struct job_tools *tools, struct box *box, const struct crash *crash, struct hint_list *ret)
{
    const struct program_request request = {.cache = tools->cache,
                                            .language = crash->language,
                                            .sub = crash->sub,
                                            .output_keep = tools->output_keep,
                                            .sanitized = true};
    struct compile_result compile = {0};
    struct artifact *artifact = NULL;
    struct box_report report = {0};
    struct error why = ERROR_INIT;

    int r = program_prepare(&request, box, &artifact, &compile, &why);
    if (r == 0 || r == -EINVAL)
        compile_result_release(&compile);
    if (r == -EINVAL)
        return 0; /* it cannot be built so: nothing is known */
    if (r < 0)
        return r;
    r = run(crash, artifact, &tools->crash_caps, box, &report);
    artifact_release(tools->cache, artifact);
    if (r < 0)
        return r;
    if (report.cause == BOX_EXITED && report.exit_code == EXIT_CODE) {
        _cleanup_(buf_release) struct buf text = BUF_INIT;
        crash_report(buf_view(&report.err), &text);
        explain_crash(tools->hints, crash->language, crash->sub, crash->index, buf_view(&text), EXIT_CODE, ret);
    }
    box_report_release(&report);
    return 0;
}

/* ---- the report ---- */

static bool starts(struct str line, const char *with)
{
    size_t len = strlen(with);
    return line.len >= len && memcmp(line.data, with, len) == 0;
}

static const char mark[] = "==ERROR: AddressSanitizer: ";

/* Where the last report of AddressSanitizer begins ("==7==ERROR: AddressSanitizer: "); the end when there is none. */
static size_t last_header(struct str err)
{
    size_t found = err.len;

    for (const char *at = err.data; (at = memmem(at, err.len - (size_t)(at - err.data), mark, sizeof mark - 1)); at++)
        found = (size_t)(at - err.data);
    while (found > 0 && found < err.len && err.data[found - 1] != '\n')
        found--;
    return found;
}

/* "    #2 0x4015c9 in main /box/work/main.c:10": only those of submitted files are kept, the function's name cut. */
static bool append_frame(struct str line, unsigned *frames, struct buf *out)
{
    static const char folder[] = " /box/work/";
    const char *place = memmem(line.data, line.len, folder, sizeof folder - 1);
    size_t indent = 0;
    while (indent < line.len && line.data[indent] == ' ')
        indent++;

    if (indent >= line.len || line.data[indent] != '#') {
        *frames = 0;
        return false;
    }
    if (!place || ++*frames > FRAMES_MAX)
        return true;
    size_t before = MIN((size_t)(place - line.data), (size_t)FRAME_NAME_MAX);
    buf_append(out, line.data, before);
    buf_append(out, place, line.len - (size_t)(place - line.data));
    buf_append_char(out, '\n');
    return true;
}

/* Line by line, at most most bytes; the shadow memory and all after it are of no use, and neither are headers of earlier reports. */
static void append_part(struct str text, bool earlier, size_t most, struct buf *out)
{
    size_t limit = out->len + most;
    unsigned frames = 0;

    while (text.len > 0 && out->len < limit) {
        const char *end = memchr(text.data, '\n', text.len);
        struct str line = {.data = text.data, .len = end ? (size_t)(end - text.data) : text.len};
        if (starts(line, "SUMMARY: ") || starts(line, "Shadow bytes around"))
            return;
        bool header = earlier && memmem(line.data, line.len, mark, sizeof mark - 1);
        if (!header && !append_frame(line, &frames, out)) {
            buf_append(out, line.data, line.len);
            buf_append_char(out, '\n');
        }
        text.data += line.len + (end != NULL);
        text.len -= line.len + (end != NULL);
    }
    if (out->len > limit)
        buf_truncate(out, limit);
}

void crash_report(struct str err, struct buf *out)
{
    size_t header = last_header(err);
    size_t from = header > BEFORE_MAX ? header - BEFORE_MAX : 0;

    while (from > 0 && from < header && err.data[from - 1] != '\n')
        from++;
    append_part((struct str){.data = err.data + from, .len = header - from}, true, BEFORE_MAX, out);
    append_part((struct str){.data = err.data + header, .len = err.len - header}, false, REPORT_MAX, out);
}
