/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak.c: many runs through one slot leave nothing behind: no memory, descriptor, mount, control group or zombie, in evalx's process, in
 * the jail's, in the slot's, in the launcher's, or on the machine. As TAP.
 *
 *   soak EVALX-JAIL DIRECTORY-OF-mess RUNS
 *
 * Every run makes a different mess (mess.c): files, processes, System V objects, sockets, descriptors in flight, a crash, too much
 * memory. What is compared is taken after the first hundred runs, when every cache has been filled once, and after the last.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "box/box.h"

enum { WARM_UP = 100, FILE_MAX = 1 << 22, GROWTH_KB = 1024, LEAF_GROWTH_KB = 4096 };

static struct jail *jail;
static int artifact;
static unsigned tests, failures;

static void compare(const char *what, long before, long after, long tolerance)
{
    bool holds = before >= 0 && after >= 0 && after - before <= tolerance;
    printf("%s %u - %s: %ld before, %ld after\n", holds ? "ok" : "not ok", ++tests, what, before, after);
    failures += !holds;
}

/* ---- what is measured ---- */

static long entries(const char *path)
{
    DIR *dir = opendir(path);
    long count = dir ? 0 : -1;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

static long lines(const char *path)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    if (fd_read_file(AT_FDCWD, path, FILE_MAX, &text) < 0)
        return -1;
    long count = 0;
    for (const char *at = buf_str(&text); (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

/* The number behind a key of a file; the first number when key is "". */
static long number(const char *path, const char *key)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    if (fd_read_file(AT_FDCWD, path, FILE_MAX, &text) < 0)
        return -1;
    const char *at = strstr(buf_str(&text), key);
    return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static long process(pid_t pid, const char *file, long (*measure)(const char *))
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    return measure(path);
}

static long resident_kb(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    return number(path, "VmRSS:");
}

static pid_t child_of(pid_t parent)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    return (pid_t)number(path, "");
}

static long zombies(void)
{
    DIR *dir = opendir("/proc");
    long count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[300];
        _cleanup_(buf_release) struct buf text = BUF_INIT;
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || fd_read_file(AT_FDCWD, path, 4096, &text) < 0)
            continue;
        const char *after = strrchr(buf_str(&text), ')');
        count += strstr(buf_str(&text), "(mess)") && after && after[2] == 'Z';
    }
    if (dir)
        closedir(dir);
    return count;
}

/* The control group of a process where memory is counted; on version 1 and 2. */
static void leaf_of(pid_t pid, char *out, size_t size)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    *out = '\0';
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;
        if (!at)
            continue;
        at[strcspn(at, "\n")] = '\0';
        *at = '\0';
        if (jail_cgroup_version(jail) == 2 ? list[1] == '\0' : strcmp(list + 1, "memory") == 0)
            snprintf(out, size, "/sys/fs/cgroup%s%s", jail_cgroup_version(jail) == 2 ? "" : "/memory", at + 1);
    }
    if (file)
        fclose(file);
}

static long leaf_kb(pid_t pid)
{
    char leaf[1100], path[1200];
    leaf_of(pid, leaf, sizeof leaf);
    snprintf(path, sizeof path, "%s/%s", leaf,
             jail_cgroup_version(jail) == 2 ? "memory.current" : "memory.usage_in_bytes");
    return number(path, "") / 1024;
}

/* Groups beside and below the leaf. */
static long groups(pid_t pid)
{
    char leaf[1100];
    long count = 0;
    leaf_of(pid, leaf, sizeof leaf);
    char *slash = strrchr(leaf, '/');
    for (int i = 0; i < 2; i++) {
        DIR *dir = opendir(leaf);
        for (struct dirent *entry; dir && (entry = readdir(dir));)
            count += entry->d_type == DT_DIR && entry->d_name[0] != '.';
        if (dir)
            closedir(dir);
        if (slash)
            *slash = '\0';
    }
    return count;
}

struct measures {
    long fds_ours, fds_jail, fds_slot, fds_launcher;
    long rss_ours, rss_jail, rss_slot, rss_launcher;
    long mounts_ours, mounts_slot, groups, zombies, leaf_kb, ipc;
};

