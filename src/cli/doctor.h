/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h: what evalx doctor found out, as a list of checks. doctor.c prints it; doctor_kernel.c and doctor_jail.c look. */
#ifndef EVALX_CLI_DOCTOR_H
#define EVALX_CLI_DOCTOR_H

#include <stddef.h>

#include "base/defs.h"
#include "cli/config.h"
#include "cli/privileges.h"

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

/* Kernel version and descriptors. */
void doctor_kernel(struct checks *checks);

/* Every step of building a box, tried one by one by evalx-jail; what a container refuses comes with the setting that gives it. */
void doctor_jail(struct checks *checks, const struct config *config, const struct identity *identity);

#endif
