/* SPDX-License-Identifier: Apache-2.0 */
/*
 * executor.c: which slot does what next.
 *
 * One thread a slot, each with a box of its own (and a second one for interactors), and one lock over the scheduling state; nothing slow happens under it. Jobs that
 * have a task to give stand in the ready list of their owner's share. A slot takes one task from the first of the share whose turn it is, and
 * puts it back at the end: that is the round robin. A new job comes first, so that a small one starts at once beside large ones. A job leaves the list when it has nothing more to give, and is finished by the slot that ends its last task,
 * or, when it was cancelled with no slot at work for it, by whoever takes it from the list.
 *
 * A job whose program another slot is making is parked, so that its slot serves others meanwhile. Every end of a making (success or not)
 * wakes all parked jobs; `makings` counts these ends, so that one between asking and parking is not missed.
 *
 * Cancelling: box_cancel reaches a run only once it has begun, and a slot is committed to it a moment earlier. So a slot that
 * is to stop is marked, and the stopper thread repeats box_cancel until the slot has let go. It sleeps while there is nothing to stop.
 *
 * A full disk is nobody's mistake: a job whose program finds no room ends cancelled, for this worker or another to run it later, and
 * for a second no slot counts as idle.
 *
 * A crash is looked into by a slot that found no job ready (aside.c); it is no job, and the slot still counts as idle. As soon as more jobs
 * are ready than slots wait for one, it is stopped like a cancelled run.
 *
 * When the jail dies, every job ends cancelled and no slot is idle any more: the jobs are for another worker, or for this one after
 * its restart; nothing is reported that the sandbox did not say.
 */
#include "worker/executor.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>

#include "base/clock.h"
#include "worker/aside.h"
#include "worker/job.h"

enum {
    STOP_AGAIN_MS = 10,
    NO_ROOM_PAUSE_MS = 1000,
    SHARING_JOBS_MAX = 16, /* jobs past which none is asked for while no slot is idle: others may have one */
};

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

/* ---- scheduling; with the lock held ---- */

static void cancel_boxes(struct slot *slot)
{
    box_cancel(slot->lane.box);
    if (slot->lane.companion)
        box_cancel(slot->lane.companion);
}

static void stop(struct executor *executor, struct slot *slot)
{
    slot->stop = true;
    cancel_boxes(slot);
    pthread_cond_signal(&executor->stops);
}

static bool aside_runs(const struct executor *executor)
{
    return executor->aside_slot != NULL;
}

static void make_ready(struct executor *executor, struct job *job, bool in_front)
{
    if (!job->ready) {
        share_add(&executor->shares, job->share, job, in_front);
        executor->ready_count++;
    }
    job->ready = true;
    pthread_cond_signal(&executor->work);
    if (aside_runs(executor) && executor->ready_count > executor->idle_slots)
        stop(executor, executor->aside_slot);
}

static void set_ready(struct executor *executor, struct job *job, bool ready)
{
    if (ready) {
        make_ready(executor, job, false);
    } else if (job->ready) {
        share_remove(job->share, job);
        executor->ready_count--;
        job->ready = false;
    }
}

/* The end of the tests that are worth starting. */
static size_t last_test(const struct job *job)
{
    return job->sub->stop_on_first_failure ? job->first_failure : job->sub->test_count;
}

static bool has_task(const struct job *job)
{
    if (job->cancelled)
        return false;
    switch (job->phase) {
    case JOB_NEW:
        return true;
    case JOB_TESTING:
        return job->next_test < last_test(job);
    case JOB_COMPILING:
    case JOB_PARKED:
    case JOB_FINISHING:
        break;
    }
    return false;
}

/* Marks the slots at work for job, on tests past index after, to be stopped. */
static void stop_slots(struct executor *executor, const struct job *job, size_t after, bool all)
{
    for (unsigned i = 0; i < executor->slot_count; i++) {
        struct slot *slot = &executor->slots[i];
        if (slot->job != job || !(all || (job->phase == JOB_TESTING && slot->index > after)))
            continue;
        stop(executor, slot);
    }
}

