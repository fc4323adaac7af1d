/* SPDX-License-Identifier: Apache-2.0 */
/* view.h: shared by view.c and posture.c. */
#ifndef EVALX_TESTS_SANDBOX_VIEW_H
#define EVALX_TESTS_SANDBOX_VIEW_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* The numbers of one box, which differ from run to run. */
struct ids {
    pid_t jail, slot, launcher, program;
    unsigned owner, cgroup_version;
};

/* One TAP line; why it does not hold, below it. */
void ok(bool holds, const char *name, const char *why, ...) __attribute__((format(printf, 3, 4)));

/* "(unreadable)" when it cannot be read. */
void read_file(const char *path, struct buf *out);

/* The oldest child of a process. */
pid_t child_of(pid_t parent);

/* Compares the running program with the expectation file; one TAP line a section. */
void posture_check(const struct ids *ids, const char *expectation_path);

#endif
