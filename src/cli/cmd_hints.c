/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_hints.c: evalx hints: are the rules sound (check), and what do they say of a program or of a message (explain).
 *
 * check needs nothing but the rule files; explain with --message needs no sandbox; explain of a program runs it, like evalx run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/program.h"
#include "hints/hints.h"

enum { MESSAGE_FILE_MAX = 16 << 20 };

struct hints_options {
    struct program program; /* first: run_program takes it */
    const char *message_file, *stage, *exit_code;
};

static const struct option hints_table[] = {
    {.name = "message",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct hints_options, message_file),
     .value = "FILE",
     .help = "explain: do not run FILE, explain this output of its compiler or of itself (- for standard input)"},
    {.name = "stage",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct hints_options, stage),
     .value = "compile|run",
     .help = "explain: where the message comes from; default: compile"},
    {.name = "exit-code",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct hints_options, exit_code),
     .value = "N",
     .help = "explain: the program's exit code when the message is its own; default: 1"},
};

static int load(const struct invocation *invocation, struct hint_rules **ret)
{
    struct error err = ERROR_INIT;
    if (hint_rules_load(invocation->config.hints_dir, ret, &err) >= 0)
        return EXIT_OK;
    print_error("%s", err.message);
    return EXIT_USAGE;
}

static int check(const struct invocation *invocation)
{
    const struct hints_options *options = invocation->options;
    _cleanup_(hint_rules_freep) struct hint_rules *rules = NULL;
    _cleanup_(buf_release) struct buf report = BUF_INIT;
    size_t examples = 0;

    int status = load(invocation, &rules);
    if (status != EXIT_OK)
        return status;
    size_t mistakes = hint_rules_check(rules, &report, &examples);
    if (options->program.json) {
        print_json(json_pack("{s:I, s:I, s:I}", "rules", (json_int_t)hint_rules_count(rules), "examples",
                             (json_int_t)examples, "mistakes", (json_int_t)mistakes));
    }
    fwrite(buf_str(&report), 1, report.len, options->program.json ? stderr : stdout);
    if (!options->program.json)
        printf("%zu rules, %zu examples, %zu mistakes\n", hint_rules_count(rules), examples, mistakes);
    return mistakes > 0 ? EXIT_TESTS_FAILED : EXIT_OK;
}

static int read_file(const char *path, struct buf *out)
{
    int r = strcmp(path, "-") == 0 ? fd_read_all(0, MESSAGE_FILE_MAX, out)
                                   : fd_read_file(AT_FDCWD, path, MESSAGE_FILE_MAX, out);
    if (r < 0)
        print_error("reading %s: %s", path, strerror(-r));
    return r;
}

static int print_found(const struct hint_list *hints, bool as_json)
{
    if (as_json)
        print_json(hint_details_json(hints));
    for (size_t i = 0; i < hints->count && !as_json; i++) {
        _cleanup_(buf_release) struct buf shown = BUF_INIT;
        escape_controls(hints->items[i].text, strlen(hints->items[i].text), &shown);
        printf("hint: %s\n", buf_str(&shown));
    }
    return hints->count > 0 ? EXIT_OK : EXIT_TESTS_FAILED;
}

/* A message and the source it is about; nothing is run. */
static int explain_message(const struct invocation *invocation, const char *file)
{
    const struct hints_options *options = invocation->options;
    const char *language = options->program.language ? options->program.language : program_language(file);
    _cleanup_(hint_rules_freep) struct hint_rules *rules = NULL;
    _cleanup_(buf_release) struct buf message = BUF_INIT, source = BUF_INIT;
    bool run = options->stage && strcmp(options->stage, "run") == 0;
    const char *slash = strrchr(file, '/');

    if (options->stage && !run && strcmp(options->stage, "compile") != 0) {
        print_error("--stage must be compile or run, not \"%s\"", options->stage);
        return EXIT_USAGE;
    }
    if (!language) {
        print_error("%s: its extension does not tell the language; say it with --language", file);
        return EXIT_USAGE;
    }
    if (load(invocation, &rules) != EXIT_OK || read_file(file, &source) < 0 ||
        read_file(options->message_file, &message) < 0)
        return EXIT_USAGE;
    const struct hint_file main_file = {.name = slash ? slash + 1 : file, .text = buf_view(&source)};
    const struct limits limits = limits_default();
    const struct hint_evidence evidence = {
        .language = language,
        .stage = run ? HINT_RUN : HINT_COMPILE,
        .verdict = run ? VERDICT_RUNTIME_ERROR : VERDICT_COMPILATION_ERROR,
        .exit_code = options->exit_code ? (int)strtol(options->exit_code, NULL, 10) : 1,
        .limits = &limits,
        .err = buf_view(&message),
        .files = &main_file,
        .file_count = 1,
    };
    struct hint_list hints = {0};
    hints_find(rules, &evidence, NULL, &hints);
    int status = print_found(&hints, options->program.json);
    hint_list_release(&hints);
    return status;
}

static int explain(struct invocation *invocation)
{
    struct hints_options *options = invocation->options;
    const struct texts *operands = invocation->operands;
    int worst = EXIT_OK;

    options->program.hints_only = true;
    for (size_t i = 1; i < operands->count; i++) {
        const struct texts one = {.items = operands->items + i, .count = 1};
        struct invocation each = *invocation;
        each.operands = &one;
        int status = options->message_file ? explain_message(invocation, operands->items[i]) : run_program(&each);
        worst = MAX(worst, status);
    }
    return worst;
}

static int run_hints(struct invocation *invocation)
{
    const char *what = invocation->operands->items[0];
    bool more = invocation->operands->count > 1;

    if (strcmp(what, "check") == 0 && !more)
        return check(invocation);
    if (strcmp(what, "explain") == 0 && more)
        return explain(invocation);
    print_error("usage: evalx hints check | evalx hints explain FILE…");
    return EXIT_USAGE;
}

const struct command command_hints = {
    .name = "hints",
    .usage = "check | explain FILE… [options]",
    .summary = "check the rules for hints, or show the hints for a program",
    .description =
        "check: reads every rule file of hints.dir, reports mistakes with file and line, and runs each rule's "
        "examples.\n"
        "explain: runs each FILE like evalx run and shows the hints alone; with --message FILE nothing is run, and the "
        "message is explained with FILE as its source.",
    .tables = {{.options = program_options, .count = PROGRAM_OPTION_COUNT}, OPTION_TABLE(hints_table)},
    .options_size = sizeof(struct hints_options),
    .operands_least = 1,
    .operands_most = 64,
    .uses_config = true,
    .run = run_hints,
};
