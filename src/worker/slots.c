/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.c: what the executor's threads do.
 *
 * One thread a slot, each with a box of its own (and a second one for interactors): takes a task, does it without the lock, says what came of it.
 *
 * Cancelling: box_cancel reaches a run only once it has begun, and a slot is committed to it a moment earlier. So a slot that
 * is to stop is marked, and the stopper thread repeats box_cancel until the slot has let go. It sleeps while there is nothing to stop.
 *
 * A full disk is nobody's mistake: a job whose program finds no room ends cancelled, for this worker or another to run it later, and
 * for a second no slot counts as idle.
 *
 * A crash is looked into by a slot that found no job ready (aside.c); it is no job, and the slot still counts as idle. As soon as more jobs
 * are ready than slots wait for one, it is stopped like a cancelled run.
 */
#include "worker/slots.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "worker/schedule.h"

enum {
    STOP_AGAIN_MS = 10,
    NO_ROOM_PAUSE_MS = 1000,
};

static bool jail_is_dead(const struct executor *executor)
{
    struct pollfd death = {.fd = jail_death_fd(executor->jail), .events = POLLIN};
    return poll(&death, 1, 0) > 0;
}

/* Called and returning with the lock held. */
static void run_aside(struct executor *executor, struct slot *slot)
{
    executor->aside_slot = slot;
    aside_run(&executor->aside, &executor->lock, &executor->tools, slot->lane.box);
    executor->aside_slot = NULL;
    slot->stop = false;
    schedule_wake_parked(executor); /* that a making has ended: its program may be somebody's */
}

/* Waits for a job with a task; NULL when closing and nothing is left. */
static struct job *next_job(struct executor *executor, struct slot *slot)
{
    while (executor->ready_count == 0) {
        if (executor->closing && executor->job_count == 0)
            return NULL;
        if (aside_waits(&executor->aside) && !executor->broken) {
            run_aside(executor, slot);
            continue;
        }
        executor->idle_slots++;
        pthread_cond_broadcast(&executor->idle);
        pthread_cond_wait(&executor->work, &executor->lock);
        executor->idle_slots--;
    }
    struct job *job = TAILQ_FIRST(&shares_next(&executor->shares)->ready);
    schedule_set_ready(executor, job, false);
    if (executor->idle_slots > 0)
        pthread_cond_broadcast(&executor->idle);
    return job;
}

/* One attempt at the program, called and returning with the lock held. */
static void do_compile(struct executor *executor, struct slot *slot, struct job *job)
{
    uint64_t makings = executor->makings;

    job->phase = JOB_COMPILING;
    pthread_mutex_unlock(&executor->lock);
    int r = job_compile(job, &executor->tools, slot->lane.box);
    bool dead = r < 0 && r != -EAGAIN && r != -EINVAL && jail_is_dead(executor);
    pthread_mutex_lock(&executor->lock);
    if (dead)
        schedule_give_up(executor);
    if (r == -EAGAIN) {
        job->phase = executor->makings == makings ? JOB_PARKED : JOB_NEW;
        return;
    }
    if (r == -ENOSPC) {
        executor->no_room_until_ns = clock_monotonic_ns() + NO_ROOM_PAUSE_MS * NS_PER_MS;
        job->cancelled = true; /* this slot is the only one at work for it, and finishes it */
    }
    job->phase = JOB_TESTING;
    if (r < 0)
        job->next_test = job->sub->test_count;
    schedule_wake_parked(executor);
}

static void do_test(struct executor *executor, struct slot *slot, struct job *job)
{
    struct test_result test = {0};
    size_t index = slot->index = job->next_test++;

    schedule_set_ready(executor, job, schedule_has_task(job));
    pthread_mutex_unlock(&executor->lock);
    int r = job_test(job, &executor->tools, &slot->lane, index, &test);
    bool dead = r < 0 && r != -ECANCELED && jail_is_dead(executor);
    bool failed = r != -ECANCELED && test.verdict != VERDICT_ACCEPTED;
    pthread_mutex_lock(&executor->lock);
    if (dead)
        schedule_give_up(executor);
    if (failed && index < job->first_failure) {
        job->first_failure = index;
        if (job->sub->stop_on_first_failure)
            schedule_stop_slots(executor, job, index, false);
    }
    bool wanted = r != -ECANCELED && !job->cancelled;
    slot->stop = false; /* the run is over: what follows must not be held up by it */
    pthread_mutex_unlock(&executor->lock);
    if (wanted)
        job_report(job, index, &test);
    else
        test_result_release(&test);
    pthread_mutex_lock(&executor->lock);
}

static void finish(struct executor *executor, struct job *job)
{
    job->phase = JOB_FINISHING;
    schedule_set_ready(executor, job, false);
    pthread_mutex_unlock(&executor->lock);
    job_finish(job);
    pthread_mutex_lock(&executor->lock);
    TAILQ_REMOVE(&executor->all, job, in_all);
    shares_leave(&executor->shares, job->share);
    executor->job_count--;
    pthread_cond_broadcast(&executor->gone);
    if (executor->closing)
        pthread_cond_broadcast(&executor->work);
    pthread_mutex_unlock(&executor->lock);
    job_free(job, &executor->tools);
    pthread_mutex_lock(&executor->lock);
}

void *slots_run(void *argument)
{
    struct slot *slot = argument;
    struct executor *executor = slot->executor;
    struct job *job;

    pthread_mutex_lock(&executor->lock);
    while ((job = next_job(executor, slot))) {
        int64_t begun_ns = clock_monotonic_ns();
        slot->job = job;
        job->in_flight++;
        share_begin(&executor->shares, job->share);
        if (schedule_has_task(job) && job->phase == JOB_NEW)
            do_compile(executor, slot, job);
        else if (schedule_has_task(job)) /* it may have lost its last one while it stood in the list */
            do_test(executor, slot, job);
        slot->job = NULL;
        slot->stop = false;
        job->in_flight--;
        share_end(job->share, clock_monotonic_ns() - begun_ns);
        bool over = job->cancelled || (job->phase == JOB_TESTING && job->next_test >= schedule_last_test(job));
        if (!over)
            schedule_set_ready(executor, job, schedule_has_task(job));
        else if (job->in_flight == 0 && job->phase != JOB_FINISHING)
            finish(executor, job);
    }
    pthread_cond_broadcast(&executor->work);
    pthread_mutex_unlock(&executor->lock);
    return NULL;
}

/* ---- the stopper ---- */

void *slots_stop(void *argument)
{
    struct executor *executor = argument;

    pthread_mutex_lock(&executor->lock);
    while (!executor->closing || executor->job_count > 0 || schedule_aside_runs(executor)) {
        bool stopping = false;
        for (unsigned i = 0; i < executor->slot_count; i++)
            if (executor->slots[i].stop) {
                schedule_stop_again(&executor->slots[i]);
                stopping = true;
            }
        struct timespec until = clock_after_ms(STOP_AGAIN_MS);
        if (stopping)
            pthread_cond_timedwait(&executor->stops, &executor->lock, &until);
        else
            pthread_cond_wait(&executor->stops, &executor->lock);
    }
    pthread_mutex_unlock(&executor->lock);
    return NULL;
}
