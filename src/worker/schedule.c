/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c: which job may give a slot a task, and which slots have to stop: decisions alone, nothing waits here. */
#include "worker/schedule.h"

#include "base/clock.h"

void schedule_stop_again(struct slot *slot)
{
    box_cancel(slot->lane.box);
    if (slot->lane.companion)
        box_cancel(slot->lane.companion);
}

void schedule_stop(struct executor *executor, struct slot *slot)
{
    slot->stop = true;
    schedule_stop_again(slot);
    pthread_cond_signal(&executor->stops);
}

bool schedule_aside_runs(const struct executor *executor)
{
    return executor->aside_slot != NULL;
}

void schedule_add(struct executor *executor, struct job *job, bool in_front)
{
    if (!job->ready) {
        share_add(&executor->shares, job->share, job, in_front);
        executor->ready_count++;
    }
    job->ready = true;
    pthread_cond_signal(&executor->work);
    if (schedule_aside_runs(executor) && executor->ready_count > executor->idle_slots)
        schedule_stop(executor, executor->aside_slot);
}

void schedule_set_ready(struct executor *executor, struct job *job, bool ready)
{
    if (ready) {
        schedule_add(executor, job, false);
    } else if (job->ready) {
        share_remove(job->share, job);
        executor->ready_count--;
        job->ready = false;
    }
}

size_t schedule_last_test(const struct job *job)
{
    return job->sub->stop_on_first_failure ? job->first_failure : job->sub->test_count;
}

bool schedule_has_task(const struct job *job)
{
    if (job->cancelled)
        return false;
    switch (job->phase) {
    case JOB_NEW:
        return true;
    case JOB_TESTING:
        return job->next_test < schedule_last_test(job);
    case JOB_COMPILING:
    case JOB_PARKED:
    case JOB_FINISHING:
        break;
    }
    return false;
}

void schedule_stop_slots(struct executor *executor, const struct job *job, size_t after, bool all)
{
    for (unsigned i = 0; i < executor->slot_count; i++) {
        struct slot *slot = &executor->slots[i];
        if (slot->job != job || !(all || (job->phase == JOB_TESTING && slot->index > after)))
            continue;
        schedule_stop(executor, slot);
    }
}

void schedule_cancel(struct executor *executor, struct job *job)
{
    if (job->cancelled || job->phase == JOB_FINISHING)
        return;
    job->cancelled = true;
    schedule_stop_slots(executor, job, 0, true);
    if (job->in_flight == 0) {
        job->phase = JOB_NEW; /* whoever takes it sees that it is cancelled, and finishes it */
        schedule_set_ready(executor, job, true);
    } else {
        schedule_set_ready(executor, job, false);
    }
}

void schedule_wake_parked(struct executor *executor)
{
    struct job *job;

    executor->makings++;
    TAILQ_FOREACH(job, &executor->all, in_all)
    {
        if (job->phase != JOB_PARKED)
            continue;
        job->phase = JOB_NEW;
        schedule_set_ready(executor, job, true);
    }
}

void schedule_give_up(struct executor *executor)
{
    struct job *job;

    executor->broken = true;
    TAILQ_FOREACH(job, &executor->all, in_all)
    schedule_cancel(executor, job);
}

bool schedule_is_idle(const struct executor *executor)
{
    return !executor->broken && clock_monotonic_ns() >= executor->no_room_until_ns &&
           executor->idle_slots + schedule_aside_runs(executor) > 0 && executor->ready_count == 0;
}
