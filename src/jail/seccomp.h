/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.h: the filter that every program in a box runs under. Built once in a slot's life, loaded once in its launcher, inherited. */
#ifndef EVALX_JAIL_SECCOMP_H
#define EVALX_JAIL_SECCOMP_H

#include <stdbool.h>

#include "base/error.h"

/* Loads the filter into the calling process for good. no_new_privs must be set. is_counted: a control group counts the box's memory. */
int seccomp_enter(bool is_counted, struct error *err);

/* Writes the filter in libseccomp's readable form to fd. */
int seccomp_print(int fd, bool is_counted, struct error *err);

#endif
