/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_box.c: real runs in real boxes (root is needed; without it every test is skipped loudly): verdict causes and their exactness,
 * what is left of a run (nothing), what a run sees, what is collected, and what becomes of a slot that dies.
 *
 *   test_box EVALX-JAIL PROBE-DIRECTORY
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "box/box.h"

enum { UID_BASE = 61100 };

static const char *jail_program;
static int artifact = -1;
static struct jail *jail;
static struct box *box;

/* ---- running the probe ---- */

static const char *const test_env[] = {"PATH=/usr/bin:/bin", NULL};

static struct box_spec spec_for(const char *const *argv)
{
    struct limits limits = limits_default();
    limits.cpu_time_ms = 15000; /* wide, for emulated machines: a test that is about a limit sets it */
    limits.wall_time_ms = 30000;
    return (struct box_spec){
        .argv = argv, .envp = test_env, .stdin_fd = -1, .artifact_fd = artifact, .limits = limits, .collect_fd = -1};
}

static struct box_report run_spec(const struct box_spec *spec)
{
    struct box_report report;
    struct error err = ERROR_INIT;
    if (box_run(box, spec, &report, &err) < 0)
        fail_msg("box_run: %s", err.message);
    return report;
}

static struct box_report deed(const char *name, const char *argument)
{
    const char *const argv[] = {"/artifact/probe", name, argument, NULL};
    struct box_spec spec = spec_for(argv);
    return run_spec(&spec);
}

/* Runs a deed that must exit with 0 and print exactly this. */
static void deed_prints(const char *name, const char *argument, const char *expected)
{
    struct box_report report = deed(name, argument);
    assert_int_equal(report.cause, BOX_EXITED);
    assert_string_equal(buf_str(&report.out), expected);
    assert_int_equal(report.exit_code, 0);
    box_report_release(&report);
}

static const char clean_scratch[] = "755 1777 1777 ";

/* ---- limits ---- */

static int64_t overshoot_ns(const char *deed)
{
    const char *const argv[] = {"/artifact/probe", deed, NULL};
    struct box_spec spec = spec_for(argv);
    spec.limits.cpu_time_ms = 300;
    struct box_report report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_CPU_LIMIT);
    assert_true(report.cpu_ns >= 300 * NS_PER_MS);
    box_report_release(&report);
    return report.cpu_ns - 300 * NS_PER_MS;
}

/* The emulated machine has one processor, and counts its time in ticks of 10 ms. */
static bool one_processor(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN) == 1;
}

/* On a busy (or emulated) machine not every time: once in five, and never out of all proportion. */
static void is_stopped_in_time(const char *deed, int64_t late_ns, int64_t never_ns)
{
    int64_t best = INT64_MAX;
    for (int try = 0; try < 5 && best > late_ns; try++) {
        int64_t late = overshoot_ns(deed);
        assert_true(late < never_ns);
        best = MIN(best, late);
    }
    assert_true(best <= late_ns);
}

/* One thread 20 ms late at most, eight 50. */
static void cpu_limit_stops_busy_loops_in_time(void **state)
{
    (void)state;
    is_stopped_in_time("spin", 20 * NS_PER_MS, 500 * NS_PER_MS);
    is_stopped_in_time("ignore-and-spin", 20 * NS_PER_MS, 500 * NS_PER_MS);
    is_stopped_in_time("spin-threads", 50 * NS_PER_MS, 500 * NS_PER_MS);
    is_stopped_in_time("spin-children", 50 * NS_PER_MS, 500 * NS_PER_MS);
}

/* Dozens 40, for the slot itself ends what it sees; where they share one processor with it, it waits for its turn. */
static void cpu_limit_stops_bombs_in_time(void **state)
{
    (void)state;
    int64_t late_ns = (one_processor() ? 120 : 40) * NS_PER_MS, never_ns = (one_processor() ? 2000 : 500) * NS_PER_MS;
    is_stopped_in_time("bomb-of-threads", late_ns, never_ns);
    is_stopped_in_time("bomb-of-processes", late_ns, never_ns);
}

