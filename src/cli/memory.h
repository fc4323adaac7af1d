/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h: keeps the process small. */
#ifndef EVALX_CLI_MEMORY_H
#define EVALX_CLI_MEMORY_H

#include <stdbool.h>

/* Before the first thread. for_long: this process is to run for days; it may start itself again, with the same process id, to set what
 * can only be set at a start. */
void keep_memory_small(bool for_long, char **argv);

#endif
