/* SPDX-License-Identifier: Apache-2.0 */
/* process.c: this process's own figures, under the names that Prometheus client libraries give them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "metrics/metrics.h"

static int open_descriptors(void)
{
    int count = -2; /* "." and ".." */
    DIR *folder = opendir("/proc/self/fd");

    if (!folder)
        return -1;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 1; /* the folder's own */
}

/* Fields of /proc/self/stat after the name (proc(5)): 20 num_threads, 22 starttime in ticks, 23 vsize in bytes, 24 rss in pages. */
static bool read_stat(long *ret_threads, double *ret_started, double *ret_virtual, double *ret_resident)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    unsigned long long started, size;
    long resident;

    if (fd_read_file(AT_FDCWD, "/proc/self/stat", 4096, &text) < 0)
        return false;
    const char *after = strrchr(buf_str(&text), ')');
    if (!after ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %llu %llu %ld",
               ret_threads, &started, &size, &resident) != 4)
        return false;
    *ret_started = (double)started / (double)sysconf(_SC_CLK_TCK);
    *ret_virtual = (double)size;
    *ret_resident = (double)resident * (double)sysconf(_SC_PAGESIZE);
    return true;
}

void metrics_collect_process(void *context, struct metrics *metrics)
{
    (void)context;
    struct timespec used = {0}, up = {0};
    struct rlimit files = {0};
    double started = 0, size = 0, resident = 0;
    long threads = 0;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        metrics_set(metrics, METRIC_PROCESS_CPU, (double)used.tv_sec + (double)used.tv_nsec / NS_PER_S, NULL, NULL);
    if (read_stat(&threads, &started, &size, &resident) && clock_gettime(CLOCK_BOOTTIME, &up) == 0) {
        double boot = (double)clock_realtime_ms() / 1000 - ((double)up.tv_sec + (double)up.tv_nsec / NS_PER_S);
        metrics_set(metrics, METRIC_PROCESS_START, boot + started, NULL, NULL);
        metrics_set(metrics, METRIC_PROCESS_VIRTUAL, size, NULL, NULL);
        metrics_set(metrics, METRIC_PROCESS_RESIDENT, resident, NULL, NULL);
        metrics_set(metrics, METRIC_PROCESS_THREADS, (double)threads, NULL, NULL);
    }
    int descriptors = open_descriptors();
    if (descriptors >= 0)
        metrics_set(metrics, METRIC_PROCESS_FDS, descriptors, NULL, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        metrics_set(metrics, METRIC_PROCESS_MAX_FDS, (double)files.rlim_cur, NULL, NULL);
}
