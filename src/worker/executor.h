/* SPDX-License-Identifier: Apache-2.0 */
/*
 * executor.h: submissions in, results out, on this machine's slots; knows no store.
 *
 * One thread a slot. A job is a submission under way: first one compile task (or none), then one task a test case. Free slots take
 * tasks of the running jobs in turn (between owners by their shares, see share.h; of one owner's jobs round robin), so that a batch of 1,000
 * test cases does not hold up a small one; the test cases of one job spread over all free slots. Callbacks come from slot threads, for one job never two at a time.
 */
#ifndef EVALX_WORKER_EXECUTOR_H
#define EVALX_WORKER_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/encode.h"
#include "base/error.h"
#include "box/box.h"
#include "hints/hints.h"
#include "language/language.h"
#include "metrics/metrics.h"
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
    int64_t submission_max_ms;       /* later after a job's start than this no test case of it begins; 0: whenever */
    bool look_into_crashes;          /* results say which crash executor_look_into could explain; needs hints */
    struct limits crash_caps;        /* the most that a run of it may have of anything */
    struct metrics *metrics;         /* counted into; outlives the executor; may be NULL */
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

/* For whom a job runs. name NULL or "": nobody's in particular; share: its weight against other owners, 0 counts as 1. */
struct job_owner {
    const char *name;
    unsigned share;
};

/*
 * Takes over sub (limits resolved); the owner is copied. The job belongs to the executor and is gone after finished returns. A language that is not
 * available here finishes it with status failed.
 */
struct job *executor_start(struct executor *executor, struct submission *sub, struct job_owner owner,
                           const struct job_callbacks *callbacks, void *context);

/* Ends the job soon: running boxes are cancelled, finished comes with status cancelled. Only before finished has returned. */
void executor_cancel(struct executor *executor, struct job *job);

/*
 * Waits until some slot has nothing to do (true), or timeout_ms passed (false). timeout_ms 0 only asks. Always false once the
 * jail has died: then every job ends cancelled, for somebody else to run it.
 */
bool executor_wait_idle(struct executor *executor, int timeout_ms);

/*
 * Whether one job more would be served at once although no slot is idle, because the slots are at work for large ones: true when some
 * job has tasks to give, none waits for its first, and there are few enough jobs.
 */
bool executor_can_share(struct executor *executor);

/*
 * What killed this test case? Builds and runs it once more, with sanitizers, on a slot that has nothing else to do. Whenever jobs want all
 * slots, it is given up at once, and while it runs its slot counts as idle: nobody's work waits for it. At most one thread may be in here.
 * sub and was, how index ended, stay the caller's. Waits up to timeout_ms for a slot. 0: *ret has what was found, which may be nothing;
 * -ETIMEDOUT: there was no slot; -ECANCELED: given up; -EAGAIN: the program is being made elsewhere; other -errno: the engine failed.
 */
int executor_look_into(struct executor *executor, const struct submission *sub, size_t index,
                       const struct test_result *was, int timeout_ms, struct hint_list *ret);

/* What executor_look_into knows what was found by: hex SHA-256. -ENOENT when it cannot be looked into. */
int executor_crash_key(struct executor *executor, const struct submission *sub, size_t index,
                       char out[SHA256_HEX_LEN + 1]);

/* Ends executor_look_into, now and for ever. */
void executor_look_away(struct executor *executor);

unsigned executor_running_jobs(struct executor *executor);

/* Lanes that are at work, of how many. */
void executor_lanes(struct executor *executor, unsigned *ret_busy, unsigned *ret_all);

#endif
