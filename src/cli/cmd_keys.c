/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_keys.c: evalx keys new NAME, evalx keys check FILE: for the file of API keys (auth/keys.h) that the setting auth.keys names. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/keys.h"
#include "base/json.h"
#include "cli/command.h"

enum { OPERANDS_MOST = 16 };

struct keys_options {
    bool json;
};

static const struct option keys_table[] = {
    {.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct keys_options, json), .help = "as JSON"},
};

/* The line with the options that were given, if the server would take it. */
static int make_line(const char *key, const struct texts *words, struct buf *line, struct error *err)
{
    _cleanup_(freep) char *begin = key_line(key, words->items[1]);

    buf_append_str(line, begin);
    for (size_t i = 2; i < words->count; i++)
        buf_printf(line, " %s", words->items[i]);
    return keys_check_text("line", buf_view(line), err);
}

static int new_key(const struct texts *words, const struct keys_options *options)
{
    char key[KEY_TEXT_LEN + 1];
    _cleanup_(buf_release) struct buf line = BUF_INIT;
    struct error err = ERROR_INIT;

    key_new(key);
    if (make_line(key, words, &line, &err) < 0) {
        print_error("keys: %s", err.message);
        return EXIT_USAGE;
    }
    if (options->json) {
        print_json(json_pack("{s:s, s:s}", "key", key, "line", buf_str(&line)));
        return EXIT_OK;
    }
    printf("# The key, for its owner; it is shown only this once, the server does not keep it:\n%s\n"
           "# The line for the file of auth.keys (then SIGHUP the server):\n%s\n",
           key, buf_str(&line));
    return EXIT_OK;
}

static int check_file(const struct texts *words, const struct keys_options *options)
{
    _cleanup_(keys_freep) struct keys *keys = NULL;
    struct error err = ERROR_INIT;

    if (words->count > 2) {
        print_error("keys: unexpected argument \"%s\"", words->items[2]);
        return EXIT_USAGE;
    }
    if (keys_open(words->items[1], &keys, &err) < 0) {
        print_error("%s", err.message);
        return EXIT_USAGE;
    }
    size_t count = keys_count(keys);
    if (options->json)
        print_json(json_pack("{s:I}", "keys", (json_int_t)count));
    else
        printf("%s: %zu %s\n", words->items[1], count, count == 1 ? "key" : "keys");
    return EXIT_OK;
}

static const struct {
    const char *name;
    int (*run)(const struct texts *words, const struct keys_options *options);
} verbs[] = {{"new", new_key}, {"check", check_file}};

static int run_keys(struct invocation *invocation)
{
    const struct texts *words = invocation->operands;

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(words->items[0], verbs[i].name) == 0)
            return verbs[i].run(words, invocation->options);
    print_error("keys: there are \"new\" and \"check\", not \"%s\"", words->items[0]);
    return EXIT_USAGE;
}

const struct command command_keys = {
    .name = "keys",
    .usage = "new NAME [OPTION=VALUE …] | check FILE",
    .summary = "make an API key, or check the file of them",
    .description =
        "new prints a fresh key, once, and the line that lets it in: SHA-256, NAME, and the options given, such as\n"
        "rate=10/s burst=20 share=3 max_waiting=1000 priority=-10..0 webhook_secret=whsec_…. Put the line into the "
        "file "
        "that\n"
        "auth.keys names and send the server SIGHUP. To replace a key, let two lines have one NAME for a while.\n"
        "check reads such a file as the server would.",
    .tables = {OPTION_TABLE(keys_table)},
    .options_size = sizeof(struct keys_options),
    .operands_least = 2,
    .operands_most = OPERANDS_MOST,
    .run = run_keys,
};
