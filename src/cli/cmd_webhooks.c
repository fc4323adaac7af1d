/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_webhooks.c: evalx webhooks list | resend TOKEN | listen. list looks into the store itself, because whoever may list tokens must be
 * one who may read the store; resend asks the server, to which the token is permission enough; listen is a receiver to try things out with.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/hooks.h"
#include "cli/listener.h"
#include "cli/table.h"
#include "store/store.h"

enum { PAGE = 100 };

struct webhooks_options {
    bool dead, json;
    const char *server, *port, *secret;
};

static const struct option webhooks_table[] = {
    {.name = "dead",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct webhooks_options, dead),
     .help = "list: only what was given up on"},
    {.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct webhooks_options, json), .help = "as JSON"},
    {.name = "server",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct webhooks_options, server),
     .value = "URL",
     .help = "resend: the server; default EVALX_SERVER, else http://127.0.0.1:2358"},
    {.name = "port",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct webhooks_options, port),
     .value = "N",
     .help = "listen: on 127.0.0.1:N; default 8080, 0 picks one"},
    {.name = "secret",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct webhooks_options, secret),
     .value = "WHSEC",
     .help =
         "listen: what to verify with, or two with a comma between; default webhook.secret, else the state folder's"},
};

/* ---- list ---- */

static const char *const kind_names[STORE_DELIVERY_KIND_COUNT] = {
    [STORE_DELIVERY_STARTED] = "started", [STORE_DELIVERY_TEST] = "test", [STORE_DELIVERY_COMPLETED] = "completed"};

static const char *status_word(enum store_delivery_status status)
{
    return status == STORE_OWED_DEAD ? "dead" : "pending";
}

static json_t *owed_json(const struct store_owed *owed)
{
    char created[RFC3339_SIZE], next[RFC3339_SIZE];
    const struct store_delivery_state *state = &owed->state;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s?, s:s?}", "id", owed->id, "token", owed->token,
                     "event", kind_names[owed->kind], "state", status_word(state->status), "url", owed->url, "owner",
                     owed->owner, "created_at", clock_rfc3339(owed->created_ms, created), "attempts", state->attempts,
                     "last_status", state->last_status, "last_error", state->last_error, "next_attempt_at",
                     state->next_ms > 0 ? clock_rfc3339(state->next_ms, next) : NULL);
}

static void add_row(struct table *table, const struct store_owed *owed)
{
    char created[RFC3339_SIZE], attempts[16];
    const struct store_delivery_state *state = &owed->state;
    snprintf(attempts, sizeof(attempts), "%d", state->attempts);
    table_cell(table, TABLE_PLAIN, owed->token, 0);
    table_cell(table, TABLE_PLAIN, kind_names[owed->kind], 0);
    table_cell(table, state->status == STORE_OWED_DEAD ? TABLE_RED : TABLE_YELLOW, status_word(state->status), 0);
    table_cell(table, TABLE_PLAIN, clock_rfc3339(owed->created_ms, created), 0);
    table_cell(table, TABLE_PLAIN, attempts, 0);
    table_cell(table, TABLE_PLAIN, state->last_error ? state->last_error : "", 60);
    table_cell(table, TABLE_PLAIN, owed->url, 0);
}

static int list_some(struct store *store, enum store_delivery_status status, json_t *list, struct table *table)
{
    struct store_owed owed[PAGE];
    char cursor[STORE_CURSOR_SIZE];
    const char *after = NULL;
    size_t count;
    do {
        int r = store_outbox_list(store, status, after, PAGE, owed, &count);
        if (r < 0)
            return r;
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(list, owed_json(&owed[i]));
            add_row(table, &owed[i]);
            memcpy(cursor, owed[i].cursor, sizeof(cursor));
            store_owed_release(&owed[i]);
        }
        after = cursor;
    } while (count > 0);
    return 0;
}

