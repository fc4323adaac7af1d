/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_submit.c: evalx submit: what evalx run does, on a server: send, follow, print the table.
 *
 * A failure may get a better hint after its result (docs/hints.md). Whether one is still to come is told by the event stream: for a client
 * that knows `done` it stays open as long as that is so, and is empty otherwise. So nothing is waited for in vain.
 */
#include <errno.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/value.h"
#include "model/verdict.h"

enum { POLL_WAIT_S = 30, HINT_WAIT_MS = 15000 };

static const char default_server[] = "http://127.0.0.1:2358";

struct submit_options {
    struct program program; /* first: program_options describes it */
    const char *server, *hint_wait;
};

static const struct option submit_table[] = {
    {.name = "server",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct submit_options, server),
     .value = "URL",
     .help = "the server; default EVALX_SERVER, else http://127.0.0.1:2358"},
    {.name = "hint-wait",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct submit_options, hint_wait),
     .value = "DURATION",
     .help =
         "how long to wait for a better hint than the result came with, if one is to come; default 15s, 0: not at all"},
};

struct following {
    size_t done, total;
};

static bool on_event(void *context, const char *name, const char *data)
{
    struct following *following = context;

    (void)data;
    if (strcmp(name, "test") == 0)
        following->done++;
    progress_show(following->done > 0 || strcmp(name, "compile") == 0 ? "test cases" : "waiting", following->done,
                  following->total);
    return strcmp(name, "done") != 0;
}

/* Only for the progress bar: whatever goes wrong here, await_result finds out. */
static void follow(struct client *client, const char *token, size_t total)
{
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    struct following following = {.total = total};

    progress_show("waiting", 0, total);
    client_follow(client, &(struct client_stream){.path = path, .event = on_event, .context = &following}, NULL);
    progress_clear();
}

static bool on_late_event(void *context, const char *name, const char *data)
{
    bool *news = context;

    (void)data;
    *news = *news || strcmp(name, "hints") == 0;
    return true;
}

/* Waits for the hints that come after the result. True when there are some; whatever goes wrong, the result has been had. */
static bool follow_hints(struct client *client, const char *token, int64_t wait_ms)
{
    _cleanup_(freep) char *path = xasprintf("/submissions/%s/events", token);
    bool news = false;
    const struct client_stream stream = {
        .path = path, .last_id = "done", .timeout_ms = wait_ms, .event = on_late_event, .context = &news};

    progress_show("waiting for a better hint", 0, 1);
    client_follow(client, &stream, NULL);
    progress_clear();
    return news;
}

static bool is_final(const json_t *document)
{
    const char *name = json_string_value(json_object_get(document, "status"));
    enum status status = STATUS_QUEUED;

    return name != NULL && status_from_name(name, &status) == 0 && status_final(status);
}

static int await_result(struct client *client, const char *token, bool json, json_t **ret, struct error *err)
{
    _cleanup_(freep) char *path =
        xasprintf("/submissions/%s?wait=%d&encoding=%s", token, POLL_WAIT_S, json ? "utf8" : "base64");

    for (;;) {
        json_auto_t *document = NULL;
        int r = client_call(client, path, NULL, &document, err);
        if (r < 0)
            return r;
        if (is_final(document)) {
            *ret = STEAL(document);
            return 0;
        }
    }
}

/* What failed may be explained better by now, or soon. */
static void await_hints(struct client *client, const char *token, const struct program *program, int64_t wait_ms,
                        json_t **document)
{
    const char *verdict = json_string_value(json_object_get(*document, "verdict"));
    json_t *newer = NULL;

    if (wait_ms <= 0 || verdict == NULL || strcmp(verdict, verdict_name(VERDICT_ACCEPTED)) == 0 ||
        !follow_hints(client, token, wait_ms) || await_result(client, token, program->json, &newer, NULL) < 0)
        return;
    json_decref(*document);
    *document = newer;
}

static int submit(struct client *client, const struct program *program, const json_t *request, int64_t hint_wait_ms,
                  json_t **ret, struct error *err)
{
    json_auto_t *receipt = NULL;

    int r = client_call(client, "/execute-batch", request, &receipt, err);
    if (r < 0)
        return r;
    const char *token = json_string_value(json_object_get(receipt, "token"));
    if (token == NULL)
        return error_set(err, -EIO, "the server's answer holds no token");
    if (progress_wanted())
        follow(client, token, json_array_size(json_object_get(request, "test_cases")));
    r = await_result(client, token, program->json, ret, err);
    if (r == 0)
        await_hints(client, token, program, hint_wait_ms, ret);
    return r;
}

static const char *server_of(const struct submit_options *options)
{
    const char *variable = getenv("EVALX_SERVER");

    if (options->server != NULL)
        return options->server;
    return variable != NULL && variable[0] != '\0' ? variable : default_server;
}

static int run_submit(struct invocation *invocation)
{
    const struct submit_options *options = invocation->options;
    _cleanup_(client_closep) struct client *client = NULL;
    json_auto_t *request = NULL, *document = NULL;
    int64_t hint_wait_ms = HINT_WAIT_MS;
    struct error err = ERROR_INIT;

    if (options->hint_wait != NULL && value_duration(options->hint_wait, &hint_wait_ms, &err) < 0) {
        print_error("--hint-wait %s", err.message);
        return EXIT_USAGE;
    }
    int r = program_request(&options->program, invocation->operands->items[0], &request, &err);
    if (r == 0)
        r = client_open(server_of(options), getenv("EVALX_API_KEY"), &client, &err);
    if (r < 0) {
        print_error("%s", err.message);
        return EXIT_USAGE;
    }
    r = submit(client, &options->program, request, hint_wait_ms, &document, &err);
    if (r < 0) {
        long status = 0;
        json_t *errors = client_problem(client, &status);
        print_problem(err.message, status, errors);
        return r == -EINVAL ? EXIT_USAGE : EXIT_ENGINE;
    }
    return program_report(&options->program, request, document);
}

const struct command command_submit = {
    .name = "submit",
    .usage = "FILE [options]",
    .summary = "send one program to a server, follow it, print the result",
    .description = "Like evalx run, on a server. Exits 0 only if every test case passed. EVALX_API_KEY is the API key, "
                   "if the server\n"
                   "wants one.",
    .tables = {{.options = program_options, .count = PROGRAM_OPTION_COUNT}, OPTION_TABLE(submit_table)},
    .options_size = sizeof(struct submit_options),
    .operands_least = 1,
    .operands_most = 1,
    .run = run_submit,
};
