/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c: see metrics.h.
 *
 * Each metric has a hash table of series, keyed by its label values. One lock over everything: a count is a look-up and an addition, a few
 * thousand times a second at the most. Collectors run before the lock is taken, so that they may count.
 */
#include "metrics/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum kind { COUNTER, GAUGE, SHORT, WORK, LONG, KINDS }; /* from SHORT on histograms */
enum { CAPACITY_FIRST = 8, COLLECTORS_MAX = 8 };

static const struct {
    enum kind kind;
    const char *name, *labels[METRICS_LABELS_MAX], *help;
} catalogue[] = {
#define METRICS_LINE(id, kind, name, first, second, help) [METRIC_##id] = {kind, name, {first, second}, help},
    METRICS(METRICS_LINE)
#undef METRICS_LINE
};

/* The buckets' upper bounds in seconds, ascending, up to a 0: of what the sandbox adds; of programs, compilers, requests; of queues and retries. */
enum { BOUNDS_MAX = 20 };
static const double bounds_of[KINDS][BOUNDS_MAX + 1] = {
    [SHORT] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1},
    [WORK] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
    [LONG] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600, 43200},
};

struct series {
    bool taken;
    char *values[METRICS_LABELS_MAX];
    double value;     /* histograms: the sum */
    uint64_t *counts; /* histograms: BOUNDS_MAX + 1, one a bound, and those past the last; not cumulative */
};

struct family {
    struct series *table; /* open addressing; at most half full */
    size_t capacity, count;
};

struct metrics {
    pthread_mutex_t lock;
    struct family families[METRIC_COUNT];
    struct {
        metrics_collect_fn *collect;
        void *context;
    } collectors[COLLECTORS_MAX];
    size_t collector_count;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = xcalloc(1, sizeof *metrics);
    pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

static void release_family(struct family *family)
{
    for (size_t k = 0; k < family->capacity; k++) {
        for (size_t l = 0; l < METRICS_LABELS_MAX; l++)
            free(family->table[k].values[l]);
        free(family->table[k].counts);
    }
    free(family->table);
    *family = (struct family){0};
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (size_t i = 0; i < METRIC_COUNT; i++)
        release_family(&metrics->families[i]);
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

/* ---- series ---- */

static size_t hash(const char *const values[METRICS_LABELS_MAX])
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a, of the values with a NUL behind each */

    for (size_t l = 0; l < METRICS_LABELS_MAX && values[l]; l++)
        for (const char *p = values[l];; p++) {
            h = (h ^ (unsigned char)*p) * 0x100000001b3;
            if (!*p)
                break;
        }
    return (size_t)h;
}

static bool same(const struct series *series, const char *const values[METRICS_LABELS_MAX])
{
    for (size_t l = 0; l < METRICS_LABELS_MAX; l++)
        if (values[l] && strcmp(series->values[l], values[l]) != 0)
            return false;
    return true;
}

/* The series, or the free place for it. */
static struct series *place(const struct family *family, const char *const values[METRICS_LABELS_MAX])
{
    size_t at = hash(values) % family->capacity;
    while (family->table[at].taken && !same(&family->table[at], values))
        at = (at + 1) % family->capacity;
    return &family->table[at];
}

/* Makes room for one more. */
static void grow(struct family *family)
{
    struct family larger = {.capacity = MAX(2 * family->capacity, CAPACITY_FIRST), .count = family->count};

    if (2 * (family->count + 1) <= family->capacity)
        return;
    larger.table = xcalloc(larger.capacity, sizeof *larger.table);
    for (size_t i = 0; i < family->capacity; i++)
        if (family->table[i].taken)
            *place(&larger, (const char *const *)family->table[i].values) = family->table[i];
    free(family->table);
    *family = larger;
}

/* With the lock held. */
static struct series *find(struct metrics *metrics, enum metric id, const char *first, const char *second)
{
    struct family *family = &metrics->families[id];
    const char *given[METRICS_LABELS_MAX] = {first, second}, *values[METRICS_LABELS_MAX] = {NULL};
    char cut[METRICS_LABELS_MAX][METRICS_VALUE_MAX + 1];

