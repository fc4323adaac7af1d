/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_help.c: evalx help, evalx version: both made from the tables. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static void print_overview(void)
{
    printf("evalx %s runs programs against test cases, each in its own sandbox.\n\nusage: evalx COMMAND [options]\n\n",
           EVALX_VERSION);
    for (size_t i = 0; commands[i] != NULL; i++)
        printf("  %-12s%s\n", commands[i]->name, commands[i]->summary);
    puts("\n`evalx help COMMAND` tells its options; the whole story: man evalx\n"
         "Exit codes: 0 ok, 1 a test case or check failed, 2 wrong usage or configuration, 3 the engine failed.");
}

static void print_command(const struct command *command)
{
    _cleanup_(buf_release) struct buf out = BUF_INIT;

    buf_printf(&out, "usage: evalx %s %s\n\n%s\n", command->name, command->usage, command->summary);
    if (command->description != NULL)
        buf_printf(&out, "\n%s\n", command->description);
    if (command->tables[0].count > 0) {
        buf_append_str(&out, "\nOptions:\n");
        options_help(command->tables, &out);
    }
    if (command->uses_config) {
        buf_append_str(&out, "\nSettings:\n");
        options_config_help(&out);
    }
    fputs(buf_str(&out), stdout);
}

static int run_help(struct invocation *invocation)
{
    if (invocation->operands->count == 0) {
        print_overview();
        return EXIT_OK;
    }
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, invocation->operands->items[0]) == 0) {
            print_command(commands[i]);
            return EXIT_OK;
        }
    print_error("no command is called \"%s\"; see: evalx help", invocation->operands->items[0]);
    return EXIT_USAGE;
}

const struct command command_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .summary = "tell what the commands do",
    .operands_most = 1,
    .run = run_help,
};

struct version_options {
    bool json;
};

static const struct option version_table[] = {
    {.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct version_options, json), .help = "as JSON"},
};

static int run_version(struct invocation *invocation)
{
    const struct version_options *options = invocation->options;

    if (options->json)
        print_json(json_pack("{s:s, s:s}", "name", "evalx", "version", EVALX_VERSION));
    else
        puts("evalx " EVALX_VERSION);
    return EXIT_OK;
}

const struct command command_version = {
    .name = "version",
    .usage = "[--json]",
    .summary = "print the version",
    .tables = {OPTION_TABLE(version_table)},
    .options_size = sizeof(struct version_options),
    .run = run_version,
};
