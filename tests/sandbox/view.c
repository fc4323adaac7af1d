/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c: a box seen from both sides, as TAP.
 *
 *   from outside   a running program's /proc/PID/{status,limits,ns,fd,root,cwd,exe,uid_map,gid_map,setgroups,cgroup,mountinfo,environ,
 *                  oom_score_adj,personality}, its launcher's, and its leaf's limits, line by line as posture.expect says
 *   from inside    every statement of inside.c
 *   at a crash     the host's crash handler is not called (only on a kernel of our own: core_pattern is the whole machine's)
 *
 *   view EVALX-JAIL DIRECTORY-OF-inside POSTURE.EXPECT [rootless]     as root; runs on cgroup v1 and v2; "-" prints what is found
 *
 * rootless: EVALX-JAIL is a script that gives up root (as_user.sh.in), the boxes are built in a user namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "box/box.h"
#include "view.h"

enum { STACK_KB = 65536, FILE_KB = 16384, UID_BASE = 61200 };

static struct jail *jail;
static struct box *box;
static int artifact;
static bool rootless;
static unsigned tests, failures;

void ok(bool holds, const char *name, const char *why, ...)
{
    printf("%s %u - %s\n", holds ? "ok" : "not ok", ++tests, name);
    failures += !holds;
    if (!holds) {
        va_list args;
        va_start(args, why);
        printf("# ");
        vprintf(why, args);
        va_end(args);
        putchar('\n');
    }
}

static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};

static struct box_spec spec_for(const char *const *argv)
{
    return (struct box_spec){
        .argv = argv,
        .envp = environment,
        .stdin_fd = -1,
        .artifact_fd = artifact,
        .limits = {.cpu_time_ms = 4000,
                   .wall_time_ms = 55000,
                   .memory_kb = 262144,
                   .processes = 64,
                   .output_kb = 1024,
                   .stack_kb = STACK_KB,
                   .file_kb = FILE_KB},
        .collect_fd = -1,
    };
}

/* ---- from inside ---- */

static void from_inside(void)
{
    const char *const argv[] = {"/artifact/inside", "look", "67108864", "16777216", rootless ? "rootless" : NULL, NULL};
    struct box_spec spec = spec_for(argv);
    struct box_report report;
    struct error err = ERROR_INIT;
    if (box_run(box, &spec, &report, &err) < 0) {
        ok(false, "inside: run", "%s", err.message);
        return;
    }
    unsigned told = 0, announced = 0;
    for (char *save = NULL, *line = strtok_r(report.out.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        bool holds = strncmp(line, "ok - ", 5) == 0;
        if (!holds && strncmp(line, "not ok - ", 9) != 0) {
            sscanf(line, "end %u", &announced);
            continue;
        }
        told++;
        printf("%s %u - inside: %s\n", holds ? "ok" : "not ok", ++tests, line + (holds ? 5 : 9));
        failures += !holds;
    }
    ok(report.cause == BOX_EXITED && report.exit_code == 0 && told > 0 && told == announced,
       "inside: all was looked at", "%u of %u; cause %d, exit code %d, signal %d", told, announced, report.cause,
       report.exit_code, report.signal);
    box_report_release(&report);
}

/* ---- from outside ---- */

static void *run_waiting(void *to)
{
    static const char *const argv[] = {"/artifact/inside", "wait", NULL};
    struct box_spec spec = spec_for(argv);
    struct box_report report;
    spec.stdout_to = *(int *)to;
    if (box_run(box, &spec, &report, NULL) == 0)
        box_report_release(&report);
    close(*(int *)to);
    return NULL;
}

static void from_outside(const char *expectation_path)
{
    int ends[2];
    char said[6] = "";
    pthread_t thread;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        ok(false, "outside: preparations", "%s", strerror(errno));
        return;
    }
    pthread_create(&thread, NULL, run_waiting, &ends[1]);
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    bool ready = poll(&readable, 1, 30000) == 1 && read(ends[0], said, 6) == 6 && memcmp(said, "ready\n", 6) == 0;
    ok(ready, "outside: the program runs", "it did not say so");
    if (ready) {
        struct ids ids = {.jail = child_of(getpid()), .owner = UID_BASE, .cgroup_version = jail_cgroup_version(jail)};
        ids.slot = child_of(ids.jail);
        ids.launcher = child_of(ids.slot);
        ids.program = child_of(ids.launcher);
        posture_check(&ids, expectation_path);
    }
    box_cancel(box);
    pthread_join(thread, NULL);
    close(ends[0]);
}

/* ---- a crash ---- */

static bool own_kernel(void)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    read_file("/proc/cpuinfo", &text);
    return strstr(buf_str(&text), "User Mode Linux") != NULL;
}

/* A handler that leaves a file behind is set up; a program in a box and, to know that the handler works, one outside crash. */
static bool handler_ran(const char *mark, bool inside)
{
    unlink(mark);
    if (inside) {
        static const char *const argv[] = {"/artifact/inside", "crash", NULL};
        struct box_spec spec = spec_for(argv);
        struct box_report report;
        if (box_run(box, &spec, &report, NULL) < 0)
            return true;
        bool crashed = report.cause == BOX_SIGNALED;
        box_report_release(&report);
        return !crashed || access(mark, F_OK) == 0;
    }
    pid_t pid = fork();
    if (pid == 0)
        abort();
    int status;
    for (int i = 0; i < 500 && access(mark, F_OK) < 0; i++)
        poll(NULL, 0, 10);
    return waitpid(pid, &status, 0) == pid && access(mark, F_OK) == 0;
}

static void at_a_crash(void)
{
    char folder[] = "/tmp/evalx-view-XXXXXX", handler[64], mark[64];
    if (!own_kernel()) {
        printf("ok %u - a crash does not call the host's crash handler # SKIP core_pattern is the whole machine's: "
               "done under user-mode-linux\n",
               ++tests);
        return;
    }
    if (!mkdtemp(folder)) {
        ok(false, "a crash: preparations", "%s", strerror(errno));
        return;
    }
    snprintf(handler, sizeof handler, "%s/handler", folder);
    snprintf(mark, sizeof mark, "%s/ran", folder);
    int fd = open(handler, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);
    dprintf(fd, "#!/bin/sh\n/bin/cat >/dev/null\n: >%s\n", mark);
    close(fd);
    fd = open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC);
    dprintf(fd, "|%s", handler);
    close(fd);
    ok(handler_ran(mark, false), "a crash outside calls the crash handler",
       "it did not: the next test would be worth nothing");
    ok(!handler_ran(mark, true), "a crash in a box does not call the host's crash handler",
       "it ran, as root, outside of the box");
    unlink(handler);
    unlink(mark);
    rmdir(folder);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5)
        return 2;
    rootless = argc == 5;
    if (geteuid() != 0) {
        fprintf(stderr, "SKIPPED: view needs root (boxes are made by root)\n");
        return 77;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct error err = ERROR_INIT;
    artifact = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct jail_config config = {.program = argv[1], .slots = 1, .uid_base = UID_BASE, .rootless = rootless};
    if (artifact < 0 || jail_start(&config, &jail, &err) < 0) {
        fprintf(stderr, "view: %s\n", artifact < 0 ? strerror(errno) : err.message);
        return 1;
    }
    box = jail_box(jail, 0);
    from_outside(argv[3]);
    from_inside();
    at_a_crash();
    jail_stop(jail);
    printf("1..%u\n", tests);
    return failures > 0;
}
