/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h: a checker that is a program: compiled once like a submission's own (and through the same cache), then run in a box
 * after each test case that ended well; or an interactor, which runs beside it (interact.h). Private to worker/.
 *
 * A checker is given three file names as arguments: input, the program's output, expected output. Its exit code decides, by testlib's
 * conventions:
 *
 *   0           accepted
 *   1           wrong_answer
 *   2, 4, 8     wrong_answer; the message begins with "presentation error" (4: something after the end, 8: early end)
 *   7           points: stderr begins with "points NUMBER"; accepted when they are above 0, otherwise wrong_answer
 *
 * Everything else is its own failure, and so is exceeding its limits: internal_error. What it writes to stderr, or when that is
 * nothing to stdout, becomes the message.
 */
#ifndef EVALX_WORKER_JUDGE_H
#define EVALX_WORKER_JUDGE_H

#include "worker/program.h"

enum {
    JUDGE_CPU_MS = 10000,
    JUDGE_WALL_MS = 20000,
    JUDGE_MEMORY_KB = 262144, /* or its language's default, when that is more */
    JUDGE_OUTPUT_KB = 1024,
    JUDGE_MESSAGE_MAX = 1024, /* bytes */
};

struct judge {
    const struct submission *source; /* NULL: there is none */
    bool interactive;                /* it is an interactor */
    const struct language *language;
    struct artifact *artifact; /* NULL until prepared */
    struct limits limits;
    struct language_command command;
};

/* False when it is a program (else there is nothing to do) whose language is not available: *ret_why (the caller frees) says so. */
bool judge_init(struct judge *judge, const struct registry *registry, const struct checker_spec *spec, char **ret_why);

/* "checker" or "interactor". */
const char *judge_name(const struct judge *judge);

void judge_release(struct judge *judge, struct artifact_cache *cache);

/* As program_prepare; for -EINVAL too err has a message, for whoever wrote the checker. */
int judge_prepare(struct judge *judge, struct artifact_cache *cache, struct box *box, struct error *err);

/*
 * Judges a test case whose run was accepted so far; output is a sealed file of all it wrote. Changes verdict, message and points
 * of *test. 0, -ECANCELED: box_cancel; other -errno: the engine failed.
 */
int judge_check(const struct judge *judge, struct box *box, const struct test_case *given, int output,
                struct test_result *test);

/* The decision alone, of a judge that was under these limits and whose name is who. */
void judge_conclude(const char *who, const struct box_report *report, const struct limits *limits,
                    struct test_result *test);

#endif
