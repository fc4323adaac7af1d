/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c: see judge.h. The three files are sealed memfds: nothing is copied into the box, and nothing in it can change them. */
#include "worker/judge.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/fd.h"
#include "worker/outcome.h"

/* ---- the program ---- */

bool judge_init(struct judge *judge, const struct registry *registry, const struct checker_spec *spec, char **ret_why)
{
    const struct limits own = {
        .cpu_time_ms = JUDGE_CPU_MS, .wall_time_ms = JUDGE_WALL_MS, .output_kb = JUDGE_OUTPUT_KB};
    const struct limits rest = limits_default();

    *judge = (struct judge){.source = spec->program, .interactive = spec->type == CHECKER_INTERACTOR, .limits = own};
    if (!judge->source)
        return true;
    judge->language = registry_find(registry, spec->program->language, spec->program->version, ret_why);
    if (!judge->language)
        return false;
    limits_fill(&judge->limits, &judge->language->limits);
    limits_fill(&judge->limits, &rest);
    judge->limits.memory_kb = MAX(judge->language->limits.memory_kb, (int64_t)JUDGE_MEMORY_KB);
    return true;
}

const char *judge_name(const struct judge *judge)
{
    return judge->interactive ? "interactor" : "checker";
}

void judge_release(struct judge *judge, struct artifact_cache *cache)
{
    if (judge->artifact)
        artifact_release(cache, judge->artifact);
    language_command_release(&judge->command);
}

/* The message is shown as it is: valid UTF-8. */
static int does_not_compile(const char *who, const struct compile_result *compile, struct error *err)
{
    const struct buf *said = compile->err.len > 0 ? &compile->err : &compile->out;
    _cleanup_(buf_release) struct buf text = BUF_INIT;

    if (compile->message)
        buf_append_str(&text, compile->message);
    if (compile->message && said->len > 0)
        buf_append_str(&text, ": ");
    utf8_repair(buf_str(said), strnlen(buf_str(said), said->len), &text);
    buf_truncate(&text, utf8_cut(buf_str(&text), text.len, ERROR_MESSAGE_MAX - 64));
    return error_set(err, -EINVAL, "the %s does not compile: %s", who, buf_str(&text));
}

int judge_prepare(struct judge *judge, struct artifact_cache *cache, struct box *box, struct error *err)
{
    static char input[] = "/proc/self/fd/3", output[] = "/proc/self/fd/4", answer[] = "/proc/self/fd/5";
    static char *files[] = {input, output, answer};
    const struct string_list args = {.items = files, .count = ARRAY_LEN(files)};
    const struct program_request request = {
        .cache = cache,
        .language = judge->language,
        .sub = judge->source,
        .output_keep = JUDGE_MESSAGE_MAX,
    };
    struct compile_result compile = {0};

    int r = program_prepare(&request, box, &judge->artifact, &compile, err);
    if (r == 0)
        language_command(judge->language, LANGUAGE_RUN, judge->source, &args, &judge->limits, &judge->command);
    if (r == -EINVAL)
        does_not_compile(judge_name(judge), &compile, err);
    compile_result_release(&compile);
    return r;
}

/* ---- the decision ---- */

static const struct {
    int code;
    enum verdict verdict;
    const char *prefix;
} exits[] = {
    {0, VERDICT_ACCEPTED, ""},
    {1, VERDICT_WRONG_ANSWER, ""},
    {2, VERDICT_WRONG_ANSWER, "presentation error"},
    {4, VERDICT_WRONG_ANSWER, "presentation error"},
    {8, VERDICT_WRONG_ANSWER, "presentation error"},
};

enum { EXIT_POINTS = 7 };

/* What it said, fit to be shown: cut, its end trimmed, valid UTF-8 without NUL. */
static void append_words(struct buf *out, const struct box_report *report)
{
    const struct buf *said = report->err.len > 0 ? &report->err : &report->out;
    const char *text = buf_str(said);
    size_t len = strnlen(text, said->len);

    len = utf8_cut(text, len, JUDGE_MESSAGE_MAX);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    if (len > 0 && out->len > 0)
        buf_append_str(out, ": ");
    utf8_repair(text, len, out);
}

/* "points 12.5 half of it" */
static bool read_points(const struct box_report *report, double *ret)
{
    static const char word[] = "points ";
    const char *text = buf_str(&report->err);
    char *end;

    if (strncmp(text, word, strlen(word)) != 0)
        return false;
    text += strlen(word);
    double points = strtod(text, &end);
    if (end == text || !isfinite(points) || (*end && !isspace((unsigned char)*end)))
        return false;
    *ret = points;
    return true;
}

/* False: the checker itself failed. */
static bool decides(const struct box_report *report, struct test_result *test, struct buf *message)
{
    if (report->cause != BOX_EXITED || report->oom_killed)
        return false;
    if (report->exit_code == EXIT_POINTS && read_points(report, &test->points)) {
        test->has_points = true;
        test->verdict = test->points > 0 ? VERDICT_ACCEPTED : VERDICT_WRONG_ANSWER;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
        if (exits[i].code != report->exit_code)
            continue;
        test->verdict = exits[i].verdict;
        buf_append_str(message, exits[i].prefix);
        return true;
    }
    return false;
}

void judge_conclude(const char *who, const struct box_report *report, const struct limits *limits,
                    struct test_result *test)
{
    _cleanup_(buf_release) struct buf message = BUF_INIT;

    if (!decides(report, test, &message)) {
        test->verdict = VERDICT_INTERNAL_ERROR;
        buf_printf(&message, "the %s failed: ", who);
        outcome_describe(&message, report, limits);
    }
    append_words(&message, report);
    free(test->message);
    test->message = message.len > 0 ? buf_steal(&message, NULL) : NULL;
}

/* ---- one test case ---- */

static int sealed(const struct buf *content)
{
    return fd_sealed_memfd("judge", buf_str(content), content->len);
}

int judge_check(const struct judge *judge, struct box *box, const struct test_case *given, int output,
                struct test_result *test)
{
    _cleanup_(fd_closep) int input = sealed(&given->stdin_data), answer = sealed(&given->expected);
    const int files[] = {input, output, answer};
    const struct box_spec spec = {
        .argv = (const char *const *)judge->command.argv,
        .envp = (const char *const *)judge->command.envp,
        .stdin_fd = -1,
        .artifact_fd = artifact_dirfd(judge->artifact),
        .link_artifact = judge->source->file_count > 0,
        .limits = judge->limits,
        .output_keep = JUDGE_MESSAGE_MAX + 4, /* so that the message is cut between two characters */
        .collect_fd = -1,
        .extra_fds = files,
        .extra_count = ARRAY_LEN(files),
    };
    struct box_report report = {0};

    if (input < 0 || answer < 0)
        return MIN(input, answer);
    int r = program_run(box, &spec, &report, NULL);
    if (r < 0)
        return r;
    if (report.cause == BOX_CANCELLED)
        r = -ECANCELED;
    else
        judge_conclude(judge_name(judge), &report, &judge->limits, test);
    box_report_release(&report);
    return r;
}
