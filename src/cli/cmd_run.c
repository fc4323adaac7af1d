/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_run.c: evalx run: one program in the sandbox from the shell, no server, no store. What the API does to a request happens
 * here to the same JSON: parsed, language found, limits resolved, executed, rendered.
 *
 * Files are read as the calling user; then the jail starts, privileges go, and the main thread waits for the result or a signal, so
 * that the scratch folder is removed either way.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/state.h"
#include "model/notes.h"

enum { CRASH_WAIT_MS = 5000 }; /* for a slot, which is free */

struct running {
    struct submission *sub;   /* kept for rendering; the executor has a copy */
    struct result *result;    /* set before done_fd is written */
    const char *guessed_from; /* the file whose extension told the language; NULL: --language did */
    int done_fd, signal_fd;
    size_t tested;
};

static void print_field_errors(const struct field_errors *errors)
{
    json_t *list = json_array();

    for (size_t i = 0; i < errors->count; i++) {
        const struct field_error *item = &errors->items[i];
        _cleanup_(freep) char *line =
            xasprintf("%s%s%s", item->field, item->field[0] != '\0' ? ": " : "", item->message);
        json_array_append_new(list, json_pack("{s:o, s:o}", "field", json_text(item->field, strlen(item->field), NULL),
                                              "message", json_text(item->message, strlen(item->message), NULL)));
        print_problem(line, 0, i + 1 == errors->count ? json_incref(list) : NULL);
    }
    json_decref(list);
}

/* The API's checks that need to know languages and caps. 0, or -EINVAL after telling the user. */
static int check_submission(const struct config *config, const struct registry *registry, const char *guessed_from,
                            struct submission *sub)
{
    _cleanup_(field_errors_release) struct field_errors errors = {0};
    _cleanup_(freep) char *why = NULL;
    const struct language *language = registry_find(registry, sub->language, sub->version, &why);
    size_t option = 0;

    if (language == NULL) {
        if (guessed_from != NULL)
            print_error("%s: its extension does not tell a language that is here (%s); say it with --language",
                        guessed_from, why);
        else
            print_error("%s", why);
        return -EINVAL;
    }
    if (language_check_options(language, &sub->compiler_options, &option) < 0) {
        print_error("%s does not allow the compiler option %s", language->name, sub->compiler_options.items[option]);
        return -EINVAL;
    }
    struct limits defaults = language->limits;
    limits_fill(&defaults, &config->limits);
    if (submission_resolve_limits(sub, &defaults, &config->max_limits, &errors) < 0) {
        print_field_errors(&errors);
        return -EINVAL;
    }
    return 0;
}

static struct submission *copy_submission(const struct submission *sub)
{
    _cleanup_(buf_release) struct buf stored = BUF_INIT;
    struct submission *copy = NULL;

    submission_store(sub, &stored);
    return submission_load(stored.data, stored.len, &copy, NULL) == 0 ? copy : NULL;
}

static void on_compiled(void *context, const struct compile_result *compile)
{
    const struct running *running = context;

    (void)compile;
    progress_show("test cases", 0, running->sub->test_count);
}

static void on_tested(void *context, unsigned index, const struct test_result *test)
{
    struct running *running = context;

    (void)index, (void)test;
    progress_show("test cases", ++running->tested, running->sub->test_count);
}

static void on_finished(void *context, struct result *result)
{
    struct running *running = context;
    uint64_t one = 1;

    running->result = result;
    fd_write_full(running->done_fd, &one, sizeof(one));
}