static void wall_limit_stops_sleepers(void **state)
{
    (void)state;
    static const char *const idle[] = {"doze", "stop-self"};
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        const char *const argv[] = {"/artifact/probe", idle[i], NULL};
        struct box_spec spec = spec_for(argv);
        spec.limits.wall_time_ms = 150;
        struct box_report report = run_spec(&spec);
        assert_int_equal(report.cause, BOX_WALL_LIMIT);
        assert_in_range(report.wall_ns, 150 * NS_PER_MS, 1500 * NS_PER_MS); /* emulated machines are slow to notice */
        assert_true(report.cpu_ns < 100 * NS_PER_MS);
        box_report_release(&report);
    }
}

static void memory_limit_is_told_apart_also_in_a_child(void **state)
{
    (void)state;
    static const char *const hogs[] = {"hog", "hog-child"};
    for (size_t i = 0; i < ARRAY_LEN(hogs); i++) {
        const char *const argv[] = {"/artifact/probe", hogs[i], NULL};
        struct box_spec spec = spec_for(argv);
        spec.limits.memory_kb = 32768;
        struct box_report report = run_spec(&spec);
        assert_int_equal(report.cause, BOX_MEMORY_LIMIT);
        assert_true(report.oom_killed);
        assert_in_range(report.memory_kb, 28000, 32768);
        /* The parent is killed as soon as its child's end is noticed; it may be faster. */
        assert_true(report.signal == SIGKILL ? report.exit_code == -1
                                             : report.exit_code == 0 && report.signal == 0 && i == 1);
        box_report_release(&report);
    }
}

/* Also where the kernel cannot reset a group's peak, and the second run's processes are small one by one. */
static void peak_is_of_all_processes_of_this_run_alone(void **state)
{
    (void)state;
    const char *const large[] = {"/artifact/probe", "hold", "1", "80", NULL};
    const char *const many[] = {"/artifact/probe", "hold", "4", "6", NULL};
    for (int i = 0; i < 2; i++) {
        struct box_spec spec = spec_for(large);
        struct box_report report = run_spec(&spec);
        assert_int_equal(report.cause, BOX_EXITED);
        assert_in_range(report.memory_kb, 80 << 10, 90 << 10);
        box_report_release(&report);
        spec = spec_for(many);
        report = run_spec(&spec);
        assert_int_equal(report.exit_code, 0);
        assert_in_range(report.memory_kb, 24 << 10, 32 << 10);
        box_report_release(&report);
    }
}

static void limits_of_one_run_do_not_stay_for_the_next(void **state)
{
    (void)state;
    const char *const argv[] = {"/artifact/probe", "hog-files", NULL};
    struct box_spec spec = spec_for(argv);
    spec.limits.memory_kb = 16384;
    spec.limits.file_kb = 1 << 18;
    spec.tmpfs_kb = 1 << 18;
    struct box_report report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_MEMORY_LIMIT);
    box_report_release(&report);
    spec.limits.memory_kb = 262144;
    spec.tmpfs_kb = 8192;
    report = run_spec(&spec); /* now the tmpfs is the smaller one */
    assert_int_equal(report.cause, BOX_EXITED);
    assert_int_equal(report.exit_code, 28);
    assert_in_range(report.memory_kb, 8000, 20000);
    box_report_release(&report);
    spec.limits.file_kb = 1024;
    report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_SIGNALED);
    assert_int_equal(report.signal, SIGXFSZ);
    box_report_release(&report);
}

static void output_limit_is_exact_to_the_byte(void **state)
{
    (void)state;
    const char *const exact[] = {"/artifact/probe", "emit", "65536", NULL}, *const over[] = {"/artifact/probe", "emit",
                                                                                             "65537", NULL};
    struct box_spec spec = spec_for(exact);
    spec.limits.output_kb = 64;
    struct box_report report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_EXITED);
    assert_int_equal(report.out.len, 65536);
    assert_false(report.truncated);
    box_report_release(&report);
    spec.argv = over;
    report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_OUTPUT_LIMIT);
    assert_int_equal(report.out.len, 65536);
    assert_true(report.truncated);
    assert_true((report.exit_code == 0) == (report.signal == 0)); /* whether it ended before it was ended is a race */
    box_report_release(&report);
    report = deed("flood", NULL);
    assert_int_equal(report.cause, BOX_OUTPUT_LIMIT);
    assert_true(report.wall_ns < 2 * NS_PER_S);
    box_report_release(&report);
    spec.argv = exact;
    spec.output_keep = 100;
    report = run_spec(&spec);
    assert_int_equal(report.out.len, 100);
    assert_true(report.truncated);
    box_report_release(&report);
}