    for (size_t l = 0; l < METRICS_LABELS_MAX && catalogue[id].labels[l]; l++) {
        snprintf(cut[l], sizeof cut[l], "%s", given[l] ? given[l] : "");
        values[l] = cut[l];
    }
    grow(family);
    struct series *series = place(family, values);
    if (!series->taken && family->count >= METRICS_SERIES_MAX) {
        for (size_t l = 0; l < METRICS_LABELS_MAX && values[l]; l++)
            values[l] = "other";
        series = place(family, values);
    }
    if (!series->taken) {
        series->taken = true;
        family->count++;
        for (size_t l = 0; l < METRICS_LABELS_MAX && values[l]; l++)
            series->values[l] = xstrdup(values[l]);
        if (catalogue[id].kind >= SHORT)
            series->counts = xcalloc(BOUNDS_MAX + 1, sizeof *series->counts);
    }
    return series;
}

/* ---- counting ---- */

void metrics_add(struct metrics *metrics, enum metric id, double by, const char *first, const char *second)
{
    if (!metrics || !(by >= 0))
        return;
    pthread_mutex_lock(&metrics->lock);
    find(metrics, id, first, second)->value += by;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_set(struct metrics *metrics, enum metric id, double value, const char *first, const char *second)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    find(metrics, id, first, second)->value = value;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_observe(struct metrics *metrics, enum metric id, int64_t ns, const char *first, const char *second)
{
    double seconds = (double)MAX(ns, 0) / NS_PER_S;
    const double *bounds = bounds_of[catalogue[id].kind];
    size_t bucket = 0;

    if (!metrics)
        return;
    while (bounds[bucket] > 0 && seconds > bounds[bucket])
        bucket++;
    pthread_mutex_lock(&metrics->lock);
    struct series *series = find(metrics, id, first, second);
    series->counts[bucket]++;
    series->value += seconds;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_touch(struct metrics *metrics, enum metric id, const char *first, const char *second)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    find(metrics, id, first, second);
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_forget(struct metrics *metrics, enum metric id)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->lock);
    release_family(&metrics->families[id]);
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_collector(struct metrics *metrics, metrics_collect_fn *collect, void *context)
{
    if (!metrics || metrics->collector_count == COLLECTORS_MAX)
        return;
    metrics->collectors[metrics->collector_count].collect = collect;
    metrics->collectors[metrics->collector_count++].context = context;
}

/* ---- the text ---- */

static void append_value(struct buf *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            buf_append_str(out, "\\n");
        else if (*value == '"' || *value == '\\')
            buf_printf(out, "\\%c", *value);
        else
            buf_append_char(out, *value);
    }
}

/* name{labels,le="…"}; le NULL: without. */
static void append_name(struct buf *out, enum metric id, const char *suffix, const struct series *series,
                        const char *le)
{
    const char *separator = "{";

    buf_printf(out, "%s%s", catalogue[id].name, suffix);
    for (size_t l = 0; l < METRICS_LABELS_MAX && catalogue[id].labels[l]; l++) {
        buf_printf(out, "%s%s=\"", separator, catalogue[id].labels[l]);
        append_value(out, series->values[l]);
        buf_append_char(out, '"');
        separator = ",";
    }
    if (le) {
        buf_printf(out, "%sle=\"%s\"", separator, le);
        separator = ",";
    }
    buf_append_str(out, *separator == ',' ? "} " : " ");
}

/* As many digits as it takes; whole numbers without an exponent. */
static void append_number(struct buf *out, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        buf_printf(out, "%.0f\n", value);
    else
        buf_printf(out, "%.15g\n", value);
}

static size_t bound_count(const double *bounds)
{
    size_t count = 0;
    while (bounds[count] > 0)
        count++;
    return count;
}

static void append_histogram(struct buf *out, enum metric id, const struct series *series)
{
    const double *bound = bounds_of[catalogue[id].kind];
    uint64_t total = 0;
    char le[32];

    for (size_t i = 0; bound[i] > 0; i++) {
        total += series->counts[i];
        snprintf(le, sizeof le, "%g", bound[i]);
        append_name(out, id, "_bucket", series, le);
        append_number(out, (double)total);
    }
    total += series->counts[bound_count(bound)];
    append_name(out, id, "_bucket", series, "+Inf");
    append_number(out, (double)total);
    append_name(out, id, "_sum", series, NULL);
    append_number(out, series->value);
    append_name(out, id, "_count", series, NULL);
    append_number(out, (double)total);
}

static void append_family(struct buf *out, enum metric id, const struct family *family)
{
    static const char *const types[KINDS] = {
        [COUNTER] = "counter", [GAUGE] = "gauge", [SHORT] = "histogram", [WORK] = "histogram", [LONG] = "histogram"};

    if (family->count == 0)
        return;
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", catalogue[id].name, catalogue[id].help, catalogue[id].name,
               types[catalogue[id].kind]);
    for (size_t i = 0; i < family->capacity; i++) {
        if (!family->table[i].taken)
            continue;
        if (catalogue[id].kind >= SHORT) {
            append_histogram(out, id, &family->table[i]);
        } else {
            append_name(out, id, "", &family->table[i], NULL);
            append_number(out, family->table[i].value);
        }
    }
}

void metrics_render(struct metrics *metrics, struct buf *out)
{
    if (!metrics)
        return;
    for (size_t i = 0; i < metrics->collector_count; i++)
        metrics->collectors[i].collect(metrics->collectors[i].context, metrics);
    pthread_mutex_lock(&metrics->lock);
    for (size_t id = 0; id < METRIC_COUNT; id++)
        append_family(out, (enum metric)id, &metrics->families[id]);
    pthread_mutex_unlock(&metrics->lock);
}
