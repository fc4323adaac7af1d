/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h: counters, gauges and histograms, in the Prometheus text format (version 0.0.4). Knows no submission: the rooms above count
 * into it, and GET /metrics shows it.
 *
 * All metrics are the lines of METRICS, each with its name, its labels and what it says. Times are seconds and sizes bytes, as Prometheus
 * has them. A label's values come from closed sets (statuses, verdicts, languages, rules, routes), never from a client: no token, no text of a
 * submission. Should a set turn out larger than METRICS_SERIES_MAX, what comes later is counted under "other".
 *
 * A counter that is to be alarmed on is shown as 0 from the start (metrics_touch): of one that appears with its first event, Prometheus
 * would never see it rise. A gauge whose figure cannot be had is not shown at all (metrics_forget), rather than as something old or 0.
 *
 * Thread-safe. Every verb takes NULL for a struct metrics and then does nothing, so that whoever counts need not ask.
 */
#ifndef EVALX_METRICS_METRICS_H
#define EVALX_METRICS_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum {
    METRICS_LABELS_MAX = 2,
    METRICS_SERIES_MAX = 1024,
    METRICS_VALUE_MAX = 96 /* bytes of a label's value; more is cut */
};

/* The kinds are COUNTER, GAUGE, and three of histograms, which differ in their buckets: SHORT (0.1 ms to 1 s), WORK (0.5 ms to 1 min), LONG (1 ms to 12 h). */
/* clang-format off */
/*  id                    kind       name                                 labels                help */
#define METRICS(X) \
  X(BUILD_INFO,           GAUGE,     "evalx_build_info",                  "version", "role",    "Always 1; the version and the role of this process.") \
  X(QUEUE_DEPTH,          GAUGE,     "evalx_queue_depth",                 "queue", NULL,        "Submissions that wait for a worker. The whole queue's: the same from every replica, so take max, never sum.") \
  X(QUEUE_OLDEST,         GAUGE,     "evalx_queue_oldest_seconds",        NULL, NULL,           "Age of the oldest submission that waits; 0 when none does.") \
  X(RUNNING,              GAUGE,     "evalx_submissions_running",         NULL, NULL,           "Submissions that some worker has claimed. The whole queue's.") \
  X(STORE_UP,             GAUGE,     "evalx_store_up",                    NULL, NULL,           "1 when the store answered this scrape, else 0.") \
  X(SLOTS,                GAUGE,     "evalx_slots",                       "state", NULL,        "Lanes of execution of this worker that are busy, or idle.") \
  X(SUBMISSIONS,          COUNTER,   "evalx_submissions_total",           "status", NULL,       "Submissions that this worker brought to their end.") \
  X(TESTS,                COUNTER,   "evalx_tests_total",                 "language", "verdict", "Test cases that this worker judged.") \
  X(COMPILES,             COUNTER,   "evalx_compiles_total",              "language", "result", "Compile steps: ok, failed, or cached (taken from the artifact cache).") \
  X(CLAIMS,               COUNTER,   "evalx_claims_total",                "attempt", NULL,      "Submissions that this worker claimed: for the first time, or again after another worker had lost them.") \
  X(LEASES_LOST,          COUNTER,   "evalx_leases_lost_total",           "reason", NULL,       "Claims that this worker lost before their end: their lease lapsed, or the client cancelled the submission.") \
  X(SLOTS_REBUILT,        COUNTER,   "evalx_slots_rebuilt_total",         NULL, NULL,           "Sandbox slots that had to be built anew because they died or could not be proven clean.") \
  X(STORE_ERRORS,         COUNTER,   "evalx_store_errors_total",          "verb", NULL,         "Calls of the store that failed because it was away, full or broken.") \
  X(INTERNAL_ERRORS,      COUNTER,   "evalx_internal_errors_total",       NULL, NULL,           "Submissions that ended by the engine's own fault.") \
  X(OUTBOX,               GAUGE,     "evalx_outbox",                      "state", NULL,        "Webhook deliveries that are pending, or dead. The whole store's.") \
  X(OUTBOX_OLDEST,        GAUGE,     "evalx_outbox_oldest_seconds",       NULL, NULL,           "Age of the oldest pending webhook delivery; 0 when none is.") \
  X(WEBHOOKS,             COUNTER,   "evalx_webhook_attempts_total",      "outcome", NULL,      "Tries to deliver a webhook: delivered, retry or dead.") \
  X(HINTS,                COUNTER,   "evalx_hints_total",                 "language", "rule",   "Hints given, by the rule that gave them.") \
  X(HINT_MISSES,          COUNTER,   "evalx_hint_misses_total",           "language", "stage",  "Results that are not accepted and got no hint, by where they failed: compile, run or verdict.") \
  X(CRASH_RERUNS,         COUNTER,   "evalx_crash_reruns_total",          "outcome", NULL,      "Crashed programs that were to be run once more with sanitizers: explained, unexplained, cached, dropped or failed.") \
  X(MODEL_CALLS,          COUNTER,   "evalx_model_calls_total",           "outcome", NULL,      "Questions to the model for hints: hint, empty, malformed, too_large, timeout, unreachable, limited, server_error, refused, cancelled; and those that were not asked: over_rate, over_budget, breaker_open.") \
  X(HTTP_REQUESTS,        COUNTER,   "evalx_http_requests_total",         "route", "code",      "Answers, by route and status.") \
  X(QUEUE_WAIT,           LONG,      "evalx_queue_wait_seconds",          NULL, NULL,           "From the acknowledgement of a submission to a worker's start with it.") \
  X(COMPILE_TIME,         WORK,      "evalx_compile_seconds",             "language", NULL,     "Compile steps that were really done.") \
  X(RUN_TIME,             WORK,      "evalx_run_seconds",                 "language", NULL,     "Wall time of the program in one test case.") \
  X(OVERHEAD,             SHORT,     "evalx_sandbox_overhead_seconds",    NULL, NULL,           "What the sandbox adds to a run: from asking for it to its report, less the program's wall time.") \
  X(HTTP_TIME,            WORK,      "evalx_http_request_seconds",        "route", NULL,        "From a complete request to its answer; waiting for results included.") \
  X(WEBHOOK_TIME,         LONG,      "evalx_webhook_delivery_seconds",    NULL, NULL,           "From an event to the receiver's acknowledgement.") \
  X(PROCESS_CPU,          COUNTER,   "process_cpu_seconds_total",         NULL, NULL,           "Total user and system CPU time spent in seconds.") \
  X(PROCESS_RESIDENT,     GAUGE,     "process_resident_memory_bytes",     NULL, NULL,           "Resident memory size in bytes.") \
  X(PROCESS_VIRTUAL,      GAUGE,     "process_virtual_memory_bytes",      NULL, NULL,           "Virtual memory size in bytes.") \
  X(PROCESS_THREADS,      GAUGE,     "process_threads",                   NULL, NULL,           "Threads of this process.") \
  X(PROCESS_FDS,          GAUGE,     "process_open_fds",                  NULL, NULL,           "Number of open file descriptors.") \
  X(PROCESS_MAX_FDS,      GAUGE,     "process_max_fds",                   NULL, NULL,           "Maximum number of open file descriptors.") \
  X(PROCESS_START,        GAUGE,     "process_start_time_seconds",        NULL, NULL,           "Start time of the process since unix epoch in seconds.")
