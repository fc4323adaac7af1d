/* SPDX-License-Identifier: Apache-2.0 */
/* difference.h: telling a person where an output first differs. */
#ifndef EVALX_CHECKER_DIFFERENCE_H
#define EVALX_CHECKER_DIFFERENCE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * "line 2, column 5: expected \"7\", got \"8\"". Line and column are those of offset at in whole; expected and got are the pieces to
 * quote, where data == NULL stands for the end of the output. The caller frees.
 */
char *difference_message(struct str whole, size_t at, struct str expected, struct str got);

#endif
