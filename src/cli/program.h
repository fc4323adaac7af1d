/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h: what `evalx run` and `evalx submit` have in common: a program, its test cases and its limits from the command line
 * become the JSON body of POST /execute-batch; the answering submission document becomes a table for people.
 */
#ifndef EVALX_CLI_PROGRAM_H
#define EVALX_CLI_PROGRAM_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/options.h"
#include "model/limits.h"

/* The first member of both commands' options; program_options describes it. */
struct program {
    const char *language, *language_version;
    const char *stdin_file, *expect_file, *tests_folder;
    struct texts args, compiler_options, files;
    const char *checker, *absolute, *relative; /* tolerances of the float checker */
    struct limits limits;                      /* 0: not given */
    bool stop_on_first_failure;
    bool json;
    bool hints_only; /* not an option: evalx hints explain shows nothing else */
};

enum { PROGRAM_OPTION_COUNT = 20 };
extern const struct option program_options[PROGRAM_OPTION_COUNT];

/* The language that a file name's extension stands for ("prog.py" → "python"), else the extension itself; NULL when it has none. */
const char *program_language(const char *file);

/* Reads the files and builds the body. -errno with a message that names the file. *ret is a new reference. */
int program_request(const struct program *program, const char *file, json_t **ret, struct error *err);

/*
 * Shows a finished submission: JSON, or compile diagnostics, the program's own output when nothing was expected of it, and the
 * table of test cases. request is what was sent. Returns an exit code: EXIT_OK only when every test case was accepted.
 */
int program_report(const struct program *program, const json_t *request, json_t *document);

#endif
