/* SPDX-License-Identifier: Apache-2.0 */
/* rootless.h: building boxes without root: the jail as root of a user namespace that knows one user, evalx's own. */
#ifndef EVALX_JAIL_ROOTLESS_H
#define EVALX_JAIL_ROOTLESS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Makes a user namespace in which this user is 0, a mount namespace that belongs to it, and starts this program anew in them, with
 * rest (NULL-terminated) instead of its arguments. Returns on failure only. argv[0] of rest is the program's name.
 */
int rootless_enter(char *const *rest, struct error *err);

#endif
