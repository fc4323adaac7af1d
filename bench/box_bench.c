/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box_bench: what a box costs. Runs the same program bare (vfork, exec, wait) and through box_run, alternating, and prints
 * p50 and p95 of both and their ratio; then how many runs a second there are bare, on one slot, and on two at the same time. Alternating in one process, because machines are shared and drift.
 *
 *   box_bench JAIL RUNS DIRECTORY PROGRAM [ARG …]
 *
 * PROGRAM is found at DIRECTORY/PROGRAM when it is relative (and runs as /artifact/PROGRAM in the box), else at the same absolute
 * path in both.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "box/box.h"

static char *const bench_env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", (char *)(uintptr_t) "LANG=C.UTF-8", NULL};

struct series {
    int64_t *ns;
    size_t count;
};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile_us(struct series *s, size_t percent)
{
    qsort(s->ns, s->count, sizeof *s->ns, by_value);
    return (double)s->ns[MIN(s->count * percent / 100, s->count - 1)] / 1000.0;
}

static int bare_run(char *const *argv)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t pid = vfork();
    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            dup2(null, i);
        execve(argv[0], argv, bench_env);
        _exit(127);
    }
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(null);
    return status;
}

static int boxed_run(struct box *box, char *const *argv, int directory)
{
    struct box_spec spec = {
        .argv = (const char *const *)argv,
        .envp = (const char *const *)bench_env,
        .stdin_fd = -1,
        .artifact_fd = directory,
        .limits = limits_default(),
        .collect_fd = -1,
    };
    struct box_report report;
    struct error err = ERROR_INIT;
    if (box_run(box, &spec, &report, &err) < 0) {
        fprintf(stderr, "box_bench: %s\n", err.message);
        return -1;
    }
    int status = report.cause == BOX_EXITED ? report.exit_code : -1;
    box_report_release(&report);
    return status;
}

struct lane {
    struct box *box;
    char *const *argv;
    int directory;
    size_t runs;
};

static void *run_lane(void *argument)
{
    struct lane *lane = argument;
    for (size_t i = 0; i < lane->runs; i++)
        if (boxed_run(lane->box, lane->argv, lane->directory) < 0)
            return lane;
    return NULL;
}

struct throughput {
    double one, two; /* runs a second */
};

/* On one slot, then twice as many on two slots at once: how well slots scale. */
static struct throughput measure_throughput(struct jail *jail, char *const *argv, int directory, size_t runs)
{
    struct lane lanes[2] = {{jail_box(jail, 0), argv, directory, runs}, {jail_box(jail, 1), argv, directory, runs}};
    int64_t start = clock_monotonic_ns();
    run_lane(&lanes[0]);
    int64_t one = clock_monotonic_ns() - start;
    pthread_t threads[2];
    start = clock_monotonic_ns();
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, run_lane, &lanes[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    int64_t two = clock_monotonic_ns() - start;
    double total = (double)runs * (double)NS_PER_S;
    return (struct throughput){total / (double)one, 2 * total / (double)two};
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: box_bench JAIL RUNS DIRECTORY PROGRAM [ARG ...]\n");
        return 2;
    }
    size_t runs = (size_t)strtoul(argv[2], NULL, 10);
    int directory = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char bare_path[PATH_MAX], box_path[PATH_MAX];
    bool relative = argv[4][0] != '/';
    snprintf(bare_path, sizeof bare_path, "%s%s%s", relative ? argv[3] : "", relative ? "/" : "", argv[4]);
    snprintf(box_path, sizeof box_path, "%s%s", relative ? "/artifact/" : "", argv[4]);

    struct error err = ERROR_INIT;
    struct jail *jail = NULL;
    struct jail_config config = {.program = argv[1], .slots = 2, .uid_base = 61000};
    if (directory < 0 || runs < 1 || jail_start(&config, &jail, &err) < 0) {
        fprintf(stderr, "box_bench: %s\n", directory < 0 ? strerror(errno) : err.message);
        return 1;
    }
    struct series bare = {xcalloc(runs, sizeof(int64_t)), runs}, boxed = {xcalloc(runs, sizeof(int64_t)), runs};
    int failures = 0;
    for (size_t i = 0; i < runs; i++) {
        int64_t start = clock_monotonic_ns();
        argv[4] = bare_path;
        failures += bare_run(argv + 4) != 0;
        int64_t middle = clock_monotonic_ns();
        argv[4] = box_path;
        failures += boxed_run(jail_box(jail, 0), argv + 4, directory) != 0;
        bare.ns[i] = middle - start;
        boxed.ns[i] = clock_monotonic_ns() - middle;
    }
    double b50 = percentile_us(&bare, 50), x50 = percentile_us(&boxed, 50);
    int64_t bare_ns = 0;
    for (size_t i = 0; i < runs; i++)
        bare_ns += bare.ns[i];
    struct throughput boxes = measure_throughput(jail, argv + 4, directory, runs);
    printf("%-24s bare p50 %6.0f p95 %6.0f us, %5.0f/s   box p50 %6.0f p95 %6.0f us, %5.0f/s   ratio p50 %.2f   "
           "two slots %5.0f/s, %.2f x\n",
           argv[4], b50, percentile_us(&bare, 95), (double)runs * (double)NS_PER_S / (double)bare_ns, x50,
           percentile_us(&boxed, 95), boxes.one, x50 / b50, boxes.two, boxes.two / boxes.one);
    jail_stop(jail);
    return failures == 0 ? 0 : 1;
}