/* A program may end by itself between crossing a limit and being ended for it: then that is how it ended. One processor leaves it no time. */
static void the_exit_code_is_told_whatever_the_cause(void **state)
{
    (void)state;
    enum { TRIES = 100 };
    bool seen = false;
    for (int tries = 0; tries < TRIES && !seen; tries++) {
        char ms[8];
        snprintf(ms, sizeof ms, "%d", 20 + tries % 16);
        const char *const argv[] = {"/artifact/probe", "use-ms", ms, NULL};
        struct box_spec spec = spec_for(argv);
        spec.limits.cpu_time_ms = 20;
        struct box_report report = run_spec(&spec);
        assert_true(report.cause == BOX_CPU_LIMIT || one_processor()); /* in ticks of 10 ms, 20 is not beyond 20 */
        assert_true(report.signal == 0 ? report.exit_code == 0 : report.exit_code == -1);
        seen = report.cause == BOX_CPU_LIMIT && report.exit_code == 0;
        box_report_release(&report);
    }
    assert_true(seen || one_processor());
}

static void process_limit_refuses_forks(void **state)
{
    (void)state;
    struct box_report report = deed("bomb", NULL);
    assert_true(report.processes_limited);
    assert_string_equal(buf_str(&report.out), "refused 1\n");
    box_report_release(&report);
    const char *const argv[] = {"/artifact/probe", "bomb", NULL};
    struct box_spec spec = spec_for(argv);
    spec.limits.processes = 400;
    report = run_spec(&spec);
    assert_false(report.processes_limited);
    assert_string_equal(buf_str(&report.out), "refused 0\n");
    box_report_release(&report);
}

/* ---- ends ---- */

static void exits_and_signals_are_told(void **state)
{
    (void)state;
    static const int signals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGKILL, SIGTERM, SIGXFSZ};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", signals[i]);
        struct box_report report = deed("crash", text);
        assert_int_equal(report.cause, BOX_SIGNALED);
        assert_int_equal(report.signal, signals[i]);
        assert_int_equal(report.exit_code, -1);
        box_report_release(&report);
    }
    struct box_report report = deed("unheard-of", NULL);
    assert_int_equal(report.cause, BOX_EXITED);
    assert_int_equal(report.exit_code, 99);
    assert_string_equal(buf_str(&report.err), "probe: no such deed\n");
    box_report_release(&report);
}

static void a_program_that_cannot_start_is_told(void **state)
{
    (void)state;
    const char *const missing[] = {"/artifact/nothing", NULL}, *const folder[] = {"/usr", NULL};
    struct box_spec spec = spec_for(missing);
    struct box_report report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_EXEC_FAILED);
    assert_int_equal(report.exec_errno, ENOENT);
    box_report_release(&report);
    spec.argv = folder;
    report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_EXEC_FAILED);
    assert_int_equal(report.exec_errno, EACCES);
    box_report_release(&report);
}

static void daemons_die_and_do_not_delay(void **state)
{
    (void)state;
    struct box_report report = deed("daemonize", NULL);
    assert_int_equal(report.cause, BOX_EXITED);
    assert_string_equal(buf_str(&report.out), "left\n");
    assert_true(report.wall_ns < NS_PER_S);
    box_report_release(&report);
    deed_prints("list-scratch", NULL, clean_scratch);
}

static void *cancel_soon(void *unused)
{
    (void)unused;
    /* The run may not have begun: cancel until it takes. */
    for (int i = 0; i < 2000; i++) {
        box_cancel(box);
        poll(NULL, 0, 1);
    }
    return NULL;
}

static void a_run_can_be_cancelled(void **state)
{
    (void)state;
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_soon, NULL);
    struct box_report report = deed("doze", NULL);
    assert_int_equal(report.cause, BOX_CANCELLED);
    box_report_release(&report);
    pthread_join(thread, NULL);
    deed_prints("list-scratch", NULL, clean_scratch);
}

