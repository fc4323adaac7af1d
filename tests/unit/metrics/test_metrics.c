/* SPDX-License-Identifier: Apache-2.0 */
/* test_metrics.c: what is counted is shown, in Prometheus' text format, and the number of series stays bounded. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "metrics/metrics.h"

static struct buf rendered(struct metrics *metrics)
{
    struct buf text = BUF_INIT;
    metrics_render(metrics, &text);
    return text;
}

/* The value behind a line that begins so; -1 when there is none. */
static double value_of(const struct buf *text, const char *series)
{
    size_t len = strlen(series);
    for (const char *line = buf_str(text); line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, series, len) == 0 && line[len] == ' ')
            return strtod(line + len, NULL);
    return -1;
}

static size_t lines_with(const struct buf *text, const char *beginning)
{
    size_t count = 0;
    for (const char *line = buf_str(text); line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    return count;
}

static void nothing_counted_is_nothing_shown(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct buf text = rendered(metrics);
    assert_int_equal(text.len, 0);
    metrics_free(metrics);
    metrics_add(NULL, METRIC_SUBMISSIONS, 1, "completed", NULL);
    metrics_set(NULL, METRIC_RUNNING, 1, NULL, NULL);
    metrics_observe(NULL, METRIC_QUEUE_WAIT, 1, NULL, NULL);
    metrics_collector(NULL, metrics_collect_process, NULL);
    metrics_render(NULL, &text);
    assert_int_equal(text.len, 0);
    metrics_free(NULL);
}

static void counters_and_gauges(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metrics_add(metrics, METRIC_TESTS, 2, "cpp", "accepted");
    metrics_add(metrics, METRIC_TESTS, 1, "cpp", "wrong_answer");
    metrics_add(metrics, METRIC_TESTS, 3, "cpp", "accepted");
    metrics_add(metrics, METRIC_TESTS, -1, "cpp", "accepted"); /* counters never fall */
    metrics_set(metrics, METRIC_QUEUE_OLDEST, 3.25, NULL, NULL);
    metrics_set(metrics, METRIC_QUEUE_OLDEST, 0.125, NULL, NULL);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 123456789, "default", NULL);
    struct buf text = rendered(metrics);
    assert_true(value_of(&text, "evalx_tests_total{language=\"cpp\",verdict=\"accepted\"}") == 5);
    assert_true(value_of(&text, "evalx_tests_total{language=\"cpp\",verdict=\"wrong_answer\"}") == 1);
    assert_true(value_of(&text, "evalx_queue_oldest_seconds") == 0.125);
    assert_non_null(strstr(buf_str(&text), "evalx_queue_depth{queue=\"default\"} 123456789\n"));
    assert_int_equal(lines_with(&text, "# TYPE evalx_tests_total counter"), 1);
    assert_int_equal(lines_with(&text, "# TYPE evalx_queue_depth gauge"), 1);
    buf_release(&text);
    metrics_free(metrics);
}

static void histograms(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metrics_observe(metrics, METRIC_RUN_TIME, NS_PER_MS, "c", NULL); /* on a bound: it belongs to that bucket */
    metrics_observe(metrics, METRIC_RUN_TIME, NS_PER_MS + 1, "c", NULL);
    metrics_observe(metrics, METRIC_RUN_TIME, -5, "c", NULL); /* a clock that was set back */
    metrics_observe(metrics, METRIC_RUN_TIME, 1000 * NS_PER_S, "c", NULL);
    struct buf text = rendered(metrics);
    assert_true(value_of(&text, "evalx_run_seconds_bucket{language=\"c\",le=\"0.0005\"}") == 1);
    assert_true(value_of(&text, "evalx_run_seconds_bucket{language=\"c\",le=\"0.001\"}") == 2);
    assert_true(value_of(&text, "evalx_run_seconds_bucket{language=\"c\",le=\"0.0025\"}") == 3);
    assert_true(value_of(&text, "evalx_run_seconds_bucket{language=\"c\",le=\"60\"}") == 3);
    assert_null(strstr(buf_str(&text), "le=\"300\"")); /* of another kind */
    assert_true(value_of(&text, "evalx_run_seconds_bucket{language=\"c\",le=\"+Inf\"}") == 4);
    assert_true(value_of(&text, "evalx_run_seconds_count{language=\"c\"}") == 4);
    double sum = value_of(&text, "evalx_run_seconds_sum{language=\"c\"}");
    assert_true(sum > 1000.0019 && sum < 1000.0021);
    buf_release(&text);
    metrics_free(metrics);
}

/* Prometheus must see a counter's first step, and must not see a figure that is not known any more. */
static void touched_is_zero_and_forgotten_is_absent(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metrics_touch(metrics, METRIC_INTERNAL_ERRORS, NULL, NULL);
    metrics_touch(metrics, METRIC_OVERHEAD, NULL, NULL);
    metrics_add(metrics, METRIC_STORE_ERRORS, 2, "get", NULL);
    metrics_touch(metrics, METRIC_STORE_ERRORS, "get", NULL);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 7, "default", NULL);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 8, "other", NULL);
    struct buf text = rendered(metrics);
    assert_true(value_of(&text, "evalx_internal_errors_total") == 0);
    assert_true(value_of(&text, "evalx_sandbox_overhead_seconds_bucket{le=\"+Inf\"}") == 0);
    assert_true(value_of(&text, "evalx_sandbox_overhead_seconds_count") == 0);
    assert_true(value_of(&text, "evalx_store_errors_total{verb=\"get\"}") == 2);
    assert_int_equal(lines_with(&text, "evalx_queue_depth{"), 2);
    buf_release(&text);
    metrics_forget(metrics, METRIC_QUEUE_DEPTH);
    text = rendered(metrics);
    assert_null(strstr(buf_str(&text), "evalx_queue_depth"));
    assert_non_null(strstr(buf_str(&text), "evalx_store_errors_total"));
    buf_release(&text);
    metrics_set(metrics, METRIC_QUEUE_DEPTH, 3, "default", NULL);
    text = rendered(metrics);
    assert_true(value_of(&text, "evalx_queue_depth{queue=\"default\"}") == 3);
    buf_release(&text);
    metrics_touch(NULL, METRIC_OVERHEAD, NULL, NULL);
    metrics_forget(NULL, METRIC_OVERHEAD);
    metrics_free(metrics);
}