static struct measures take(void)
{
    pid_t jail_pid = child_of(getpid()), slot = child_of(jail_pid), launcher = child_of(slot);
    return (struct measures){
        .fds_ours = process(getpid(), "fd", entries),
        .fds_jail = process(jail_pid, "fd", entries),
        .fds_slot = process(slot, "fd", entries),
        .fds_launcher = process(launcher, "fd", entries),
        .rss_ours = resident_kb(getpid()),
        .rss_jail = resident_kb(jail_pid),
        .rss_slot = resident_kb(slot),
        .rss_launcher = resident_kb(launcher),
        .mounts_ours = process(getpid(), "mountinfo", lines),
        .mounts_slot = process(slot, "mountinfo", lines),
        .groups = groups(launcher),
        .zombies = zombies(),
        .leaf_kb = leaf_kb(launcher),
        .ipc = lines("/proc/sysvipc/shm") + lines("/proc/sysvipc/sem") + lines("/proc/sysvipc/msg"),
    };
}

/* AddressSanitizer keeps what is freed for a while, up to 256 MiB of it; leaks are its own business then. */
#if defined(__SANITIZE_ADDRESS__)
enum { OWN_GROWTH_KB = 300 * 1024 };
#else
enum { OWN_GROWTH_KB = GROWTH_KB };
#endif

static void compare_all(const struct measures *before, const struct measures *after)
{
    compare("descriptors of evalx", before->fds_ours, after->fds_ours, 0);
    compare("descriptors of the jail", before->fds_jail, after->fds_jail, 0);
    compare("descriptors of the slot", before->fds_slot, after->fds_slot, 0);
    compare("descriptors of the launcher", before->fds_launcher, after->fds_launcher, 0);
    compare("memory of evalx (KiB)", before->rss_ours, after->rss_ours, OWN_GROWTH_KB);
    compare("memory of the jail (KiB)", before->rss_jail, after->rss_jail, GROWTH_KB);
    compare("memory of the slot (KiB)", before->rss_slot, after->rss_slot, GROWTH_KB);
    compare("memory of the launcher (KiB)", before->rss_launcher, after->rss_launcher, GROWTH_KB);
    compare("memory of the leaf (KiB)", before->leaf_kb, after->leaf_kb, LEAF_GROWTH_KB);
    compare("mounts of the machine", before->mounts_ours, after->mounts_ours, 0);
    compare("mounts of the slot", before->mounts_slot, after->mounts_slot, 0);
    compare("control groups", before->groups, after->groups, 0);
    compare("zombies", before->zombies, after->zombies, 0);
    compare("System V objects of the machine", before->ipc, after->ipc, 0);
}

/* ---- the runs ---- */

static int run(unsigned which)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    char text[16];
    snprintf(text, sizeof text, "%u", which);
    const char *const argv[] = {"/artifact/mess", text, NULL};
    struct box_spec spec = {
        .argv = argv,
        .envp = environment,
        .stdin_fd = -1,
        .artifact_fd = artifact,
        .limits = {.cpu_time_ms = 2000,
                   .wall_time_ms = 5000,
                   .memory_kb = 16384,
                   .processes = 16,
                   .output_kb = 64,
                   .stack_kb = 8192,
                   .file_kb = 8192},
        .collect_fd = -1,
    };
    struct box_report report;
    struct error err = ERROR_INIT;
    int r = box_run(jail_box(jail, 0), &spec, &report, &err);
    if (r < 0) {
        printf("# run %u: %s\n", which, err.message);
        return r;
    }
    r = report.cause == BOX_EXITED && report.exit_code == 1
            ? -EIO
            : 0; /* mess: it found something, or could not make its mess */
    if (r < 0)
        printf("# run %u: %s", which, buf_str(&report.out));
    box_report_release(&report);
    return r;
}

int main(int argc, char **argv)
{
    unsigned runs = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    if (runs <= WARM_UP)
        return 2;
    if (geteuid() != 0) {
        fprintf(stderr, "SKIPPED: soak needs root (boxes are made by root)\n");
        return 77;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct error err = ERROR_INIT;
    struct jail_config config = {.program = argv[1], .slots = 1, .uid_base = 61300};
    artifact = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (artifact < 0 || jail_start(&config, &jail, &err) < 0) {
        fprintf(stderr, "soak: %s\n", artifact < 0 ? strerror(errno) : err.message);
        return 1;
    }
    struct measures before = {0};
    int64_t started = clock_monotonic_ns();
    unsigned bad = 0;
    for (unsigned i = 0; i < runs; i++) {
        if (i == WARM_UP)
            before = take();
        bad += run(i) < 0;
    }
    printf("# %u runs, %.2f ms each\n", runs, (double)(clock_monotonic_ns() - started) / 1e6 / runs);
    compare("runs that failed or found something", 0, bad, 0);
    run(0); /* one that leaves nothing: what the last mess left is away when it begins */
    struct measures after = take();
    compare_all(&before, &after);
    jail_stop(jail);
    printf("1..%u\n", tests);
    return failures > 0;
}
