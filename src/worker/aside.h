/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside.h: the one thing that slots do beside jobs: to look into a crash (crash.h). One crash at a time; whoever asks waits until some slot
 * has nothing else to do and takes it. Private to the executor, whose lock guards all: every verb is called, and returns, with it held; those
 * that take it as an argument let go of it meanwhile.
 */
#ifndef EVALX_WORKER_ASIDE_H
#define EVALX_WORKER_ASIDE_H

#include <pthread.h>
#include <stdbool.h>

#include "worker/crash.h"

struct aside {
    pthread_cond_t changed;    /* a slot is done with it, or closed */
    const struct crash *crash; /* the asker's; NULL: nobody asks */
    struct hint_list *ret;
    bool taken, done, closed;
    int result;
};

void aside_init(struct aside *aside, const pthread_condattr_t *attr);
void aside_release(struct aside *aside);

/*
 * Has crash explained by a slot, for which up to timeout_ms are waited, and then to its end. What crash_explain returned; -ETIMEDOUT: no slot
 * took it; -ECANCELED: closed. At most one thread may be in here. Slots that wait for work have to be woken by the caller.
 */
int aside_ask(struct aside *aside, pthread_mutex_t *lock, const struct crash *crash, int timeout_ms,
              struct hint_list *ret);

/* Whether there is a crash that no slot has taken yet. */
bool aside_waits(const struct aside *aside);

/* Takes it: looks into it in box, until it is done or box is cancelled. Only when aside_waits. */
void aside_run(struct aside *aside, pthread_mutex_t *lock, const struct job_tools *tools, struct box *box);

/* From now on nothing is taken. What is being looked into has to be cancelled by the caller. */
void aside_close(struct aside *aside);

#endif