/* clang-format on */

#define METRICS_ID(id, ...) METRIC_##id,
enum metric { METRICS(METRICS_ID) METRIC_COUNT };
#undef METRICS_ID

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* first, second: the labels' values, for as many labels as the metric has; the others are NULL. Copied. */
void metrics_add(struct metrics *metrics, enum metric id, double by, const char *first,
                 const char *second); /* counters; by >= 0 */
void metrics_set(struct metrics *metrics, enum metric id, double value, const char *first,
                 const char *second); /* gauges; counters that are read elsewhere */
void metrics_observe(struct metrics *metrics, enum metric id, int64_t ns, const char *first,
                     const char *second); /* histograms */
void metrics_touch(struct metrics *metrics, enum metric id, const char *first,
                   const char *second);                       /* shows it from now on, as 0 if nothing was counted */
void metrics_forget(struct metrics *metrics, enum metric id); /* all its series: shows none until one is set again */

/*
 * Calls collect(context) at the beginning of every metrics_render, for figures that are looked up only when somebody asks. Registered before
 * the first render; collect may call the verbs above.
 */
typedef void metrics_collect_fn(void *context, struct metrics *metrics);
void metrics_collector(struct metrics *metrics, metrics_collect_fn *collect, void *context);

/* Appends the text of all series that have been touched. */
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
void metrics_render(struct metrics *metrics, struct buf *out);

/* A collector for the process_* metrics: process.c. */
metrics_collect_fn metrics_collect_process;

#endif
