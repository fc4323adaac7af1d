/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h: the executor's threads. Private to executor.c. */
#ifndef EVALX_WORKER_SLOTS_H
#define EVALX_WORKER_SLOTS_H

void *slots_run(void *slot);      /* one for each struct slot; ends when the executor is closing and no job is left */
void *slots_stop(void *executor); /* one: stops runs that are to be stopped */

#endif