static void values_are_escaped_and_cut(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    char longer[2 * METRICS_VALUE_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    metrics_add(metrics, METRIC_SUBMISSIONS, 1, "a\"b\\c\nd", NULL);
    metrics_add(metrics, METRIC_SUBMISSIONS, 1, longer, NULL);
    metrics_add(metrics, METRIC_SUBMISSIONS, 1, NULL, NULL);
    struct buf text = rendered(metrics);
    assert_non_null(strstr(buf_str(&text), "{status=\"a\\\"b\\\\c\\nd\"} 1\n"));
    assert_non_null(strstr(buf_str(&text), "{status=\"\"} 1\n"));
    longer[METRICS_VALUE_MAX] = '\0';
    assert_non_null(strstr(buf_str(&text), longer));
    longer[METRICS_VALUE_MAX] = 'x';
    assert_null(strstr(buf_str(&text), longer));
    buf_release(&text);
    metrics_free(metrics);
}

/* Two labels are two labels: ("ab", "c") is not ("a", "bc"). And past the bound everything is "other". */
static void series_are_told_apart_and_bounded(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metrics_add(metrics, METRIC_HINTS, 1, "ab", "c");
    metrics_add(metrics, METRIC_HINTS, 2, "a", "bc");
    for (int i = 0; i < 3 * METRICS_SERIES_MAX; i++) {
        char rule[32];
        snprintf(rule, sizeof rule, "rule-%d", i);
        metrics_add(metrics, METRIC_HINTS, 1, "c", rule);
    }
    struct buf text = rendered(metrics);
    assert_true(value_of(&text, "evalx_hints_total{language=\"ab\",rule=\"c\"}") == 1);
    assert_true(value_of(&text, "evalx_hints_total{language=\"a\",rule=\"bc\"}") == 2);
    assert_true(value_of(&text, "evalx_hints_total{language=\"c\",rule=\"rule-0\"}") == 1);
    assert_int_equal(lines_with(&text, "evalx_hints_total{"), METRICS_SERIES_MAX + 1);
    assert_true(value_of(&text, "evalx_hints_total{language=\"other\",rule=\"other\"}") == 2 * METRICS_SERIES_MAX + 2);
    buf_release(&text);
    metrics_free(metrics);
}

static void collect_twice(void *context, struct metrics *metrics)
{
    int *calls = context;
    metrics_set(metrics, METRIC_RUNNING, ++*calls, NULL, NULL);
}

static void collectors_are_asked_at_every_render(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    int calls = 0;
    metrics_collector(metrics, collect_twice, &calls);
    for (int i = 1; i <= 3; i++) {
        struct buf text = rendered(metrics);
        assert_true(value_of(&text, "evalx_submissions_running") == i);
        buf_release(&text);
    }
    metrics_free(metrics);
}

static void the_process_is_measured(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metrics_collector(metrics, metrics_collect_process, NULL);
    struct buf before = rendered(metrics);
    int fd = dup(1);
    char *block = malloc(32 << 20);
    memset(block, 1, 32 << 20);
    struct buf after = rendered(metrics);
    assert_true(value_of(&after, "process_open_fds") == value_of(&before, "process_open_fds") + 1);
    assert_true(value_of(&after, "process_resident_memory_bytes") >
                value_of(&before, "process_resident_memory_bytes") + (30 << 20));
    assert_true(value_of(&after, "process_cpu_seconds_total") > value_of(&before, "process_cpu_seconds_total"));
    double started = value_of(&after, "process_start_time_seconds"), now = (double)clock_realtime_ms() / 1000;
    assert_true(started <= now + 1 && started > now - 3600);
    assert_true(value_of(&after, "process_threads") >= 1 && value_of(&after, "process_max_fds") > 0);
    close(fd);
    free(block);
    buf_release(&before);
    buf_release(&after);
    metrics_free(metrics);
}

static void *count_many(void *argument)
{
    for (int i = 0; i < 20000; i++) {
        metrics_add(argument, METRIC_SUBMISSIONS, 1, i % 2 ? "completed" : "failed", NULL);
        metrics_observe(argument, METRIC_QUEUE_WAIT, NS_PER_MS, NULL, NULL);
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    pthread_t threads[4];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, metrics), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        pthread_join(threads[i], NULL);
    struct buf text = rendered(metrics);
    assert_true(value_of(&text, "evalx_submissions_total{status=\"completed\"}") == 40000);
    assert_true(value_of(&text, "evalx_queue_wait_seconds_count") == 80000);
    buf_release(&text);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_counted_is_nothing_shown),
        cmocka_unit_test(counters_and_gauges),
        cmocka_unit_test(histograms),
        cmocka_unit_test(touched_is_zero_and_forgotten_is_absent),
        cmocka_unit_test(values_are_escaped_and_cut),
        cmocka_unit_test(series_are_told_apart_and_bounded),
        cmocka_unit_test(collectors_are_asked_at_every_render),
        cmocka_unit_test(the_process_is_measured),
        cmocka_unit_test(threads_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
