/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evalx-jail: the privileged part of evalx, a program of its own.
 *
 *   evalx (unprivileged, threads) ══ one socket a slot ══ slot processes (slot.c) ── launcher ── program
 *            ╚═════ control socket ═════ evalx-jail (this process) ═══╝ parent of the slots
 *
 * This process makes the cgroup tree, forks one slot process for each slot socket it was given, and then only waits: for the control
 * socket to end (evalx has gone, however it went: everything is killed and the tree removed) and for slots to die (they are built
 * anew, and JAIL_LOST is sent for one that may have taken a run with it). It reads no request, parses no text but its own arguments, and follows no path of a box.
 *
 * Every process here is single-threaded. Slots die with this process (PDEATHSIG), launchers with their slot, programs with
 * their launcher (it is process 1 of their namespace).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "jail/cgroup.h"
#include "jail/check.h"
#include "jail/rootless.h"
#include "jail/seccomp.h"
#include "jail/slot.h"
#include "jail/wire.h"

enum { SLOTS_MAX = 256, FAILURES_MAX = 5 };
#define UNHEALTHY_NS \
    (1 * NS_PER_S) /* a slot that dies younger than this, and not of a run, counts as a failure to build it */

struct child {
    pid_t pid;
    int64_t born_ns;
    unsigned failures; /* in a row */
};

struct jail_main {
    unsigned slots;
    uid_t uid_base;
    bool check;
    bool rootless, mapped;  /* mapped: already inside the user namespace */
    struct error uncounted; /* why there is no control group */
    const char **mounts;    /* NULL-terminated */
    size_t mount_count;
    int host_proc;
    struct cgroup_tree *tree;
    struct child children[SLOTS_MAX];
};

static int slot_socket(unsigned slot)
{
    return JAIL_FIRST_SLOT_FD + (int)slot;
}

static void tell(int socket, enum jail_message type, const char *text)
{
    struct jail_notice notice = {.header = {.magic = JAIL_MAGIC, .type = type}};
    snprintf(notice.text, sizeof notice.text, "%s", text);
    fd_send(socket, &notice, sizeof notice, NULL, 0); /* when evalx is gone, the control socket says so */
}

static void run_slot(const struct jail_main *jail, unsigned slot, const sigset_t *signals)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    sigprocmask(SIG_UNBLOCK, signals, NULL);
    close(JAIL_CONTROL_FD);
    for (unsigned i = 0; i < jail->slots; i++)
        if (i != slot)
            close(slot_socket(i));
    struct slot_config config = {
        .number = slot,
        .socket = slot_socket(slot),
        .host_proc = jail->host_proc,
        .owner = jail->mapped ? 0 : jail->uid_base + slot,
        .rootless = jail->mapped,
        .uncounted = jail->uncounted.message,
        .mounts = jail->mounts,
        .tree = jail->tree,
    };
    _exit(slot_main(&config));
}

static int start_slot(struct jail_main *jail, unsigned slot, const sigset_t *signals)
{
    struct child *child = &jail->children[slot];
    child->born_ns = clock_monotonic_ns();
    child->pid = fork();
    if (child->pid == 0)
        run_slot(jail, slot, signals);
    return child->pid < 0 ? -errno : 0;
}

/* A slot has died: tell evalx, sweep what it left, build another. -errno when that makes no sense any more. */
static int replace_slot(struct jail_main *jail, unsigned slot, int status, const sigset_t *signals)
{
    struct child *child = &jail->children[slot];
    bool young = clock_monotonic_ns() - child->born_ns < UNHEALTHY_NS;
    /* A slot that ended by its own decision after a run had been built well: programs may bring that about as often as they like. */
    bool served = WIFEXITED(status) && WEXITSTATUS(status) != SLOT_EXIT_FAILED;
    child->failures = young && !served ? child->failures + 1 : 0;
    child->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == SLOT_EXIT_DONE)
        return 0;
    bool reported = WIFEXITED(status) && WEXITSTATUS(status) == SLOT_EXIT_DIRTY;
    if (!reported)
        tell(slot_socket(slot), JAIL_LOST, "");
    int r = cgroup_leaf_destroy(jail->tree, slot);
    if (r < 0)
        dprintf(STDERR_FILENO, "evalx-jail: slot %u: its cgroup cannot be removed: %s\n", slot, strerror(-r));
    if (r < 0 || child->failures >= FAILURES_MAX) {
        tell(slot_socket(slot), JAIL_FAILED, "the slot cannot be built");
        return -EIO;
    }
    return start_slot(jail, slot, signals);
}

static int reap(struct jail_main *jail, const sigset_t *signals)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (unsigned i = 0; i < jail->slots; i++)
            if (jail->children[i].pid == pid) {
                int r = replace_slot(jail, i, status, signals);
                if (r < 0)
                    return r;
            }
    return 0;
}