/* ---- what a run sees ---- */

static void arguments_environment_and_input_are_as_given(void **state)
{
    (void)state;
    const char *const argv[] = {"/artifact/probe", "show", "a b", "", "ü", NULL};
    const char *const env[] = {"ONE=1", "EMPTY=", NULL};
    struct box_spec spec = spec_for(argv);
    spec.envp = env;
    spec.stdin_fd = fd_sealed_memfd("stdin", "line\n", 5);
    struct box_report report = run_spec(&spec);
    close(spec.stdin_fd);
    assert_string_equal(buf_str(&report.out), "[a b][][ü]{ONE=1}{EMPTY=}line\n");
    assert_int_equal(report.exit_code, 3);
    box_report_release(&report);
}

static void only_three_descriptors_are_open(void **state)
{
    (void)state;
    deed_prints("list-descriptors", NULL, "0 1 2 ");
}

static void the_artifact_is_read_only_and_can_be_linked(void **state)
{
    (void)state;
    deed_prints("write-artifact", NULL, "");
    const char *const argv[] = {"probe", "read-link", "note.txt", NULL};
    struct box_spec spec = spec_for(argv);
    spec.link_artifact = true;
    struct box_report report = run_spec(&spec);
    assert_string_equal(buf_str(&report.out), "noted\n");
    box_report_release(&report);
    spec.artifact_fd = -1;
    report = run_spec(&spec);
    assert_int_equal(report.cause, BOX_EXEC_FAILED);
    box_report_release(&report);
}

static void the_host_is_out_of_sight(void **state)
{
    (void)state;
    static const char *const hidden[] = {"/etc/shadow",    "/root/.profile",
                                         "/home",          "/work",
                                         "/proc/1/status", "/proc/sys/kernel/hostname",
                                         "/sys/kernel",    "/dev/kmsg",
                                         "/dev/tty",       "/var/lib/dpkg/status",
                                         "/run",           "/proc/1/root/etc/passwd"};
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        struct box_report report = deed("read-link", hidden[i]);
        assert_int_equal(report.exit_code, 1);
        assert_int_equal(report.out.len, 0);
        box_report_release(&report);
    }
}

/* ---- what is left of a run: nothing ---- */

static void files_do_not_survive(void **state)
{
    (void)state;
    deed_prints("list-scratch", NULL, clean_scratch);
    deed_prints("leave", NULL, "");
    deed_prints("list-scratch", NULL, clean_scratch);
    deed_prints("leave-mode", NULL, "");
    deed_prints("list-scratch", NULL, clean_scratch);
}

static void ipc_objects_do_not_survive(void **state)
{
    (void)state;
    deed_prints("leave-ipc", NULL, "");
    deed_prints("find-ipc", NULL, "");
}

static void ports_do_not_survive(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        deed_prints("use-port", NULL, "");
}

/* ---- collecting ---- */

