/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h: one submission under way: what its slots share, and the steps they take for it. Private to worker/.
 *
 * The members below "scheduling" belong to the executor and its lock. The steps (job_compile, job_test, job_finish) run without
 * that lock; job_compile and job_finish have the job to themselves, job_test may run for several indices at once.
 */
#ifndef EVALX_WORKER_JOB_H
#define EVALX_WORKER_JOB_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "worker/artifact.h"
#include "worker/executor.h"
#include "worker/interact.h"
#include "worker/share.h"

enum job_phase {
    JOB_NEW, /* nothing has been done, or the making of its program has to be tried again */
    JOB_COMPILING,
    JOB_PARKED, /* another slot makes the same program; tried again when some making ends */
    JOB_TESTING,
    JOB_FINISHING, /* being reported, or about to be */
};

struct job {
    /* scheduling */
    TAILQ_ENTRY(job) in_all;
    TAILQ_ENTRY(job) in_ready;
    struct share *share; /* its owner's */
    bool ready;          /* in the share's list of jobs that have a task to give */
    enum job_phase phase;
    bool cancelled;
    size_t next_test;     /* the first that has not been started */
    size_t first_failure; /* index; test_count when none has failed */
    unsigned in_flight;   /* slots at work for it */

    /* set once, before the job is shared */
    struct submission *sub;
    const struct language *language; /* NULL: not available, and result->message says why */
    struct job_callbacks callbacks;
    void *context;
    int64_t started_ns;

    /* set by job_compile, read-only while tests run */
    struct artifact *artifact;
    struct judge judge;              /* of the checker, when that is a program */
    struct language_command command; /* for test cases with the submission's own arguments and limits */
    int64_t compiled_ns;
    bool look_into_crash; /* result->crashed is wanted */

    /* evidence for hints, asked for by the first test case that is not explained well */
    pthread_mutex_t notes_lock;
    bool has_notes;
    struct buf notes;

    /* reporting */
    pthread_mutex_t report_lock;
    size_t reported; /* entries of result->order */
    struct result *result;
};

struct job_tools {
    struct artifact_cache *cache;
    const struct registry *registry;
    int64_t output_keep;       /* bytes */
    int64_t submission_max_ns; /* no test case begins later after the job's start; 0: they always may */
    struct metrics *metrics;
    const struct hint_rules *hints; /* NULL: none are given */
    bool look_into_crashes;
    struct limits crash_caps; /* what a run with sanitizers may have at most */
};

struct job *job_new(const struct job_tools *tools, struct submission *sub, const struct job_callbacks *callbacks,
                    void *context);

/* Gives everything back; the result has been handed over. */
void job_free(struct job *job, const struct job_tools *tools);

/*
 * Makes or finds the program. 0: test cases can run. -EAGAIN: another slot makes it. -ECANCELED: box_cancel. -ENOSPC: no room for it now.
 * Otherwise the job is over, and its result says why.
 */
int job_compile(struct job *job, const struct job_tools *tools, struct box *box);

/* Runs one test case into *ret, unless the job's time is over. 0, -ECANCELED: box_cancel; other -errno: the engine failed, ret says so. */
int job_test(struct job *job, const struct job_tools *tools, const struct lane *lane, size_t index,
             struct test_result *ret);

/* Takes over a test's result and reports what is due. */
void job_report(struct job *job, size_t index, struct test_result *test);

/* Completes the result and calls finished, which takes it over. The scheduling members are settled by now. */
void job_finish(struct job *job);

#endif