static void cancel(struct executor *executor, struct job *job)
{
    if (job->cancelled || job->phase == JOB_FINISHING)
        return;
    job->cancelled = true;
    stop_slots(executor, job, 0, true);
    if (job->in_flight == 0) {
        job->phase = JOB_NEW; /* whoever takes it sees that it is cancelled, and finishes it */
        set_ready(executor, job, true);
    } else {
        set_ready(executor, job, false);
    }
}

static void wake_parked(struct executor *executor)
{
    struct job *job;

    executor->makings++;
    TAILQ_FOREACH(job, &executor->all, in_all)
    {
        if (job->phase != JOB_PARKED)
            continue;
        job->phase = JOB_NEW;
        set_ready(executor, job, true);
    }
}

/* The jail has died: see above. */
static void give_up(struct executor *executor)
{
    struct job *job;

    executor->broken = true;
    TAILQ_FOREACH(job, &executor->all, in_all)
    cancel(executor, job);
}

static bool jail_is_dead(const struct executor *executor)
{
    struct pollfd death = {.fd = jail_death_fd(executor->jail), .events = POLLIN};
    return poll(&death, 1, 0) > 0;
}

static bool is_idle(const struct executor *executor)
{
    return !executor->broken && clock_monotonic_ns() >= executor->no_room_until_ns &&
           executor->idle_slots + aside_runs(executor) > 0 && executor->ready_count == 0;
}

/* ---- a slot's thread ---- */

/* Called and returning with the lock held. */
static void run_aside(struct executor *executor, struct slot *slot)
{
    executor->aside_slot = slot;
    aside_run(&executor->aside, &executor->lock, &executor->tools, slot->lane.box);
    executor->aside_slot = NULL;
    slot->stop = false;
    wake_parked(executor); /* that a making has ended: its program may be somebody's */
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
    set_ready(executor, job, false);
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
        give_up(executor);
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
    wake_parked(executor);
}

static void do_test(struct executor *executor, struct slot *slot, struct job *job)
{
    struct test_result test = {0};
    size_t index = slot->index = job->next_test++;

    set_ready(executor, job, has_task(job));
    pthread_mutex_unlock(&executor->lock);
    int r = job_test(job, &executor->tools, &slot->lane, index, &test);
    bool dead = r < 0 && r != -ECANCELED && jail_is_dead(executor);
    bool failed = r != -ECANCELED && test.verdict != VERDICT_ACCEPTED;
    pthread_mutex_lock(&executor->lock);
    if (dead)
        give_up(executor);
    if (failed && index < job->first_failure) {
        job->first_failure = index;
        if (job->sub->stop_on_first_failure)
            stop_slots(executor, job, index, false);
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
    set_ready(executor, job, false);
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

static void *slot_main(void *argument)
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
        if (has_task(job) && job->phase == JOB_NEW)
            do_compile(executor, slot, job);
        else if (has_task(job)) /* it may have lost its last one while it stood in the list */
            do_test(executor, slot, job);
        slot->job = NULL;
        slot->stop = false;
        job->in_flight--;
        share_end(job->share, clock_monotonic_ns() - begun_ns);
        bool over = job->cancelled || (job->phase == JOB_TESTING && job->next_test >= last_test(job));
        if (!over)
            set_ready(executor, job, has_task(job));
        else if (job->in_flight == 0 && job->phase != JOB_FINISHING)
            finish(executor, job);
    }
    pthread_cond_broadcast(&executor->work);
    pthread_mutex_unlock(&executor->lock);
    return NULL;
}

/* ---- the stopper ---- */

