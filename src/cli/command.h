/* SPDX-License-Identifier: Apache-2.0 */
/* command.h: what a command is. main.c has the table of them; each lives in its own cmd_*.c. */
#ifndef EVALX_CLI_COMMAND_H
#define EVALX_CLI_COMMAND_H

#include "cli/config.h"
#include "cli/options.h"

/* Exit codes, documented in evalx(1). */
enum {
    EXIT_OK = 0,
    EXIT_TESTS_FAILED = 1, /* a test case or a check did not pass */
    EXIT_USAGE = 2,        /* wrong command line, configuration or input file */
    EXIT_ENGINE = 3,       /* evalx itself, or the server, could not do it */
};

struct invocation {
    const char *command;
    void *options; /* the command's own, as its option tables describe */
    const struct texts *operands;
    struct config config; /* loaded when the command uses_config */
};

struct command {
    const char *name;
    const char *usage;       /* operands, for help: "FILE [options]" */
    const char *summary;     /* one line */
    const char *description; /* paragraphs for `evalx help NAME`; NULL: none */
    struct option_table tables[OPTION_TABLES_MAX];
    size_t options_size;
    size_t operands_least, operands_most;
    bool uses_config;
    bool is_role;                              /* a server: runs until it is told to end */
    bool tells_warnings;                       /* of the configuration, itself; otherwise main prints them */
    int (*run)(struct invocation *invocation); /* returns an exit code; has told the user why when it is not 0 */
};

extern const struct command command_serve, command_api, command_worker, command_run, command_submit, command_languages,
    command_webhooks, command_hints, command_doctor, command_health, command_config, command_keys, command_version,
    command_help;
extern const struct command *const commands[]; /* NULL-terminated, in the order of help */

/* cmd_run.c: runs operand 0 as invocation->options, a struct program, says. Also for evalx hints explain. */
int run_program(struct invocation *invocation);

/* "evalx: message" on standard error, control bytes escaped; with --json the same again as JSON when the command has failed. */
void print_error(const char *format, ...) ATTR_PRINTF(1, 2);
void print_warning(const char *text); /* on standard error only */

/* print_error, plus what the JSON form says more: an HTTP status (0: none) and a list of {field, message} (taken over; NULL: none). */
void print_problem(const char *message, long status, json_t *errors);

/* At the end of main: as_json and no JSON was printed: {"error": {"message", "status"?, "errors"?}} on standard output. */
void finish_errors(bool as_json);

/* Appends bytes as they may go to a terminal: control characters other than newline and tab as \xNN or \u00NN. */
void escape_controls(const char *bytes, size_t len, struct buf *out);

/* Prints JSON, indented, and a newline on standard output; takes over the reference. */
void print_json(json_t *json);

#endif
