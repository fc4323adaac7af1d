/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash.h: a program that a signal has killed is built once more with sanitizers and run on the same input, in the same box under the
 * same rules; their report becomes hints. Private to worker/.
 */
#ifndef EVALX_WORKER_CRASH_H
#define EVALX_WORKER_CRASH_H

#include "worker/job.h"

/* The first test case that died in a way that can be looked into; -1: none did. */
int crash_case(const struct language *language, const struct submission *sub, const struct result *result);

/* Hex SHA-256 over everything that its hints depend on. */
void crash_key(const struct language *language, const struct submission *sub, size_t index,
               char out[SHA256_HEX_LEN + 1]);

struct crash {
    const struct language *language;
    const struct submission *sub;
    size_t index;                  /* of the test case */
    const struct test_result *was; /* how it died */
};

/*
 * 0: *ret has what the sanitizers found, which may be nothing. -ECANCELED: box_cancel; -EAGAIN: the program is being made elsewhere; other
 * -errno: the engine failed.
 */
int crash_explain(const struct job_tools *tools, struct box *box, const struct crash *crash, struct hint_list *ret);

/* The part of what a sanitized program wrote to stderr that says why it ended, without what is of no use to a learner. Appended to out. */
void crash_report(struct str err, struct buf *out);

#endif