static void *stopper_main(void *argument)
{
    struct executor *executor = argument;

    pthread_mutex_lock(&executor->lock);
    while (!executor->closing || executor->job_count > 0 || aside_runs(executor)) {
        bool stopping = false;
        for (unsigned i = 0; i < executor->slot_count; i++)
            if (executor->slots[i].stop) {
                cancel_boxes(&executor->slots[i]);
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

/* ---- the verbs ---- */

static void init(struct executor *executor)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&executor->lock, NULL);
    pthread_cond_init(&executor->work, &attr);
    pthread_cond_init(&executor->idle, &attr);
    pthread_cond_init(&executor->stops, &attr);
    pthread_cond_init(&executor->gone, &attr);
    aside_init(&executor->aside, &attr);
    pthread_condattr_destroy(&attr);
    TAILQ_INIT(&executor->all);
    shares_init(&executor->shares);
}

/* The n-th processor that this process may use, round and round. */
static unsigned processor(unsigned n)
{
    cpu_set_t set;
    unsigned cpu = 0;

    if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) == 0)
        return 0;
    for (n %= (unsigned)CPU_COUNT(&set);; cpu++)
        if (CPU_ISSET(cpu, &set) && n-- == 0)
            return cpu;
}

static int start_threads(struct executor *executor, unsigned slots)
{
    int r = pthread_create(&executor->stopper, NULL, stopper_main, executor);
    executor->has_stopper = r == 0;
    for (unsigned i = 0; i < slots && r == 0; i++) {
        struct slot *slot = &executor->slots[i];
        slot->executor = executor;
        slot->lane = (struct lane){
            .box = jail_box(executor->jail, i), .companion = jail_box(executor->jail, slots + i), .cpu = processor(i)};
        r = pthread_create(&slot->thread, NULL, slot_main, slot);
        if (r == 0) {
            pthread_mutex_lock(&executor->lock);
            executor->slot_count++;
            pthread_mutex_unlock(&executor->lock);
        }
    }
    return -r;
}

static void release(struct executor *executor)
{
    artifact_cache_close(executor->tools.cache);
    aside_release(&executor->aside);
    pthread_cond_destroy(&executor->gone);
    pthread_cond_destroy(&executor->stops);
    pthread_cond_destroy(&executor->idle);
    pthread_cond_destroy(&executor->work);
    pthread_mutex_destroy(&executor->lock);
    free(executor);
}

int executor_new(const struct executor_config *config, struct executor **ret, struct error *err)
{
    unsigned slots = config->lanes > 0 ? MIN(config->lanes, jail_slots(config->jail)) : jail_slots(config->jail);

    if (config->output_keep_kb <= 0)
        return error_set(err, -EINVAL, "the output to keep must be positive");
    struct executor *executor = xcalloc(1, sizeof(*executor) + slots * sizeof(executor->slots[0]));
    init(executor);
    executor->jail = config->jail;
    executor->tools.registry = config->registry;
    executor->tools.hints = config->hints;
    executor->tools.output_keep = config->output_keep_kb * 1024;
    executor->tools.submission_max_ns = config->submission_max_ms * NS_PER_MS;
    executor->tools.metrics = config->metrics;
    executor->tools.look_into_crashes = config->look_into_crashes && config->hints;
    executor->tools.crash_caps = config->crash_caps;
    int r = artifact_cache_open(config->artifact_dir, config->artifact_cache_kb, &executor->tools.cache, err);
    if (r < 0) {
        release(executor);
        return r;
    }
    r = start_threads(executor, slots);
    if (r < 0) {
        executor_free(executor);
        return error_errno(err, r, "starting the slots' threads");
    }
    *ret = executor;
    return 0;
}

void executor_free(struct executor *executor)
{
    struct job *job;

    if (!executor)
        return;
    pthread_mutex_lock(&executor->lock);
    executor->closing = true;
    TAILQ_FOREACH(job, &executor->all, in_all)
    cancel(executor, job);
    pthread_cond_broadcast(&executor->work);
    while (executor->job_count > 0)
        pthread_cond_wait(&executor->gone, &executor->lock);
    pthread_cond_broadcast(&executor->work);
    pthread_cond_broadcast(&executor->stops);
    pthread_mutex_unlock(&executor->lock);
    for (unsigned i = 0; i < executor->slot_count; i++)
        pthread_join(executor->slots[i].thread, NULL);
    if (executor->has_stopper)
        pthread_join(executor->stopper, NULL);
    release(executor);
}

