/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_none.c: a leaf without a control group: the slot looks at the box's processes one by one, in the box's own /proc, which shows
 * no others. For a start without root where nobody has handed a group over.
 *
 *   CPU time    of every process and, as the kernel adds it up, of those it has waited for; in ticks, so up to 20 ms less are told.
 *               What nobody waits for (SIGCHLD ignored) is lost when it ends: then the wall clock is the limit.
 *   memory      what is resident of its own or shared memory, swapped, page tables, and what lies in the scratch; every 10 ms.
 *               Memory that is in no process's address space (pipes, sockets) is not seen.
 *   processes   RLIMIT_NPROC (launcher.c), which the box's user namespace counts
 *
 * The reading of /proc is not one moment's: a process may be seen twice or not at all while it ends. So nothing is concluded from one look:
 * CPU time is the less of two, and memory that is too much is looked at again, with every shared page divided by its users.
 */
#include "jail/cgroup_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"

#define LOOK_EVERY_NS (10 * NS_PER_MS)
enum { LOOK_COST_SHARE = 20, PROCESS_FILE_MAX = 4096 };

struct looker {
    DIR *proc; /* the box's; opened with each run, because a new launcher has a new one */
    int64_t ticks, memory_limit, memory_peak, kills, next_ns;
};

struct sight {
    int64_t cpu_ns, memory_bytes, threads;
};

static ssize_t read_of(int proc, const char *pid, const char *file, char out[PROCESS_FILE_MAX])
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", pid, file);
    _cleanup_(fd_closep) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, PROCESS_FILE_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
    return n;
}

/* The sum of the kB behind these keys, in bytes. */
static int64_t sum_of(const char *text, const char *const *keys, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(text, keys[i]);
        sum += at ? strtoll(at + strlen(keys[i]), NULL, 10) * 1024 : 0;
    }
    return sum;
}

/* exactly: shared pages are divided by their users, which takes the kernel longer to tell. */
static int64_t memory_of(int proc, const char *pid, bool exactly)
{
    static const char *const plain[] = {"\nRssAnon:", "\nRssShmem:", "\nVmSwap:", "\nVmPTE:"};
    static const char *const divided[] = {"\nPss_Anon:", "\nPss_Shmem:", "\nSwapPss:"};
    char text[PROCESS_FILE_MAX];
    if (exactly && read_of(proc, pid, "smaps_rollup", text) > 0)
        return sum_of(text, divided, ARRAY_LEN(divided));
    return read_of(proc, pid, "status", text) > 0 ? sum_of(text, plain, ARRAY_LEN(plain)) : 0;
}

/* A process that has ended meanwhile adds nothing. */
static void add_process(const struct looker *looker, int proc, const char *pid, bool exactly, struct sight *sight)
{
    char text[PROCESS_FILE_MAX];
    long long spent[4], threads;
    if (read_of(proc, pid, "stat", text) <= 0)
        return;
    const char *after = strrchr(text, ')'); /* the name may hold anything */
    if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld %*d %*d %lld",
                         &spent[0], &spent[1], &spent[2], &spent[3], &threads) != 5)
        return;
    sight->cpu_ns += (spent[0] + spent[1] + spent[2] + spent[3]) * NS_PER_S / looker->ticks;
    sight->threads += threads;
    if (strcmp(pid, "1") != 0) /* the launcher is not the program's */
        sight->memory_bytes += memory_of(proc, pid, exactly);
}

static struct sight look_at_all(const struct looker *looker, bool exactly)
{
    struct sight sight = {0};
    struct statvfs scratch;
    if (!looker->proc)
        return sight;
    rewinddir(looker->proc);
    for (struct dirent *entry; (entry = readdir(looker->proc));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            add_process(looker, dirfd(looker->proc), entry->d_name, exactly, &sight);
    if (statvfs("/box", &scratch) == 0)
        sight.memory_bytes += (int64_t)((scratch.f_blocks - scratch.f_bfree) * scratch.f_frsize);
    return sight;
}

/* ---- the verbs ---- */

static int none_leaf_open(struct cgroup_leaf *leaf, struct error *err)
{
    (void)err;
    leaf->looker = xcalloc(1, sizeof *leaf->looker);
    leaf->looker->ticks = sysconf(_SC_CLK_TCK);
    return 0;
}

static int none_begin(struct cgroup_leaf *leaf, int64_t memory_bytes, struct error *err)
{
    struct looker *looker = leaf->looker;
    if (looker->proc)
        closedir(looker->proc);
    looker->proc = opendir("/proc");
    if (!looker->proc)
        return error_errno(err, -errno, "opening the box's /proc");
    looker->memory_limit = memory_bytes;
    looker->memory_peak = 0;
    looker->next_ns = clock_monotonic_ns() + LOOK_EVERY_NS / 2;
    return 0;
}

static int64_t none_cpu_ns(struct cgroup_leaf *leaf)
{
    int64_t first = look_at_all(leaf->looker, false).cpu_ns, second = look_at_all(leaf->looker, false).cpu_ns;
    return MIN(first, second);
}

static int64_t none_peak(struct cgroup_leaf *leaf)
{
    return leaf->looker->memory_peak;
}

static int64_t none_kills(struct cgroup_leaf *leaf)
{
    return leaf->looker->kills;
}

static int64_t none_population(struct cgroup_leaf *leaf)
{
    return look_at_all(leaf->looker, false).threads;
}

static int64_t none_look(struct cgroup_leaf *leaf)
{
    struct looker *looker = leaf->looker;
    int64_t now = clock_monotonic_ns();
    if (now < looker->next_ns)
        return looker->next_ns - now;
    int64_t memory = look_at_all(looker, false).memory_bytes;
    if (memory > looker->memory_limit)
        memory = look_at_all(looker, true).memory_bytes;
    looker->kills += memory > looker->memory_limit;
    looker->memory_peak = MAX(looker->memory_peak, MIN(memory, looker->memory_limit));
    /* Looking takes a small share of the time, however many processes there are. */
    int64_t after = clock_monotonic_ns();
    looker->next_ns = after + MAX((after - now) * LOOK_COST_SHARE, LOOK_EVERY_NS);
    return looker->next_ns - after;
}

const struct cgroup_verbs cgroup_none = {
    .version = 0,
    .leaf_open = none_leaf_open,
    .begin = none_begin,
    .cpu_ns = none_cpu_ns,
    .peak = none_peak,
    .ooms = none_kills,
    .population = none_population,
    .look = none_look,
};
