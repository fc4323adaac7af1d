/* SPDX-License-Identifier: Apache-2.0 */
/* executor.c: the executor's verbs: its start and end, jobs in and out, and questions. Which slot does what next: schedule.h. */
#include "worker/executor.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "base/clock.h"
#include "worker/schedule.h"
#include "worker/slots.h"

enum { SHARING_JOBS_MAX = 16 }; /* jobs past which none is asked for while no slot is idle: others may have one */

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
    int r = pthread_create(&executor->stopper, NULL, slots_stop, executor);
    executor->has_stopper = r == 0;
    for (unsigned i = 0; i < slots && r == 0; i++) {
        struct slot *slot = &executor->slots[i];
        slot->executor = executor;
        slot->lane = (struct lane){
            .box = jail_box(executor->jail, i), .companion = jail_box(executor->jail, slots + i), .cpu = processor(i)};
        r = pthread_create(&slot->thread, NULL, slots_run, slot);
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
    schedule_cancel(executor, job);
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
    schedule_add(executor, job, true);
    if (executor->closing || executor->broken)
        schedule_cancel(executor, job);
    pthread_mutex_unlock(&executor->lock);
    return job;
}

void executor_cancel(struct executor *executor, struct job *job)
{
    pthread_mutex_lock(&executor->lock);
    schedule_cancel(executor, job);
    pthread_mutex_unlock(&executor->lock);
}

bool executor_wait_idle(struct executor *executor, int timeout_ms)
{
    struct timespec until = clock_after_ms(timeout_ms);
    int r = 0;

    pthread_mutex_lock(&executor->lock);
    while (!schedule_is_idle(executor) && timeout_ms > 0 && r == 0)
        r = pthread_cond_timedwait(&executor->idle, &executor->lock, &until);
    bool idle = schedule_is_idle(executor);
    pthread_mutex_unlock(&executor->lock);
    return idle;
}

void executor_lanes(struct executor *executor, unsigned *ret_busy, unsigned *ret_all)
{
    pthread_mutex_lock(&executor->lock);
    *ret_all = executor->slot_count;
    unsigned idle = executor->idle_slots + schedule_aside_runs(executor);
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
    if (schedule_aside_runs(executor))
        schedule_stop(executor, executor->aside_slot);
    pthread_mutex_unlock(&executor->lock);
}

unsigned executor_running_jobs(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    unsigned count = executor->job_count;
    pthread_mutex_unlock(&executor->lock);
    return count;
}