struct job *executor_start(struct executor *executor, struct submission *sub, struct job_owner owner,
                           const struct job_callbacks *callbacks, void *context)
{
    struct job *job = job_new(&executor->tools, sub, callbacks, context);

    pthread_mutex_lock(&executor->lock);
    TAILQ_INSERT_TAIL(&executor->all, job, in_all);
    executor->job_count++;
    job->share = shares_join(&executor->shares, owner.name, owner.share);
    make_ready(executor, job, true);
    if (executor->closing || executor->broken)
        cancel(executor, job);
    pthread_mutex_unlock(&executor->lock);
    return job;
}

void executor_cancel(struct executor *executor, struct job *job)
{
    pthread_mutex_lock(&executor->lock);
    cancel(executor, job);
    pthread_mutex_unlock(&executor->lock);
}

bool executor_wait_idle(struct executor *executor, int timeout_ms)
{
    struct timespec until = clock_after_ms(timeout_ms);
    int r = 0;

    pthread_mutex_lock(&executor->lock);
    while (!is_idle(executor) && timeout_ms > 0 && r == 0)
        r = pthread_cond_timedwait(&executor->idle, &executor->lock, &until);
    bool idle = is_idle(executor);
    pthread_mutex_unlock(&executor->lock);
    return idle;
}

void executor_lanes(struct executor *executor, unsigned *ret_busy, unsigned *ret_all)
{
    pthread_mutex_lock(&executor->lock);
    *ret_all = executor->slot_count;
    unsigned idle = executor->idle_slots + aside_runs(executor);
    *ret_busy = executor->slot_count - MIN(idle, executor->slot_count);
    pthread_mutex_unlock(&executor->lock);
}

bool executor_can_share(struct executor *executor)
{
    const struct job *job;
    bool can, unstarted = false;

    pthread_mutex_lock(&executor->lock);
    TAILQ_FOREACH(job, &executor->all, in_all)
    unstarted |= job->phase == JOB_NEW;
    can = !executor->broken && !executor->closing && clock_monotonic_ns() >= executor->no_room_until_ns &&
          executor->ready_count > 0 && !unstarted && executor->job_count < SHARING_JOBS_MAX;
    pthread_mutex_unlock(&executor->lock);
    return can;
}

static const struct language *language_of(const struct executor *executor, const struct submission *sub)
{
    char *why = NULL;
    const struct language *language = registry_find(executor->tools.registry, sub->language, sub->version, &why);
    free(why);
    return language && language->sanitize_argv.count > 0 ? language : NULL;
}

int executor_crash_key(struct executor *executor, const struct submission *sub, size_t index,
                       char out[SHA256_HEX_LEN + 1])
{
    const struct language *language = language_of(executor, sub);
    if (!language)
        return -ENOENT;
    crash_key(language, sub, index, out);
    return 0;
}

int executor_look_into(struct executor *executor, const struct submission *sub, size_t index,
                       const struct test_result *was, int timeout_ms, struct hint_list *ret)
{
    const struct crash crash = {.language = language_of(executor, sub), .sub = sub, .index = index, .was = was};

    if (!crash.language)
        return -ENOENT;
    pthread_mutex_lock(&executor->lock);
    pthread_cond_signal(&executor->work);
    int r = aside_ask(&executor->aside, &executor->lock, &crash, timeout_ms, ret);
    pthread_mutex_unlock(&executor->lock);
    return r;
}

void executor_look_away(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    aside_close(&executor->aside);
    if (aside_runs(executor))
        stop(executor, executor->aside_slot);
    pthread_mutex_unlock(&executor->lock);
}

unsigned executor_running_jobs(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    unsigned count = executor->job_count;
    pthread_mutex_unlock(&executor->lock);
    return count;
}
