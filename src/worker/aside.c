/* SPDX-License-Identifier: Apache-2.0 */
/* aside.c: see aside.h. */
#include "worker/aside.h"

#include <errno.h>

#include "base/clock.h"

void aside_init(struct aside *aside, const pthread_condattr_t *attr)
{
    *aside = (struct aside){.crash = NULL};
    pthread_cond_init(&aside->changed, attr);
}

void aside_release(struct aside *aside)
{
    pthread_cond_destroy(&aside->changed);
}

int aside_ask(struct aside *aside, pthread_mutex_t *lock, const struct crash *crash, int timeout_ms,
              struct hint_list *ret)
{
    struct timespec until = clock_after_ms(timeout_ms);
    int r = 0;

    aside->crash = crash;
    aside->ret = ret;
    aside->taken = aside->done = false;
    while (!aside->done && !aside->taken && !aside->closed && r == 0)
        r = pthread_cond_timedwait(&aside->changed, lock, &until);
    while (aside->taken && !aside->done)
        pthread_cond_wait(&aside->changed, lock);
    aside->crash = NULL;
    return aside->done ? aside->result : aside->closed ? -ECANCELED : -ETIMEDOUT;
}

bool aside_waits(const struct aside *aside)
{
    return aside->crash && !aside->taken && !aside->closed;
}

void aside_run(struct aside *aside, pthread_mutex_t *lock, const struct job_tools *tools, struct box *box)
{
    aside->taken = true;
    pthread_mutex_unlock(lock);
    int r = crash_explain(tools, box, aside->crash, aside->ret);
    pthread_mutex_lock(lock);
    aside->result = r;
    aside->done = true;
    pthread_cond_broadcast(&aside->changed);
}

void aside_close(struct aside *aside)
{
    aside->closed = true;
    pthread_cond_broadcast(&aside->changed);
}
