/* SPDX-License-Identifier: Apache-2.0 */
/* check.h: evalx-jail --check: every step of building a box, tried one by one, for evalx doctor. */
#ifndef EVALX_JAIL_CHECK_H
#define EVALX_JAIL_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Prints a line a step, "NAME <tab> ERRNO <tab> what was tried", to standard output: ERRNO 0 done, -1 not tried because an earlier one
 * was refused. Nothing stays: each is tried in a child of its own. The process's exit status (0: all were tried or passed over).
 */
int check_run(bool rootless, uid_t owner);

/* The one line of a start without root that does not even get a user namespace. */
void check_print(const char *name, int error, const char *detail);

#endif
