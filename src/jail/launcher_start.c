/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launcher_start.c: how process 1 of a box comes to be: namespaces, the leaf, loopback, /proc, then everything it could misuse is put
 * away in this order: descriptors, resource limits, groups, bounding set, user, capabilities, new privileges, dumpability, system calls.
 * Any step that fails ends it with a message; there is no "go on without", but as root for the user namespace, which is reported.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/launcher.h"
#include "jail/root.h"
#include "jail/seccomp.h"

/* Between the launcher-to-be and the slot, while it is being made. */
struct birth_note {
    enum { BIRTH_FAILED, BIRTH_NEEDS_MAP, BIRTH_READY } kind;
    uint32_t user_namespace;
    struct error error;
};

/* RLIMIT_CORE: one byte is no core file, and is no call of the host's crash handler either (policy.def). */
static const struct {
    int resource;
    rlim_t value;
} fixed_limits
    [] =
        {
            {RLIMIT_CORE, 1},      {RLIMIT_NOFILE, 4096}, {RLIMIT_MEMLOCK, 65536}, {RLIMIT_MSGQUEUE, 0},
            {RLIMIT_NICE, 0},      {RLIMIT_RTPRIO, 0},    {RLIMIT_RTTIME, 0},      {RLIMIT_SIGPENDING, 1024},
            {RLIMIT_NPROC, 65536}, /* the cgroup's pids limit is the real one */
};

static int fix_limits(struct error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(fixed_limits); i++) {
        __rlimit_resource_t resource = (__rlimit_resource_t)fixed_limits[i].resource;
        struct rlimit both = {.rlim_cur = fixed_limits[i].value, .rlim_max = fixed_limits[i].value}, now;
        int r = setrlimit(resource, &both);
        if (r < 0 && errno == EPERM && getrlimit(resource, &now) == 0) { /* without root: evalx's own, which is lower */
            now.rlim_cur = now.rlim_max;
            r = setrlimit(resource, &now);
        }
        if (r < 0)
            return error_errno(err, -errno, "setting resource limit %d", fixed_limits[i].resource);
    }
    return 0;
}

int launcher_loopback_up(struct error *err)
{
    _cleanup_(fd_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return error_errno(err, -errno, "bringing the box's loopback up");
    return 0;
}

/* 0, 1 and 2 become /dev/null, the socket becomes 3, everything else goes. Returns the socket. */
static int keep_only(int socket, struct error *err)
{
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; null >= 0 && i < 3; i++)
        dup2(null, i);
    if (null < 0 || dup3(socket, 3, O_CLOEXEC) < 0 || close_range(4, ~0U, 0) < 0)
        return error_errno(err, -errno, "closing descriptors");
    return 3;
}

static int drop_capabilities(struct error *err)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return error_errno(err, -errno, "dropping capability %d", cap);
    return 0;
}

static int clear_capabilities(struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) < 0 ? error_errno(err, -errno, "clearing capabilities") : 0;
}

/* A user namespace that knows one user only. The slot outside writes the map. */
static int enter_user_namespace(int socket, bool *ret_entered, struct error *err)
{
    *ret_entered = false;
    if (unshare(CLONE_NEWUSER) < 0)
        return 0; /* reported with the slot; the other walls stand */
    struct birth_note note = {.kind = BIRTH_NEEDS_MAP};
    char go;
    int r = fd_send(socket, &note, sizeof note, NULL, 0);
    if (r == 0 && fd_receive(socket, &go, 1, NULL, 0, NULL, 0) != 1)
        r = -EPIPE;
    *ret_entered = true;
    return r < 0 ? error_errno(err, r, "mapping the box's user") : 0;
}