static int watch(struct jail_main *jail, int signal_fd, const sigset_t *signals)
{
    struct pollfd fds[] = {{.fd = JAIL_CONTROL_FD, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    for (;;) {
        if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
            return -errno;
        if (fds[0].revents)
            return 0;
        struct signalfd_siginfo info;
        if (fds[1].revents && read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
            int r = reap(jail, signals);
            if (r < 0)
                return r;
        }
    }
}

static void end_slots(struct jail_main *jail)
{
    for (unsigned i = 0; i < jail->slots; i++)
        if (jail->children[i].pid > 0)
            kill(jail->children[i].pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

/* Without root there need not be a group that this user may divide. */
static int make_tree(struct jail_main *jail, struct error *err)
{
    int r = cgroup_tree_open(&jail->tree, err);
    if (r == 0 || !jail->mapped)
        return r;
    jail->uncounted = *err;
    jail->tree = cgroup_tree_none();
    return 0;
}

/* Nothing can be built. The process's exit status. */
static int tell_all(const struct jail_main *jail, const char *text)
{
    for (unsigned i = 0; i < jail->slots; i++)
        tell(slot_socket(i), JAIL_FAILED, text);
    return 1;
}

static int serve(struct jail_main *jail)
{
    struct error err = ERROR_INIT;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    jail->host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = signal_fd < 0 || jail->host_proc < 0 ? error_errno(&err, -errno, "setting up") : make_tree(jail, &err);
    if (r < 0)
        return tell_all(jail, err.message);
    for (unsigned i = 0; r == 0 && i < jail->slots; i++)
        r = start_slot(jail, i, &signals);
    if (r == 0)
        r = watch(jail, signal_fd, &signals);
    end_slots(jail);
    cgroup_tree_close(jail->tree);
    return r < 0 ? 1 : 0;
}

static int print_policy(const struct jail_main *jail)
{
    struct error err = ERROR_INIT;
    if (seccomp_print(STDOUT_FILENO, !jail->rootless, &err) == 0)
        return 0;
    dprintf(STDERR_FILENO, "evalx-jail: %s\n", err.message);
    return 1;
}

static long number(const char *text, long least, long most)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno != 0 || *end != '\0' || end == text || value < least || value > most ? -1 : value;
}

/* Arguments come from evalx alone; they are checked like anybody's. */
static int parse(int argc, char **argv, struct jail_main *jail, bool *ret_print)
{
    static const struct option options[] = {
        {"slots", required_argument, NULL, 's'}, {"uid-base", required_argument, NULL, 'u'},
        {"mount", required_argument, NULL, 'm'}, {"print-policy", no_argument, NULL, 'p'},
        {"check", no_argument, NULL, 'c'},       {"rootless", no_argument, NULL, 'r'},
        {"mapped", no_argument, NULL, 'i'},      {0},
    };
    jail->mounts = xcalloc((size_t)argc + 1, sizeof *jail->mounts);
    long slots = 0, uid_base = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 's')
            slots = number(optarg, 1, SLOTS_MAX);
        else if (c == 'u')
            uid_base = number(optarg, 1000, 4000000000L);
        else if (c == 'm' && optarg[0] == '/' && !strstr(optarg, "/.."))
            jail->mounts[jail->mount_count++] = optarg;
        else if (c == 'p')
            *ret_print = true;
        else if (c == 'r' && optind == 2) /* become_rootless replaces it */
            jail->rootless = true;
        else if (c == 'c')
            jail->check = true;
        else if (c == 'i')
            jail->mapped = true;
        else
            return -EINVAL;
    }
    bool serving = !*ret_print && !jail->check;
    if (serving && (slots < 1 || uid_base < 1000 || optind != argc))
        return -EINVAL;
    jail->slots = (unsigned)slots;
    jail->uid_base = (uid_t)uid_base;
    return 0;
}

/* Starts anew with --mapped for --rootless, which is the first argument. Returns the exit status when that fails. */
static int become_rootless(const struct jail_main *jail, char **argv)
{
    static char mapped[] = "--mapped";
    struct error err = ERROR_INIT;
    argv[1] = mapped;
    int r = rootless_enter(argv, &err);
    if (!jail->check)
        return tell_all(jail, err.message);
    check_print("user namespace of evalx", r, err.message);
    return 0;
}

/*
 * Whatever evalx or its parents ignore or block, programs in a box start with every signal at its default. By the system call: the C
 * library does not let 32 and 33 be named, which it uses itself, but hands them on when they came ignored.
 */
static void plain_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } plain = {.handler = SIG_DFL};
    for (int i = 1; i <= 64; i++)
        syscall(SYS_rt_sigaction, i, &plain, NULL, sizeof plain.mask); /* of KILL and STOP it is refused */
}

int main(int argc, char **argv)
{
    static struct jail_main jail;
    bool print = false;
    if (parse(argc, argv, &jail, &print) < 0) {
        dprintf(STDERR_FILENO, "evalx-jail is started by evalx. By hand: evalx-jail --print-policy\n");
        return 2;
    }
    if (print)
        return print_policy(&jail);
    if (jail.rootless)
        return become_rootless(&jail, argv);
    if (jail.check)
        return check_run(jail.mapped, jail.uid_base);
    /* A terminal's Ctrl-C is for evalx, which then ends this process by closing the control socket. */
    setsid();
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* launchers whose slot was killed are waited for here */
    plain_signals();
    return serve(&jail);
}
