/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.h: what a box's report means for a test case or a compile step. Pure functions. Private to worker/.
 *
 * Whose fault something is, is decided here and nowhere later: the program's (a verdict with a message for its author) or the
 * engine's (internal_error).
 */
#ifndef EVALX_WORKER_OUTCOME_H
#define EVALX_WORKER_OUTCOME_H

#include <stdint.h>

#include "box/box.h"
#include "language/language.h"
#include "model/result.h"
#include "model/submission.h"

struct outcome_question {
    const struct language *language;
    const struct checker_spec *checker;
    const struct test_case *test;      /* its limits are the ones that held */
    const char *program;               /* argv[0] of the run */
    int64_t output_keep;               /* bytes of each stream that stay in the result ... */
    int64_t output_json;               /* ... and bytes of JSON that these may come to; 0: any number */
    const struct string_list *collect; /* names of files that were asked for; may be NULL */
};

/* Fills *ret, done. Takes over the report's output and files. */
void outcome_of_run(const struct outcome_question *question, struct box_report *report, struct test_result *ret);

/* Fills *ret: state ok or failed. limits are the compile limits. Takes over the report's output. */
void outcome_of_compile(const struct limits *limits, int64_t output_keep, struct box_report *report,
                        struct compile_result *ret);

/* Appends what ended the run, for people: "exited with code 3", "CPU time limit of 2000 ms exceeded". */
void outcome_describe(struct buf *out, const struct box_report *report, const struct limits *limits);

/* A test case that the engine could not run, and one that did not get to run because of how the compile step ended. */
void outcome_internal(struct test_result *ret, const char *message);
void outcome_not_compiled(const struct compile_result *compile, struct test_result *ret);

/* A test case whose submission had used up its time before it could begin: time_ms, of them all together. */
void outcome_not_begun(int64_t time_ms, struct test_result *ret);

#endif