static int temporary_folder(char path[64])
{
    snprintf(path, 64, "/tmp/evalx-test-box-XXXXXX");
    assert_non_null(mkdtemp(path));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void remove_folder(const char *path, int fd)
{
    close(fd);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static void what_was_made_is_collected(void **state)
{
    (void)state;
    char path[64];
    int folder = temporary_folder(path);
    const char *const argv[] = {"/artifact/probe", "produce", NULL};
    struct box_spec spec = spec_for(argv);
    spec.collect_fd = folder;
    struct box_report report = run_spec(&spec);
    assert_int_equal(report.exit_code, 0);
    assert_false(report.collect_failed);
    box_report_release(&report);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    assert_int_equal(fd_read_file(folder, "plain", 100, &text), 0);
    assert_string_equal(buf_str(&text), "plain");
    struct stat st;
    assert_int_equal(fstatat(folder, "deep/tool", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
    assert_int_equal(st.st_uid, geteuid());
    assert_int_equal(fstatat(folder, "plain", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    remove_folder(path, folder);
}

static void tricks_are_not_collected(void **state)
{
    (void)state;
    static const char *const tricks[] = {"symlink", "fifo", "hardlink", "swap", "big", "deep", "many"};
    for (size_t i = 0; i < ARRAY_LEN(tricks); i++) {
        char path[64];
        int folder = temporary_folder(path);
        const char *const argv[] = {"/artifact/probe", "produce-bad", tricks[i], NULL};
        struct box_spec spec = spec_for(argv);
        spec.collect_fd = folder;
        spec.limits.file_kb = 4096;
        struct box_report report = run_spec(&spec);
        bool told = report.cause != BOX_EXITED || report.exit_code != 0 || report.collect_failed;
        if (!told)
            fail_msg("%s was collected", tricks[i]);
        box_report_release(&report);
        struct stat st;
        assert_int_not_equal(fstatat(folder, "passwd", &st, AT_SYMLINK_NOFOLLOW), 0);
        remove_folder(path, folder);
    }
}

static const struct box_file *find_file(const struct box_report *report, const char *name)
{
    for (size_t i = 0; i < report->file_count; i++)
        if (strcmp(report->files[i].name, name) == 0)
            return &report->files[i];
    return NULL;
}

static void named_files_come_back_and_tricks_do_not(void **state)
{
    (void)state;
    const char *const argv[] = {"/artifact/probe", "produce-named", NULL};
    const char *const honest[] = {"out.txt", "sub/inner.txt", "absent.txt", NULL};
    struct box_spec spec = spec_for(argv);
    spec.collect_names = honest;
    struct box_report report = run_spec(&spec);
    assert_int_equal(report.exit_code, 5);
    assert_false(report.collect_failed);
    assert_int_equal(report.file_count, 2);
    assert_string_equal(buf_str(&find_file(&report, "out.txt")->content), "named");
    assert_string_equal(buf_str(&find_file(&report, "sub/inner.txt")->content), "inner");
    box_report_release(&report);

    static const char *const bad[] = {"link.txt", "etc/passwd", "fifo",        "folder",          "hard.txt",
                                      "twin.txt", "../tmp",     "/etc/passwd", "../../etc/passwd"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *const names[] = {bad[i], "out.txt", NULL};
        spec.collect_names = names;
        report = run_spec(&spec);
        assert_true(report.collect_failed);
        assert_int_equal(report.file_count, 1); /* the honest one */
        box_report_release(&report);
    }
    spec.collect_names = honest;
    spec.collect_max = 9;
    report = run_spec(&spec);
    assert_true(report.collect_failed);
    assert_int_equal(report.file_count, 1);
    box_report_release(&report);
}

/* ---- more descriptors, output elsewhere, one processor ---- */

static void extra_descriptors_are_at_three_and_after(void **state)
{
    (void)state;
    int extra[3];
    static const char *const texts[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        extra[i] = fd_sealed_memfd("extra", texts[i], 1);
    const char *const argv[] = {"/artifact/probe", "read-extra", NULL};
    struct box_spec spec = spec_for(argv);
    spec.extra_fds = extra;
    spec.extra_count = 3;
    struct box_report report = run_spec(&spec);
    assert_string_equal(buf_str(&report.out), "3:a 4:b 5:c ");
    box_report_release(&report);
    spec.extra_count = 4;
    assert_int_equal(box_run(box, &spec, &report, NULL), -EINVAL);
    for (int i = 0; i < 3; i++)
        close(extra[i]);
}

static void output_can_go_elsewhere(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const char *const argv[] = {"/artifact/probe", "emit", "5", NULL};
    struct box_spec spec = spec_for(argv);
    spec.stdout_to = ends[1];
    struct box_report report = run_spec(&spec);
    close(ends[1]);
    assert_int_equal(report.cause, BOX_EXITED);
    assert_int_equal(report.out.len, 0);
    box_report_release(&report);
    char text[8];
    assert_int_equal(read(ends[0], text, sizeof text), 5);
    assert_int_equal(read(ends[0], text, sizeof text), 0);
    close(ends[0]);
}

static void a_run_can_be_pinned(void **state)
{
    (void)state;
    const char *const argv[] = {"/artifact/probe", "count-processors", NULL};
    struct box_spec spec = spec_for(argv);
    spec.pinned = true;
    struct box_report report = run_spec(&spec);
    assert_string_equal(buf_str(&report.out), "1");
    box_report_release(&report);
}

/* ---- slots ---- */

static pid_t child_of(pid_t parent, unsigned which)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
    _cleanup_(buf_release) struct buf list = BUF_INIT;
    if (fd_read_file(AT_FDCWD, path, 4096, &list) < 0)
        return 0; /* it has just ended */
    const char *start = buf_str(&list);
    char *at = (char *)(uintptr_t)start;
    pid_t pid = 0;
    for (unsigned i = 0; i <= which; i++)
        pid = (pid_t)strtol(at, &at, 10);
    return pid;
}

static bool has_uid(pid_t pid, unsigned uid)
{
    char path[64], wanted[32];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    snprintf(wanted, sizeof wanted, "\nUid:\t%u\t", uid);
    _cleanup_(buf_release) struct buf status = BUF_INIT;
    return fd_read_file(AT_FDCWD, path, 16384, &status) == 0 && strstr(buf_str(&status), wanted) != NULL;
}

/* The process of slot 0: the one whose launcher has its user. */
static pid_t first_slot(void)
{
    for (int tries = 0; tries < 2000; tries++) {
        pid_t master = child_of(getpid(), 0), slot;
        for (unsigned i = 0; (slot = child_of(master, i)) > 0; i++)
            if (has_uid(child_of(slot, 0), UID_BASE))
                return slot;
        poll(NULL, 0, 5); /* it is being built anew */
    }
    fail_msg("slot 0 has no process");
    return 0;
}

static void a_slot_that_dies_is_built_anew(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        pid_t master = child_of(getpid(), 0), slot = child_of(master, 0);
        assert_true(slot > 1);
        kill(slot, SIGKILL);
        const char *const argv[] = {"/artifact/probe", "list-descriptors", NULL};
        struct box_spec spec = spec_for(argv);
        struct box_report report;
        int r = -EIO;
        for (int tries = 0; r < 0 && tries < 3; tries++) {
            struct box *any = jail_box(jail, (unsigned)tries % jail_slots(jail));
            r = box_run(any, &spec, &report, NULL);
        }
        assert_int_equal(r, 0);
        assert_string_equal(buf_str(&report.out), "0 1 2 ");
        box_report_release(&report);
    }
}

/* The launcher is a child of the slot. That it dies explains nothing about the program: the run is lost, not judged. */
static void a_launcher_that_is_killed_is_not_the_programs_end(void **state)
{
    (void)state;
    pid_t slot = first_slot();
    pid_t launcher = child_of(slot, 0);
    assert_true(launcher > 1);
    const char *const argv[] = {"/artifact/probe", "doze", NULL};
    struct box_spec spec = spec_for(argv);
    int lost = 0;
    pid_t killer = fork();
    if (killer == 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)launcher, (long)launcher);
        for (int i = 0; i < 3000; i++) { /* until a program runs below it */
            struct buf list = BUF_INIT;
            if (fd_read_file(AT_FDCWD, path, 4096, &list) == 0 && list.len > 0)
                break;
            buf_release(&list);
            poll(NULL, 0, 1);
        }
        kill(launcher, SIGKILL);
        _exit(0);
    }
    for (unsigned i = 0; i < jail_slots(jail) && lost == 0; i++) {
        struct box_report report;
        spec.limits.wall_time_ms = 1500;
        int r = box_run(jail_box(jail, i), &spec, &report, NULL);
        if (r == 0) { /* the other slot's, which nobody killed */
            assert_int_equal(report.cause, BOX_WALL_LIMIT);
            box_report_release(&report);
        }
        lost += r == -EIO;
    }
    waitpid(killer, NULL, 0);
    assert_int_equal(lost, 1);
}

static int count_entries(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    char block[32768];
    int entries = 0;
    for (long n; (n = syscall(217 /* getdents64 */, fd, block, sizeof block)) > 0;)
        for (long at = 0; at < n; at += *(unsigned short *)(void *)(block + at + 16))
            entries++;
    close(fd);
    return entries;
}

/* The slot cleans up after it has answered: the count once it has stood still for a while. */
static int settled_entries(const char *path)
{
    int last = -1, same = 0;
    for (int i = 0; i < 400 && same < 10; i++) {
        int now = count_entries(path);
        same = now == last ? same + 1 : 0;
        last = now;
        poll(NULL, 0, 5);
    }
    return last;
}

static void many_runs_leak_nothing(void **state)
{
    (void)state;
    deed_prints("leave", NULL, ""); /* the slot is built anew if it has to be */
    pid_t slot = first_slot();
    char fds[64], mounts[64];
    snprintf(fds, sizeof fds, "/proc/%ld/fd", (long)slot);
    snprintf(mounts, sizeof mounts, "/proc/%ld/mountinfo", (long)slot);
    deed_prints("leave", NULL, "");
    int before_ours = count_entries("/proc/self/fd"), before_slot = settled_entries(fds);
    _cleanup_(buf_release) struct buf before = BUF_INIT, after = BUF_INIT;
    assert_int_equal(fd_read_file(AT_FDCWD, mounts, 1 << 20, &before), 0);
    for (int i = 0; i < 150; i++) {
        struct box_report report = deed(i % 3 == 0 ? "leave" : i % 3 == 1 ? "leave-ipc" : "list-scratch", NULL);
        box_report_release(&report);
    }
    assert_int_equal(count_entries("/proc/self/fd"), before_ours);
    assert_int_equal(settled_entries(fds), before_slot);
    assert_int_equal(fd_read_file(AT_FDCWD, mounts, 1 << 20, &after), 0);
    size_t lines_before = 0, lines_after = 0;
    for (const char *at = buf_str(&before); (at = strchr(at, '\n')); at++)
        lines_before++;
    for (const char *at = buf_str(&after); (at = strchr(at, '\n')); at++)
        lines_after++;
    assert_int_equal(lines_after, lines_before);
}

static int start(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct jail_config config = {.program = jail_program, .slots = 2, .uid_base = UID_BASE};
    if (jail_start(&config, &jail, &err) < 0) {
        fprintf(stderr, "test_box: %s\n", err.message);
        return -1;
    }
    box = jail_box(jail, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    jail_stop(jail);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (geteuid() != 0) {
        fprintf(stderr, "SKIPPED: test_box needs root (boxes are made by root)\n");
        return 77;
    }
    jail_program = argv[1];
    artifact = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_limit_stops_busy_loops_in_time),
        cmocka_unit_test(cpu_limit_stops_bombs_in_time),
        cmocka_unit_test(wall_limit_stops_sleepers),
        cmocka_unit_test(memory_limit_is_told_apart_also_in_a_child),
        cmocka_unit_test(peak_is_of_all_processes_of_this_run_alone),
        cmocka_unit_test(limits_of_one_run_do_not_stay_for_the_next),
        cmocka_unit_test(output_limit_is_exact_to_the_byte),
        cmocka_unit_test(the_exit_code_is_told_whatever_the_cause),
        cmocka_unit_test(process_limit_refuses_forks),
        cmocka_unit_test(exits_and_signals_are_told),
        cmocka_unit_test(a_program_that_cannot_start_is_told),
        cmocka_unit_test(daemons_die_and_do_not_delay),
        cmocka_unit_test(a_run_can_be_cancelled),
        cmocka_unit_test(arguments_environment_and_input_are_as_given),
        cmocka_unit_test(only_three_descriptors_are_open),
        cmocka_unit_test(the_artifact_is_read_only_and_can_be_linked),
        cmocka_unit_test(the_host_is_out_of_sight),
        cmocka_unit_test(files_do_not_survive),
        cmocka_unit_test(ipc_objects_do_not_survive),
        cmocka_unit_test(ports_do_not_survive),
        cmocka_unit_test(what_was_made_is_collected),
        cmocka_unit_test(tricks_are_not_collected),
        cmocka_unit_test(named_files_come_back_and_tricks_do_not),
        cmocka_unit_test(extra_descriptors_are_at_three_and_after),
        cmocka_unit_test(output_can_go_elsewhere),
        cmocka_unit_test(a_run_can_be_pinned),
        cmocka_unit_test(a_slot_that_dies_is_built_anew),
        cmocka_unit_test(a_launcher_that_is_killed_is_not_the_programs_end),
        cmocka_unit_test(many_runs_leak_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