static int list(struct invocation *invocation, const struct webhooks_options *options)
{
    static const char *const headers[] = {"token", "event", "state", "since", ">tries", "last error", "url", NULL};
    _cleanup_(store_closep) struct store *store = NULL;
    _cleanup_(table_freep) struct table *table = table_new(headers);
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    struct error err = ERROR_INIT;
    json_auto_t *all = json_array();
    int r = store_inspect(invocation->config.store_url, &store, &err);
    if (r < 0) {
        print_error("%s", err.message);
        return EXIT_ENGINE;
    }
    if (!options->dead)
        r = list_some(store, STORE_OWED_PENDING, all, table);
    if (r == 0)
        r = list_some(store, STORE_OWED_DEAD, all, table);
    if (r < 0) {
        print_error("reading the store: %s", strerror(-r));
        return EXIT_ENGINE;
    }
    if (options->json) {
        print_json(json_pack("{s:O}", "webhooks", all));
    } else {
        table_print(table, terminal_coloured(), terminal_width(), &out);
        fputs(buf_str(&out), stdout);
    }
    return EXIT_OK;
}

/* ---- resend ---- */

static int resend(const char *token, const struct webhooks_options *options)
{
    const char *server = options->server ? options->server : getenv("EVALX_SERVER");
    _cleanup_(client_closep) struct client *client = NULL;
    _cleanup_(freep) char *path = NULL;
    struct error err = ERROR_INIT;
    json_auto_t *answer = NULL, *body = json_object();
    if (!token_valid(token, strlen(token))) {
        print_error("\"%s\" is no token", token);
        return EXIT_USAGE;
    }
    path = xasprintf("/submissions/%s/webhook/resend", token);
    int r = client_open(server && *server ? server : "http://127.0.0.1:2358", getenv("EVALX_API_KEY"), &client, &err);
    if (r == 0)
        r = client_call(client, path, body, &answer, &err);
    if (r < 0) {
        long status = 0;
        json_t *errors = client ? client_problem(client, &status) : NULL;
        print_problem(err.message, status, errors);
        return r == -EINVAL && status == 0 ? EXIT_USAGE : EXIT_ENGINE;
    }
    if (options->json)
        print_json(json_incref(answer));
    else
        printf("%s: due again now\n", token);
    return EXIT_OK;
}

/* ---- listen ---- */

static int listen_here(struct invocation *invocation, const struct webhooks_options *options)
{
    struct secrets secrets = {0};
    struct error err = ERROR_INIT;
    int r = 0;
    if (options->secret) {
        r = secrets_parse(options->secret, &secrets, &err);
        r = r < 0 ? error_wrap(&err, r, "--secret") : 0;
    } else {
        r = hooks_secrets(&invocation->config, false, &secrets, &err);
        if (r == 0 && secrets.count == 0)
            r = error_set(&err, -EINVAL,
                          "there is no secret to verify with: give --secret, set webhook.secret, or name the server's "
                          "--state-dir");
    }
    if (r < 0) {
        print_error("%s", err.message);
        return EXIT_USAGE;
    }
    return listener_run(&secrets, options->port ? options->port : "8080", options->json);
}

static int run_webhooks(struct invocation *invocation)
{
    const struct webhooks_options *options = invocation->options;
    const struct texts *operands = invocation->operands;
    const char *verb = operands->items[0];
    size_t wanted = strcmp(verb, "resend") == 0 ? 2 : 1;
    if (operands->count != wanted) {
        print_error("usage: evalx webhooks %s", command_webhooks.usage);
        return EXIT_USAGE;
    }
    if (strcmp(verb, "list") == 0)
        return list(invocation, options);
    if (strcmp(verb, "resend") == 0)
        return resend(operands->items[1], options);
    if (strcmp(verb, "listen") == 0)
        return listen_here(invocation, options);
    print_error("webhooks: unknown verb \"%s\"; there are: list, resend, listen", verb);
    return EXIT_USAGE;
}

const struct command command_webhooks = {
    .name = "webhooks",
    .usage = "list [--dead] | resend TOKEN | listen [--port N]",
    .summary = "look at webhooks that are owed, send one again, receive some to try them out",
    .description =
        "list shows what is pending and what was given up on (--dead: only that); it reads the store, so it takes the\n"
        "same --state-dir or --store-url as the server, and a user who may. resend asks the server to send once more "
        "what was\n"
        "given up on. listen receives on this machine, verifies and prints; start the server with\n"
        "EVALX_WEBHOOK_ALLOW=127.0.0.1 so that it may send here.",
    .tables = {OPTION_TABLE(webhooks_table)},
    .options_size = sizeof(struct webhooks_options),
    .operands_least = 1,
    .operands_most = 2,
    .uses_config = true,
    .run = run_webhooks,
};
