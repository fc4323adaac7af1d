/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share.h: the division of the slots between owners (API keys) when there is contention. Private to the executor; its lock guards all.
 *
 * Each owner with jobs here has an account of the slot time it has had, divided by its weight. The next task is the first of the owner
 * with the smallest account; within an owner, jobs take turns. Who comes (back) starts at the account that was served last: time in
 * which an owner wanted nothing is not saved up. Two owners with weights 3 and 1 that both want everything so get three
 * quarters and one quarter of the slots' time, whatever their tasks are like; one alone gets all.
 */
#ifndef EVALX_WORKER_SHARE_H
#define EVALX_WORKER_SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
TAILQ_HEAD(job_list, job);

struct share {
    TAILQ_ENTRY(share) link;
    char *owner;
    unsigned weight;
    unsigned jobs;         /* that belong to it: with the last one it goes */
    unsigned working;      /* slots at work for it */
    int64_t account;       /* ns of slot time / weight */
    struct job_list ready; /* jobs that have a task to give */
};
TAILQ_HEAD(share_list, share);

struct shares {
    struct share_list list;
    int64_t served; /* the account that was last chosen */
};

void shares_init(struct shares *shares);

/* The owner's share, with one job more; the newest weight counts (0: 1). owner NULL is the owner "". */
struct share *shares_join(struct shares *shares, const char *owner, unsigned weight);
void shares_leave(struct shares *shares, struct share *share); /* one job less */

/* Puts a job among the ready ones: at the end, or in front. */
void share_add(struct shares *shares, struct share *share, struct job *job, bool in_front);
void share_remove(struct share *share, struct job *job);

/* Whose turn it is; NULL when nobody has a job ready. */
struct share *shares_next(struct shares *shares);

/* A slot begins and ends to work for it. */
void share_begin(struct shares *shares, struct share *share);
void share_end(struct share *share, int64_t took_ns);

#endif
