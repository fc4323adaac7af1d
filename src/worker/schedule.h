/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h: the executor's state, and what its parts do with it. Private to executor.c (its verbs), schedule.c (decisions) and slots.c
 * (the threads that carry them out).
 *
 * One lock over the scheduling state; nothing slow happens under it. Every schedule_ verb is called, and returns, with it held.
 *
 * Jobs that have a task to give stand in the ready list of their owner's share. A slot takes one task from the first of the share whose
 * turn it is, and puts it back at the end: that is the round robin. A new job comes first, so that a small one starts at once beside large
 * ones. A job leaves the list when it has nothing more to give, and is finished by the slot that ends its last task, or, when it was
 * cancelled with no slot at work for it, by whoever takes it from the list.
 *
 * A job whose program another slot is making is parked, so that its slot serves others meanwhile. Every end of a making (success or not)
 * wakes all parked jobs; `makings` counts these ends, so that one between asking and parking is not missed.
 *
 * When the jail dies, every job ends cancelled and no slot is idle any more: the jobs are for another worker, or for this one after
 * its restart; nothing is reported that the sandbox did not say.
 */
#ifndef EVALX_WORKER_SCHEDULE_H
#define EVALX_WORKER_SCHEDULE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/aside.h"
#include "worker/job.h"

struct slot {
    struct executor *executor;
    struct lane lane;
    pthread_t thread;
    struct job *job; /* what it is at work for; NULL when idle */
    size_t index;    /* of the test case, when the job is testing */
    bool stop;       /* its run is to be cancelled */
};

struct executor {
    struct job_tools tools;
    struct jail *jail;
    pthread_mutex_t lock; /* over everything below, and the scheduling members of jobs */
    pthread_cond_t work;  /* a job got ready, or closing */
    pthread_cond_t idle;  /* a slot found nothing to do */
    pthread_cond_t stops; /* a slot was marked, or closing */
    pthread_cond_t gone;  /* a job was finished */
    struct aside aside;
    struct slot *aside_slot; /* that is at work for it; NULL: none is */
    struct job_list all;
    struct shares shares; /* with the ready jobs */
    unsigned job_count, ready_count, idle_slots;
    uint64_t makings;
    int64_t no_room_until_ns; /* the disk was full: no slot counts as idle until then */
    bool closing, broken, has_stopper;
    pthread_t stopper;
    unsigned slot_count;
    struct slot slots[];
};

/* Puts job into the ready list, which wakes a slot; in front: before the others of its share. */
void schedule_add(struct executor *executor, struct job *job, bool in_front);
void schedule_set_ready(struct executor *executor, struct job *job, bool ready); /* into the list or out of it */

bool schedule_has_task(const struct job *job);
size_t schedule_last_test(const struct job *job); /* the end of the tests that are worth starting */

/* Marks a slot to be stopped, and wakes the stopper (slots_stop), which repeats schedule_stop_again until the slot has let go. */
void schedule_stop(struct executor *executor, struct slot *slot);
void schedule_stop_again(struct slot *slot);
/* The same for all at work for job; or for those on tests past index after. */
void schedule_stop_slots(struct executor *executor, const struct job *job, size_t after, bool all);

void schedule_cancel(struct executor *executor, struct job *job);
void schedule_give_up(struct executor *executor); /* the jail has died: cancels every job, for good */

void schedule_wake_parked(struct executor *executor); /* a making has ended */

bool schedule_aside_runs(const struct executor *executor);
bool schedule_is_idle(const struct executor *executor); /* a slot would be free for one more job */

#endif
