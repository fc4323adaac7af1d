/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launcher.c: process 1 of a box, the part that lives inside.
 *
 * It runs as the box's own user without any capability, under the same seccomp filter as the programs it starts; both were put on
 * once and are inherited, so that starting a program is one vfork, a few cheap calls and exec. As process 1 it cannot be killed by
 * the programs, and being undumpable it cannot be looked into or attached to by them although they share its user. Every process of the box is its
 * descendant, so "wait says there is no child" is the proof that nothing is left alive.
 *
 * Killing is one kill(-1): the kernel walks all processes of the namespace under the lock that fork needs, and a fork under way
 * fails when a signal is pending, so nothing slips through. SIGUSR1 (which only the slot outside has reason to send) does it; a program that sends
 * it ends only itself. (The slot also ends those it sees, one by one, so that this order is soon heard: launcher_kill_programs.)
 */
#include "jail/launcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "jail/request.h"

#define WORK_DIR "/box/work"

static bool counted; /* there is a control group */

static void kill_all(void)
{
    int saved = errno;
    kill(-1, SIGKILL);
    errno = saved;
}

/* The slot's order to end the programs. It comes from outside the box, so its sender has no number here; programs have, timers no SI_USER. */
static void on_order(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number, (void)context;
    if (info->si_code == SI_USER && info->si_pid == 0)
        kill_all();
}

/* Without root, evalx's own limits are the most that a program can have. */
static int limit(int resource, int64_t value)
{
    struct rlimit both = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value}, now;
    if (setrlimit(resource, &both) == 0)
        return 0;
    if (errno != EPERM || getrlimit(resource, &now) < 0)
        return -1;
    now.rlim_cur = now.rlim_max;
    return setrlimit(resource, &now);
}

static int pin(uint32_t cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

/* Where evalx was started at a lower priority, and may not leave it, that is what programs get. */
static int take_usual_priority(void)
{
    return setpriority(PRIO_PROCESS, 0, 0) == 0 || errno == EACCES ? 0 : -1;
}

/*
 * Runs in the vforked child, on the launcher's memory: system calls only. Returns only on failure. The descriptors were received
 * behind the launcher's own four, so each is above the place it goes to, and none is overwritten before its turn.
 */
static void become_program(const struct checked_request *request, const int *streams)
{
    const struct jail_request *wire = request->wire;
    int count = 3 + (int)wire->extra;
    for (int i = 0; i < count; i++)
        if (dup2(streams[i], i) < 0)
            return;
    if (wire->cpu_plus > 0 && pin(wire->cpu_plus - 1) < 0)
        return;
    /* A session of its own: what belongs to a session (the kernel's autogroup with its priority) ends with the run. */
    if (close_range((unsigned)count, ~0U, 0) < 0 || setsid() < 0)
        return;
    if (chdir(WORK_DIR) < 0 || take_usual_priority() < 0)
        return;
    /* The CPU limit is kept by the slot; this one is a second line, should the slot be stopped. */
    if (limit(RLIMIT_STACK, wire->stack_bytes) < 0 || limit(RLIMIT_FSIZE, wire->file_bytes) < 0 ||
        limit(RLIMIT_CPU, wire->cpu_ns / NS_PER_S + 3) < 0)
        return;
    /* Counted by the box's own user namespace: the launcher and the program's processes and threads. */
    if (!counted && limit(RLIMIT_NPROC, wire->processes + 1) < 0)
        return;
    execve(request->argv[0], request->argv, request->envp);
}

static pid_t start_program(const struct checked_request *request, const int *streams, volatile int *exec_errno)
{
    pid_t pid = vfork();
    if (pid == 0) {
        become_program(request, streams);
        *exec_errno = errno;
        _exit(127);
    }
    return pid;
}

static int64_t nanoseconds(const struct timeval *time)
{
    return time->tv_sec * NS_PER_S + time->tv_usec * 1000;
}

/* Waits for the program, ends what it left behind, waits for that too. */
static void wait_until_empty(pid_t program, struct launch_result *result, int64_t started)
{
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, __WALL, &usage);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return; /* ECHILD: nothing is left */
        result->resident_bytes = MAX(result->resident_bytes, usage.ru_maxrss * 1024);
        result->cpu_ns += nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime);
        if (pid == program) {
            result->wall_ns = clock_monotonic_ns() - started;
            result->wait_status = status;
            kill_all();
        }
    }
}

/* ---- the proof that no System V object was made ---- */

enum { IPC_KINDS = 3 };
static struct {
    bool refused; /* nobody can make one */
    int last, step;
} ipc[IPC_KINDS];

/* Makes and removes one object of each kind: their numbers go up by the same step each time, and by more when others were made. */
static bool ipc_probe(int ids[IPC_KINDS])
{
    ids[0] = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    ids[1] = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    ids[2] = shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    return (ids[0] < 0 || msgctl(ids[0], IPC_RMID, NULL) == 0) && (ids[1] < 0 || semctl(ids[1], 0, IPC_RMID) == 0) &&
           (ids[2] < 0 || shmctl(ids[2], IPC_RMID, NULL) == 0);
}