static int become_user(int socket, const struct launcher_config *config, bool *ret_user_namespace, struct error *err)
{
    if (!config->rootless && setgroups(0, NULL) < 0)
        return error_errno(err, -errno, "dropping groups");
    int r = enter_user_namespace(socket, ret_user_namespace, err);
    if (r == 0 && config->rootless && !*ret_user_namespace)
        r = error_set(err, -EPERM, "making the box's own user namespace is refused");
    if (r == 0)
        r = drop_capabilities(err); /* after: a new user namespace begins with a full bounding set */
    if (r < 0)
        return r;
    uid_t id = *ret_user_namespace ? (uid_t)BOX_UID : config->owner;
    if (setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
        return error_errno(err, -errno, "becoming the box's user");
    return clear_capabilities(err);
}

/* Where nothing counts a box's memory, and the machine runs out of it, programs go before anything else does. */
static int go_first(int host_proc, struct error *err)
{
    _cleanup_(fd_closep) int fd = openat(host_proc, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    int r = fd < 0 ? -errno : fd_write_full(fd, "1000", 4);
    return r < 0 ? error_errno(err, r, "setting the OOM killer's score") : 0;
}

/* Everything that is done in the new namespaces, up to readiness. */
static int be_born(int *socket, const struct launcher_config *config, bool *user_namespace, struct error *err)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    setsid();
    umask(022);
    int r = cgroup_join(config->leaf, err);
    if (r == 0 && !config->is_counted)
        r = go_first(config->host_proc, err);
    if (r == 0 && unshare(CLONE_NEWCGROUP) < 0)
        r = error_errno(err, -errno, "unshare(CLONE_NEWCGROUP)");
    if (r == 0 && (sethostname("box", 3) < 0 || setdomainname("", 0) < 0))
        r = error_errno(err, -errno, "naming the box");
    if (r == 0)
        r = launcher_loopback_up(err);
    if (r == 0)
        r = root_mount_proc(config->root, config->rootless, err);
    if (r == 0) {
        int kept = keep_only(*socket, err);
        r = kept < 0 ? kept : 0;
        *socket = kept < 0 ? *socket : kept;
    }
    if (r == 0)
        r = fix_limits(err);
    if (r == 0)
        r = become_user(*socket, config, user_namespace, err);
    if (r < 0)
        return r;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* changing user cleared it */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_errno(err, -errno, "giving up new privileges");
    return seccomp_enter(config->is_counted, err);
}

static void child_main(int socket, const struct launcher_config *config)
{
    struct birth_note note = {.kind = BIRTH_READY};
    bool user_namespace = false;
    if (be_born(&socket, config, &user_namespace, &note.error) < 0)
        note.kind = BIRTH_FAILED;
    note.user_namespace = user_namespace;
    if (fd_send(socket, &note, sizeof note, NULL, 0) < 0 || note.kind == BIRTH_FAILED)
        _exit(1);
    launcher_main(socket, config->is_counted);
}

/* ---- the slot's side ---- */

static int write_proc(int host_proc, pid_t pid, const char *file, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%ld/%s", (long)pid, file);
    _cleanup_(fd_closep) int fd = openat(host_proc, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return fd_write_full(fd, text, strlen(text));
}

/*
 * Can be written once, by anybody in the namespace: else a program could leave a note for the next one. In a user namespace that has no
 * such map itself (a pod's) nobody can, and there is nothing to keep.
 */
static int write_project_map(int host_proc, pid_t pid, const char *line)
{
    char own[16];
    int r = write_proc(host_proc, pid, "projid_map", line);
    _cleanup_(fd_closep) int fd = r == -EPERM ? openat(host_proc, "self/projid_map", O_RDONLY | O_CLOEXEC) : -1;
    return fd >= 0 && read(fd, own, sizeof own) == 0 ? 0 : r;
}

int launcher_write_maps(int host_proc, pid_t pid, uid_t owner)
{
    char line[64];
    snprintf(line, sizeof line, "%d %u 1\n", BOX_UID, owner);
    int r = write_proc(host_proc, pid, "setgroups", "deny");
    if (r == 0)
        r = write_proc(host_proc, pid, "gid_map", line);
    if (r == 0)
        r = write_project_map(host_proc, pid, line);
    return r == 0 ? write_proc(host_proc, pid, "uid_map", line) : r;
}

static int await_birth(struct launcher *l, int host_proc, uid_t owner, struct error *err)
{
    for (;;) {
        struct birth_note note;
        ssize_t n = fd_receive(l->socket, &note, sizeof note, NULL, 0, NULL, 0);
        if (n != (ssize_t)sizeof note)
            return error_set(err, -EPIPE, "the launcher died while it was being made");
        if (note.kind == BIRTH_FAILED) {
            *err = note.error;
            return note.error.code;
        }
        l->user_namespace = note.user_namespace != 0;
        if (note.kind == BIRTH_READY)
            return 0;
        int r = launcher_write_maps(host_proc, l->pid, owner);
        if (r < 0)
            return error_errno(err, r, "writing the box's user map");
        r = fd_send(l->socket, "g", 1, NULL, 0);
        if (r < 0)
            return error_errno(err, r, "talking to the launcher");
    }
}

/*
 * /proc/PID/net tells of more than the box: some of its counters are the whole machine's, and others count what never crossed the
 * loopback, where the slot's proof of an untouched network looks. Root keeps it for itself; the modes belong to this network namespace.
 */
static int hide_network_statistics(int net)
{
    DIR *dir = fdopendir(fcntl(net, F_DUPFD_CLOEXEC, 3));
    if (!dir)
        return -errno;
    int r = 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && fchmodat(dirfd(dir), entry->d_name, 0, 0) < 0)
            r = -errno;
    closedir(dir);
    return r;
}

static int take_network_statistics(struct launcher *l, int host_proc)
{
    char path[64];
    snprintf(path, sizeof path, "%ld/net", (long)l->pid);
    _cleanup_(fd_closep) int net = openat(host_proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (net < 0)
        return -errno;
    l->net_counters = openat(net, "dev", O_RDONLY | O_CLOEXEC);
    l->net_sockets = openat(net, "unix", O_RDONLY | O_CLOEXEC);
    return l->net_counters < 0 || l->net_sockets < 0 ? -errno : hide_network_statistics(net);
}

int launcher_start(struct launcher *launcher, const struct launcher_config *config, struct error *err)
{
    int pair[2];
    *launcher = (struct launcher){.socket = -1, .pidfd = -1, .net_counters = -1, .net_sockets = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, -errno, "socketpair");
    launcher->socket = pair[0];
    struct clone_args args = {
        .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&launcher->pidfd,
        .exit_signal = SIGCHLD,
    };
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        child_main(pair[1], config);
    int clone_errno = errno;
    close(pair[1]);
    if (pid < 0) {
        launcher_end(launcher);
        return error_errno(err, -clone_errno, "clone3 with new pid, net, ipc and uts namespaces");
    }
    launcher->pid = (pid_t)pid;
    int r = await_birth(launcher, config->host_proc, config->owner, err);
    if (r == 0 && (r = take_network_statistics(launcher, config->host_proc)) < 0)
        error_errno(err, r, "taking the box's network counters");
    /* Without this no limit could be kept. */
    if (r == 0 && syscall(SYS_pidfd_send_signal, launcher->pidfd, 0, NULL, 0) < 0)
        r = error_errno(err, -errno, "pidfd_send_signal to the box");
    if (r < 0)
        launcher_end(launcher);
    return r;
}

/*
 * Each process that the box's /proc shows, but process 1. A folder of /proc stands for its process and no later one of the same number,
 * and pidfd_send_signal takes it.
 */
static void kill_those_seen(void)
{
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || strcmp(entry->d_name, "1") == 0)
            continue;
        _cleanup_(fd_closep) int process = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (process >= 0)
            syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
    }
    if (proc)
        closedir(proc);
}

/*
 * The launcher's kill(-1) is what leaves nobody out; but it shares its turn on the processors with all that it is to end, and dozens of
 * busy threads let it wait for tens of milliseconds. The slot, outside their group, has its turn now, and ends those it sees.
 */
void launcher_kill_programs(struct launcher *launcher)
{
    syscall(SYS_pidfd_send_signal, launcher->pidfd, SIGUSR1, NULL, 0);
    kill_those_seen();
}

void launcher_end(struct launcher *launcher)
{
    if (launcher->pid > 0) {
        kill(launcher->pid, SIGKILL); /* not waited for yet: nobody else can have its number */
        while (waitpid(launcher->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    fd_closep(&launcher->socket);
    fd_closep(&launcher->pidfd);
    fd_closep(&launcher->net_counters);
    fd_closep(&launcher->net_sockets);
    launcher->pid = 0;
}
