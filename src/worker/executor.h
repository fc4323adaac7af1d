/* SPDX-License-Identifier: Apache-2.0 */
/*
 * executor.h: submissions in, results out, on this machine's slots; knows no store.
 *
 * One thread a slot. A job is a submission under way: first one compile task (or none), then one task a test case. Free slots take
 * tasks of the running jobs in turn (round robin), so that a batch of 1,000 test cases does not hold up a small one; the test
 * cases of one job spread over all free slots. Callbacks come from slot threads, for one job never two at a time.
 */
#ifndef EVALX_WORKER_EXECUTOR_H
#define EVALX_WORKER_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "box/box.h"
#include "hints/hints.h"
#include "language/language.h"
#include "model/result.h"
#include "model/submission.h"

struct executor;
struct job;

struct executor_config {
    struct jail *jail; /* outlives the executor */
    /* Slot threads; 0: one for each slot of the jail. Slot lanes + i, if there is one, runs the interactors of thread i. */
    unsigned lanes;
    const struct registry *registry; /* outlives the executor */
    const char *artifact_dir;        /* existing folder, writable by this process; the artifact cache lives here */
    int64_t artifact_cache_kb;       /* past this the least recently used artifacts go */
    const struct hint_rules *hints;  /* outlive the executor; NULL: results carry no hints */
    int64_t output_keep_kb;          /* of each stream in a test result; more is cut and marked truncated; positive */
};

int executor_new(const struct executor_config *config, struct executor **ret, struct error *err);

/* Cancels what runs (its finished callbacks come with status cancelled), joins the threads. NULL is fine. */
void executor_free(struct executor *executor);
DEFINE_CLEANUP(struct executor, executor_free)

/*
 * With stop_on_first_failure the tests are reported in input order, up to the first failure and no further, so that what was
 * reported never differs from the final result; otherwise in the order they end.
 */
struct job_callbacks {
    void (*compiled)(void *context,
                     const struct compile_result *compile); /* may be NULL; not called when there is no compile step */
    void (*tested)(
        void *context, unsigned index,
        const struct test_result *test); /* may be NULL; not for skipped ones, nor when it does not compile */
    void (*finished)(void *context, struct result *result); /* once, last; takes over result */
};

/*
 * Takes over sub (limits resolved). The job belongs to the executor and is gone after finished returns. A language that is not
 * available here finishes it with status failed.
 */
struct job *executor_start(struct executor *executor, struct submission *sub, const struct job_callbacks *callbacks,
                           void *context);

/* Ends the job soon: running boxes are cancelled, finished comes with status cancelled. Only before finished has returned. */
void executor_cancel(struct executor *executor, struct job *job);

/*
 * Waits until some slot has nothing to do (true), or timeout_ms passed (false). timeout_ms 0 only asks. Always false once the
 * jail has died: then every job ends cancelled, for somebody else to run it.
 */
bool executor_wait_idle(struct executor *executor, int timeout_ms);

unsigned executor_running_jobs(struct executor *executor);

#endif
