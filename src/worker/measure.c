/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c: see measure.h. The language is a label only when it is one that this worker knows: what a client wrote is not. */
#include "worker/measure.h"

#include <errno.h>

#include "base/clock.h"

static const char *const reasons[] = {"lapsed", "cancelled"};

void measure_nothing_yet(struct metrics *metrics)
{
    static const enum status ends[] = {STATUS_COMPLETED, STATUS_FAILED};
    static const char *const attempts[] = {"first", "again"};
    static const char *const reruns[] = {"explained", "unexplained", "cached", "dropped", "failed"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        metrics_touch(metrics, METRIC_SUBMISSIONS, status_name(ends[i]), NULL);
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
        metrics_touch(metrics, METRIC_CLAIMS, attempts[i], NULL);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        metrics_touch(metrics, METRIC_LEASES_LOST, reasons[i], NULL);
    for (size_t i = 0; i < ARRAY_LEN(reruns); i++)
        metrics_touch(metrics, METRIC_CRASH_RERUNS, reruns[i], NULL);
    metrics_touch(metrics, METRIC_MODEL_CALLS, "hint", NULL);
    metrics_touch(metrics, METRIC_INTERNAL_ERRORS, NULL, NULL);
    metrics_touch(metrics, METRIC_QUEUE_WAIT, NULL, NULL);
    metrics_touch(metrics, METRIC_OVERHEAD, NULL, NULL);
}

void measure_claim(struct metrics *metrics, int attempt, int64_t waited_ms)
{
    metrics_add(metrics, METRIC_CLAIMS, 1, attempt > 1 ? "again" : "first", NULL);
    metrics_observe(metrics, METRIC_QUEUE_WAIT, waited_ms * NS_PER_MS, NULL, NULL);
}

void measure_lost(struct metrics *metrics, int code)
{
    metrics_add(metrics, METRIC_LEASES_LOST, 1, reasons[code == -ECANCELED], NULL);
}

static void measure_compile(struct metrics *metrics, const struct compile_result *compile, const char *language)
{
    if (compile->state == COMPILE_NONE)
        return;
    metrics_add(metrics, METRIC_COMPILES, 1, language,
                compile->cached                ? "cached"
                : compile->state == COMPILE_OK ? "ok"
                                               : "failed");
    if (!compile->cached)
        metrics_observe(metrics, METRIC_COMPILE_TIME, compile->time_ns, language, NULL);
}

static void measure_test(struct metrics *metrics, const struct test_result *test, const char *language)
{
    metrics_add(metrics, METRIC_TESTS, 1, language, verdict_name(test->verdict));
    if (test->wall_ns > 0)
        metrics_observe(metrics, METRIC_RUN_TIME, test->wall_ns, language, NULL);
}

/* What was explained, by whose rule; and what was not. Rules are evalx's own files; whatever did not come from one counts by its source. */
static void measure_hints(struct metrics *metrics, const struct hint_list *hints, const char *language,
                          const char *stage)
{
    for (size_t i = 0; i < hints->count; i++) {
        const struct hint *hint = &hints->items[i];
        metrics_add(metrics, METRIC_HINTS, 1, language,
                    hint->source == HINT_FROM_RULE ? hint->rule : hint_source_name(hint->source));
    }
    if (hints->count == 0)
        metrics_add(metrics, METRIC_HINT_MISSES, 1, language, stage);
}

static const char *stage_of(enum verdict verdict)
{
    return verdict == VERDICT_WRONG_ANSWER ? "verdict" : "run";
}

/* A program that does not compile fails once, however many test cases it has. */
static void measure_explanations(struct metrics *metrics, const struct result *result, const char *language)
{
    if (result->compile.state == COMPILE_FAILED) {
        measure_hints(metrics, &result->hints, language, "compile");
        return;
    }
    for (size_t i = 0; i < result->test_count; i++) {
        const struct test_result *test = &result->tests[i];
        if (test->verdict != VERDICT_ACCEPTED && test->verdict != VERDICT_SKIPPED)
            measure_hints(metrics, &test->hints, language, stage_of(test->verdict));
    }
}

void measure_result(struct metrics *metrics, const struct result *result)
{
    const char *language = result->version ? result->language : "unknown";

    metrics_add(metrics, METRIC_SUBMISSIONS, 1, status_name(result->status), NULL);
    if (result->status == STATUS_FAILED)
        metrics_add(metrics, METRIC_INTERNAL_ERRORS, 1, NULL, NULL);
    measure_compile(metrics, &result->compile, language);
    for (size_t i = 0; i < result->test_count; i++)
        measure_test(metrics, &result->tests[i], language);
    if (result->explained)
        measure_explanations(metrics, result, language);
}
