/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toolchains.h: looking for the languages' toolchains: runs their version commands in a box (or, without one, plainly), and remembers
 * what they said, keyed by the command and by size and time of the executable, so that a restart asks nobody again.
 */
#ifndef EVALX_CLI_TOOLCHAINS_H
#define EVALX_CLI_TOOLCHAINS_H

#include "box/box.h"
#include "language/language.h"

/* box: NULL runs the commands as this process's children. cache_file: NULL remembers nothing. */
void toolchains_discover(struct registry *registry, struct box *box, const char *cache_file);

#endif
