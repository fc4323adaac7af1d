/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h: what evalx doctor found out, as a list of checks. doctor.c prints it; doctor_kernel.c looks at the kernel. */
#ifndef EVALX_CLI_DOCTOR_H
#define EVALX_CLI_DOCTOR_H

#include <stddef.h>

#include "base/defs.h"

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_FAILED };

struct check {
    char *name;
    enum check_state state;
    char *detail;
    char *mend; /* the command or step that mends it; NULL when nothing needs to be */
};

struct checks {
    struct check *items;
    size_t count;
};

/* Takes over detail; mend is copied and kept only when the state is not CHECK_OK. */
void checks_add(struct checks *checks, const char *name, enum check_state state, char *detail, const char *mend);
void checks_release(struct checks *checks);

/* Kernel version, privileges, namespaces, cgroups, seccomp, descriptors. Each is tried, in a child process where it has effects. */
void doctor_kernel(struct checks *checks);

#endif