/* Waits for the result; a signal cancels the job, whose result then comes soon. Returns the signal, or 0. */
static int await_result(struct running *running, struct executor *executor, struct job *job)
{
    struct pollfd fds[] = {{.fd = running->done_fd, .events = POLLIN}, {.fd = running->signal_fd, .events = POLLIN}};
    struct signalfd_siginfo info = {0};
    int signal_number = 0;

    for (;;) {
        if (poll(fds, ARRAY_LEN(fds), -1) < 0)
            continue;
        if (fds[0].revents != 0)
            return signal_number;
        if (read(running->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
            signal_number = (int)info.ssi_signo;
            executor_cancel(executor, job);
            fds[1].fd = -1;
        }
    }
}

/* What killed the program is looked into at once: nobody waits for a slot here. */
static void explain_crash(struct executor *executor, struct running *running)
{
    struct result *result = running->result;
    struct hint_list found = {0};
    struct notes notes = {.test = -1};

    if (result->crashed < 0)
        return;
    size_t index = (size_t)result->crashed;
    progress_show("looking into the crash", 0, 1);
    int r = executor_look_into(executor, running->sub, index, &result->tests[index], CRASH_WAIT_MS, &found);
    progress_clear();
    if (r == 0 && found.count > 0)
        notes_of_crash(result, result->crashed, &found, hint_list_is_sure(&result->tests[index].hints), &notes);
    notes_apply(&notes, result);
    notes_release(&notes);
    hint_list_release(&found);
}

static int execute(struct engine *engine, struct running *running)
{
    static const struct job_callbacks callbacks = {
        .compiled = on_compiled, .tested = on_tested, .finished = on_finished};
    struct submission *copy = copy_submission(running->sub);

    if (copy == NULL) {
        print_error("the submission cannot be copied");
        return EXIT_ENGINE;
    }
    progress_show("starting", 0, running->sub->test_count);
    struct job *job = executor_start(engine->executor, copy, (struct job_owner){0}, &callbacks, running);
    int signal_number = await_result(running, engine->executor, job);
    progress_clear();
    if (signal_number == 0) {
        explain_crash(engine->executor, running);
        return EXIT_OK;
    }
    print_error("stopped by %s", signal_name(signal_number));
    return 128 + signal_number;
}

static int block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Everything between the checked request and the result, in the order engine.h asks for. Fills running->result. */
static int run_submission(const struct config *config, struct engine *engine, const char *scratch,
                          struct running *running)
{
    struct error err = ERROR_INIT;

    int r = engine_settle(config, engine, &err);
    if (r == 0 && check_submission(config, engine->registry, running->guessed_from, running->sub) < 0)
        return EXIT_USAGE;
    if (r == 0)
        r = engine_execute(config, engine, scratch, &err);
    if (r < 0) {
        print_error("%s", err.message);
        return EXIT_ENGINE;
    }
    return execute(engine, running);
}

static int report(const struct program *program, const json_t *request, const struct running *running)
{
    json_auto_t *document = result_document(running->sub, running->result->status, running->result,
                                            program->json ? ENCODING_UTF8 : ENCODING_BASE64);
    return program_report(program, request, document);
}

static void warn_of_weaknesses(const struct jail *jail)
{
    struct weakness weakness;

    for (unsigned i = 0; jail_weakness(jail, i, &weakness); i++) {
        _cleanup_(freep) char *line = xasprintf("weaker sandbox: %s: %s", weakness.name, weakness.text);
        print_warning(line);
    }
}

static int with_engine(const struct invocation *invocation, json_t *request, struct submission *sub)
{
    const struct config *config = &invocation->config;
    const struct program *program = invocation->options;
    struct running running = {.sub = sub,
                              .guessed_from = program->language == NULL ? invocation->operands->items[0] : NULL,
                              .done_fd = eventfd(0, EFD_CLOEXEC),
                              .signal_fd = -1};
    _cleanup_(freep) char *scratch = NULL;
    struct engine engine = {0};
    struct error err = ERROR_INIT;
    int status = EXIT_ENGINE;

    int r = engine_open(config, &engine, &err);
    if (r == 0)
        warn_of_weaknesses(engine.jail);
    if (r == 0)
        r = scratch_new(&engine.identity, &scratch, &err);
    if (r == 0) {
        state_prepare(config->state_dir, &engine.identity,
                      NULL); /* only to remember toolchains: without it they are asked again */
        running.signal_fd = block_signals();
        status = run_submission(config, &engine, scratch, &running);
    } else {
        print_error("%s", err.message);
    }
    if (status == EXIT_OK)
        status = report(program, request, &running);
    engine_close(&engine);
    if (scratch != NULL)
        scratch_remove(scratch);
    result_freep(&running.result);
    fd_closep(&running.done_fd);
    fd_closep(&running.signal_fd);
    return status;
}

int run_program(struct invocation *invocation)
{
    const struct program *program = invocation->options;
    _cleanup_(field_errors_release) struct field_errors errors = {0};
    _cleanup_(submission_freep) struct submission *sub = NULL;
    json_auto_t *request = NULL;
    struct error err = ERROR_INIT;

    if (program_request(program, invocation->operands->items[0], &request, &err) < 0) {
        print_error("%s", err.message);
        return EXIT_USAGE;
    }
    if (submission_parse_batch(request, &sub, &errors) < 0) {
        print_field_errors(&errors);
        return EXIT_USAGE;
    }
    token_new(sub->token);
    sub->created_ms = clock_realtime_ms();
    return with_engine(invocation, request, sub);
}

const struct command command_run = {
    .name = "run",
    .usage = "FILE [options]",
    .summary = "run one program in the sandbox, against test cases or just so",
    .description =
        "Compiles FILE once, runs it against each test case, and prints a table. Exits 0 only if every test "
        "case passed.\n"
        "Without --expect and --tests, prints what the program prints. Needs root, for the sandbox; without it see\n"
        "sandbox.allow_degraded.",
    .tables = {{.options = program_options, .count = PROGRAM_OPTION_COUNT}},
    .options_size = sizeof(struct program),
    .operands_least = 1,
    .operands_most = 1,
    .uses_config = true,
    .run = run_program,
};
