/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c: picks the command. Everything about a command is in its struct command (cmd_*.c): options, help, what it does. main only
 * reads the command line into it, loads the configuration if the command wants one, and turns mistakes into exit code 2.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/memory.h"
#include "cli/nearest.h"

const struct command *const commands[] = {
    &command_serve,     &command_api,      &command_worker,  &command_run,    &command_submit,
    &command_languages, &command_webhooks, &command_hints,   &command_doctor, &command_health,
    &command_config,    &command_keys,     &command_version, &command_help,   NULL,
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];

    struct nearest nearest = {.word = name};
    for (size_t i = 0; commands[i] != NULL; i++)
        nearest_offer(&nearest, commands[i]->name);
    if (nearest.best != NULL)
        print_error("unknown command \"%s\"; did you mean %s?", name, nearest.best);
    else
        print_error("unknown command \"%s\"; see: evalx help", name);
    return NULL;
}

static int check_operands(const struct command *command, const struct texts *operands)
{
    if (operands->count < command->operands_least) {
        print_error("usage: evalx %s %s", command->name, command->usage);
        return EXIT_USAGE;
    }
    if (operands->count > command->operands_most) {
        print_error("%s: unexpected argument \"%s\"", command->name, operands->items[command->operands_most]);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static int help_for(const char *name)
{
    struct invocation help = {.command = "help", .operands = &(struct texts){.items = &name, .count = 1}};
    return command_help.run(&help);
}

static int run_with_config(const struct command *command, struct invocation *invocation,
                           const struct arguments *arguments)
{
    struct config_sources sources = {.file = arguments->config_file,
                                     .environment = (const char *const *)environ,
                                     .overrides = arguments->overrides,
                                     .override_count = arguments->override_count};
    struct error err = ERROR_INIT;
    int status = EXIT_USAGE;

    if (config_load(&sources, &invocation->config, &err) < 0) {
        print_error("configuration: %s", err.message);
    } else {
        for (size_t i = 0; !command->tells_warnings && i < invocation->config.warnings.count; i++)
            print_warning(invocation->config.warnings.items[i]);
        status = command->run(invocation);
    }
    config_release(&invocation->config);
    return status;
}

/* Also after a mistake in the command line, which may come before --json: then any --json counts. */
static bool wants_json(const struct command *command, const void *options, int parsed, int argc, char **argv)
{
    const struct option *option = options_find(command->tables, "json");

    if (option == NULL)
        return false;
    bool wanted = *(const bool *)((const char *)options + option->offset);
    for (int i = 0; parsed < 0 && i < argc && strcmp(argv[i], "--") != 0; i++)
        wanted |= strcmp(argv[i], "--json") == 0;
    return wanted;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    _cleanup_(freep) void *options = xcalloc(1, MAX(command->options_size, 1));
    _cleanup_(arguments_release) struct arguments arguments = {0};
    struct error err = ERROR_INIT;
    int status = EXIT_USAGE;

    int parsed = options_parse(command->tables, command->uses_config, argc, argv, options, &arguments, &err);
    if (parsed < 0) {
        print_error("%s: %s", command->name, err.message);
    } else if (arguments.help) {
        status = help_for(command->name);
    } else if ((status = check_operands(command, &arguments.operands)) == EXIT_OK) {
        struct invocation invocation = {.command = command->name, .options = options, .operands = &arguments.operands};
        status = command->uses_config ? run_with_config(command, &invocation, &arguments) : command->run(&invocation);
    }
    finish_errors(status != EXIT_OK && wants_json(command, options, parsed, argc, argv));
    options_release(command->tables, options);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct command *command = find_command(name);
    keep_memory_small(command != NULL && command->is_role, argv);
    int status = command != NULL ? run_command(command, argc > 2 ? argc - 2 : 0, argv + 2) : EXIT_USAGE;
    if (fflush(stdout) != 0 && status == EXIT_OK)
        status = EXIT_ENGINE;
    return argc > 1 ? status : EXIT_USAGE;
}