/* Who takes the numbers once round could leave an object behind that the probe does not meet. */
static bool ipc_in_use(void)
{
    struct shm_info shm = {0};
    struct seminfo sem = {0};
    struct msginfo msg = {0};
    bool told = (shmctl(0, SHM_INFO, (struct shmid_ds *)&shm) >= 0 || errno == ENOSYS) &&
                semctl(0, 0, SEM_INFO, &sem) >= 0 && msgctl(0, MSG_INFO, (struct msqid_ds *)&msg) >= 0;
    return !told || shm.used_ids > 0 || sem.semusz > 0 || msg.msgpool > 0;
}

static bool ipc_untouched(void)
{
    int ids[IPC_KINDS];
    bool same = !ipc_in_use() && ipc_probe(ids);
    for (size_t i = 0; i < IPC_KINDS && same; i++) {
        same = ipc[i].refused || (ids[i] >= 0 && ids[i] - ipc[i].last == ipc[i].step);
        ipc[i].last = ids[i];
    }
    return same;
}

/* Before the first program. What cannot be proven later only costs a new launcher. */
static void ipc_learn(void)
{
    int first[IPC_KINDS], second[IPC_KINDS];
    bool known = ipc_probe(first) && ipc_probe(second);
    for (size_t i = 0; known && i < IPC_KINDS; i++) {
        ipc[i].refused = first[i] < 0 && second[i] < 0;
        ipc[i].last = second[i];
        ipc[i].step = second[i] - first[i];
    }
}

/* ---- a run ---- */

/* Everything in the working directory is ours still: no program has run in it. */
static int link_artifact(void)
{
    DIR *artifact = opendir("/artifact");
    _cleanup_(fd_closep) int work = open(WORK_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = artifact && work >= 0 ? 0 : -errno;
    for (struct dirent *entry; artifact && r == 0 && (entry = readdir(artifact));) {
        char target[300] = "/artifact/";
        size_t len = strnlen(entry->d_name, 256);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || len > 255)
            continue;
        memcpy(target + sizeof "/artifact/" - 1, entry->d_name, len + 1);
        if (symlinkat(target, work, entry->d_name) < 0)
            r = -errno;
    }
    if (artifact)
        closedir(artifact);
    return r;
}

static int prepare(const struct jail_request *wire)
{
    uint32_t flags = wire->flags;
    if (flags & JAIL_LINK_ARTIFACT) {
        int r = link_artifact();
        if (r < 0)
            return r;
    }
    if ((flags & JAIL_COLLECT) && wire->namec == 0 && mkdir(WORK_DIR "/out", 0755) < 0 && errno != EEXIST)
        return -errno;
    return 0;
}

static void launch(const struct checked_request *request, const int *fds, size_t fd_count, struct launch_result *result)
{
    uint32_t flags = request->wire->flags;
    volatile int exec_errno = -prepare(request->wire);
    int64_t started = clock_monotonic_ns();
    pid_t program = exec_errno == 0 ? start_program(request, fds, &exec_errno) : -1;
    if (program < 0 && exec_errno == 0)
        exec_errno = errno;
    size_t streams = 3 + request->wire->extra;
    for (size_t i = 0; i < streams; i++)
        close(fds[i]); /* ours must not keep the readers of the program's output waiting */
    wait_until_empty(program, result, started);
    result->exec_errno = exec_errno;
    /* Named files are wanted however the program ended; what a compiler made, only when it says that it succeeded. */
    bool exited_well = exec_errno == 0 && WIFEXITED(result->wait_status) && WEXITSTATUS(result->wait_status) == 0;
    if ((flags & JAIL_COLLECT) && (exited_well || request->wire->namec > 0))
        result->collect_failed = collect_send(fds[fd_count - 1], request->names) < 0;
    result->ipc_touched = !ipc_untouched();
}

void launcher_main(int socket, bool is_counted)
{
    static _Alignas(8) char message[sizeof(struct jail_request) + JAIL_STRINGS_MAX];
    static struct checked_request request;
    struct sigaction on_kill = {.sa_sigaction = on_order, .sa_flags = SA_RESTART | SA_SIGINFO};
    counted = is_counted;
    sigaction(SIGUSR1, &on_kill, NULL);
    ipc_learn();
    for (;;) {
        int fds[FD_MESSAGE_MAX_FDS];
        size_t count = 0;
        ssize_t n = fd_receive(socket, message, sizeof message, fds, ARRAY_LEN(fds), &count, 0);
        if (n <= 0)
            _exit(0); /* the slot is gone */
        if (request_check(message, (size_t)n, &request) < 0)
            _exit(3);
        size_t streams = 3 + request.wire->extra, collect = request.wire->flags & JAIL_COLLECT ? 1 : 0;
        if (count != streams + collect)
            _exit(3);
        struct launch_result result = {0};
        launch(&request, fds, count, &result);
        if (collect)
            close(fds[streams]);
        if (fd_send(socket, &result, sizeof result, NULL, 0) < 0)
            _exit(0);
    }
}
