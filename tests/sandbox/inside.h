/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h: shared by inside.c and inside_calls.c. */
#ifndef EVALX_TESTS_SANDBOX_INSIDE_H
#define EVALX_TESTS_SANDBOX_INSIDE_H

#include <stdbool.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* One statement, printed as a line; what was found instead, when it does not hold. */
void state(bool holds, const char *name, const char *found, ...) __attribute__((format(printf, 3, 4)));

/* The attempt must have failed, and with this error. Reads errno. */
void refused(const char *name, long result, int expected);

/* Every refused system call, tried. */
void refused_calls(void);

#endif
