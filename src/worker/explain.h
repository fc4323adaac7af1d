/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h: hints for what a slot has just seen fail: the evidence put together for hints/. Private to worker/. */
#ifndef EVALX_WORKER_EXPLAIN_H
#define EVALX_WORKER_EXPLAIN_H

#include "hints/hints.h"
#include "language/language.h"
#include "model/result.h"

/* Each does nothing when rules is NULL or the submission wants no hints. notes: of diagnose.h; may be empty. */
void explain_compile(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                     const struct compile_result *compile, struct str notes, struct hint_list *ret);
void explain_test(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                  size_t index, struct str notes, struct test_result *test);

/* report: of the same test case with sanitizers; exit_code theirs. */
void explain_crash(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                   size_t index, struct str report, int exit_code, struct hint_list *ret);

/* The submission's hints: the compile step's, or the union of the test cases', the best first. */
void explain_result(struct result *result);

#endif
