/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h: one line on the terminal (standard error) that says how far a submission is; nothing anywhere else. */
#ifndef EVALX_CLI_PROGRESS_H
#define EVALX_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

bool progress_wanted(void); /* standard error is a terminal */
void progress_show(const char *what, size_t done, size_t total);
void progress_clear(void);

#endif
