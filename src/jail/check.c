/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c: see check.h. Where a machine or a container refuses something, the box's own code stops at the first step; this goes on with
 * the others, so that all that is missing is told at once. The steps are the ones that launcher_start.c, root.c and cgroup*.c take, in
 * their order and by the same calls; those that need each other's effects are one chain, in one child.
 */
#include "jail/check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/cgroup.h"
#include "jail/launcher.h"
#include "jail/root.h"
#include "jail/seccomp.h"

/* What the steps share; each chain changes only its own copy. */
struct checking {
    bool rootless;
    uid_t owner;
    int host_proc;
    int tree; /* a cloned mount */
    struct root root;
};

struct step {
    const char *name, *what;
    int (*attempt)(struct checking *checking); /* 0 or -errno */
};

static int said(long result)
{
    return result < 0 ? -errno : 0;
}

void check_print(const char *name, int error, const char *detail)
{
    dprintf(STDOUT_FILENO, "%s\t%d\t%s\n", name, error < 0 ? -error : 0, detail);
}

/* ---- namespaces ---- */

static int clone_with(uint64_t flags, pid_t *ret_pid)
{
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0)
        return -errno;
    *ret_pid = (pid_t)pid;
    return 0;
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static void check_clone(const char *name, uint64_t flags, const char *what)
{
    pid_t pid = -1;
    int r = clone_with(flags, &pid);
    if (r == 0 && pid == 0)
        _exit(0);
    if (r == 0)
        r = wait_for(pid);
    check_print(name, r, what);
}

static int own_mounts(struct checking *c)
{
    c->root.host_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int r = c->root.host_mounts < 0 ? -errno : said(unshare(CLONE_NEWNS));
    c->root.own_mounts = r == 0 ? open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC) : -1;
    return r == 0 && c->root.own_mounts < 0 ? -errno : r;
}

static int own_cgroups(struct checking *c)
{
    (void)c;
    return said(unshare(CLONE_NEWCGROUP));
}

/* ---- mounts ---- */

int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
enum { MAKE_PRIVATE = 1 << 18, WITH_ALL_BELOW = 16384, DETACH = 2 };

static int private_mounts(struct checking *c)
{
    (void)c;
    return said(mount(NULL, "/", NULL, WITH_ALL_BELOW | MAKE_PRIVATE, NULL));
}

static int new_tmpfs(struct checking *c)
{
    (void)c;
    if (mount("evalx", "/tmp", "tmpfs", 0, "size=1m,mode=755") < 0)
        return -errno;
    return mkdir("/tmp/usr", 0755) < 0 ? -errno : said(mkdir("/tmp/proc", 0755));
}

static int give_away(struct checking *c)
{
    return said(chown("/tmp", c->owner, c->owner));
}

static int clone_mount(struct checking *c)
{
    c->tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/usr", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    return said(c->tree);
}

static int set_read_only(struct checking *c)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    return said(syscall(SYS_mount_setattr, c->tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr));
}

static int attach_mount(struct checking *c)
{
    return said(syscall(SYS_move_mount, c->tree, "", AT_FDCWD, "/tmp/usr", MOVE_MOUNT_F_EMPTY_PATH));
}

static int change_root(struct checking *c)
{
    (void)c;
    return chdir("/tmp") < 0 ? -errno : said(syscall(SYS_pivot_root, ".", "."));
}

static int let_go_of_root(struct checking *c)
{
    (void)c;
    return umount2(".", DETACH) < 0 ? -errno : said(chdir("/"));
}

/* As process 1 of a process namespace, in the new root. */
static int mount_proc(struct checking *c)
{
    pid_t pid = -1;
    struct error err = ERROR_INIT;
    int r = clone_with(CLONE_NEWPID, &pid);
    if (r == 0 && pid == 0)
        _exit(-root_mount_proc(&c->root, c->rootless, &err));
    return r == 0 ? wait_for(pid) : r;
}

/* ---- the rest of a birth ---- */

static int network_up(struct checking *c)
{
    (void)c;
    struct error err = ERROR_INIT;
    return unshare(CLONE_NEWNET) < 0 ? -errno : launcher_loopback_up(&err);
}

static int host_name(struct checking *c)
{
    (void)c;
    return unshare(CLONE_NEWUTS) < 0 ? -errno : said(sethostname("box", 3));
}

static int no_groups(struct checking *c)
{
    return c->rootless ? 0 : said(setgroups(0, NULL));
}

static int no_bounding_set(struct checking *c)
{
    (void)c;
    (void)!unshare(CLONE_NEWUSER); /* as at a birth: in the box's own user namespace, where it is to be had */
    return said(prctl(PR_CAPBSET_DROP, 0, 0, 0, 0));
}

static int become_owner(struct checking *c)
{
    if (c->rootless)
        return 0;
    return setresgid(c->owner, c->owner, c->owner) < 0 ? -errno : said(setresuid(c->owner, c->owner, c->owner));
}

/* A child makes a namespace, this process writes its maps, the child becomes the box's user in it. */
static int box_user_namespace(struct checking *c)
{
    int to[2], from[2];
    char byte = 0;
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0) {
        close(to[1]); /* else it would wait for itself when the parent gives up */
        close(from[0]);
        int r = said(unshare(CLONE_NEWUSER));
        if (r == 0 && (write(from[1], &byte, 1) != 1 || read(to[0], &byte, 1) != 1))
            r = -EPIPE;
        _exit(-(r == 0 ? said(setresuid(BOX_UID, BOX_UID, BOX_UID)) : r));
    }
    close(from[1]);
    close(to[0]);
    int r = pid < 0 ? -errno : 0;
    if (r == 0 && read(from[0], &byte, 1) == 1 && (r = launcher_write_maps(c->host_proc, pid, c->owner)) == 0)
        r = write(to[1], &byte, 1) == 1 ? 0 : -EPIPE;
    close(to[1]);
    close(from[0]);
    int ended = pid > 0 ? wait_for(pid) : 0;
    return r < 0 ? r : ended;
}

static int no_new_privileges(struct checking *c)
{
    (void)c;
    return said(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static int filter(struct checking *c)
{
    (void)c;
    struct error err = ERROR_INIT;
    return seccomp_enter(true, &err);
}

static int signal_by_descriptor(struct checking *c)
{
    (void)c;
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    return fd < 0 ? -errno : said(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}

/* ---- the control group, by the code that boxes use: its message says how far it came ---- */

static int use_group(struct cgroup_tree *tree, struct error *err)
{
    struct cgroup_leaf *leaf;
    int r = cgroup_leaf_open(tree, 0, &leaf, err);
    if (r < 0)
        return r;
    r = cgroup_begin(leaf, 64 << 20, 8, 1, err);
    pid_t pid = r == 0 ? fork() : 0;
    if (r == 0 && pid == 0)
        _exit(-cgroup_join(leaf, err));
    if (r == 0 && (r = pid < 0 ? -errno : wait_for(pid)) < 0)
        error_errno(err, r, "joining a cgroup");
    cgroup_leaf_close(leaf);
    cgroup_leaf_destroy(tree, 0);
    return r;
}

static void check_cgroup(void)
{
    struct error err = ERROR_INIT;
    struct cgroup_tree *tree = NULL;
    char detail[160];
    int r = cgroup_tree_open(&tree, &err);
    if (r == 0) {
        snprintf(detail, sizeof detail, "version %u: divided, limits set, joined%s", cgroup_tree_version(tree),
                 cgroup_tree_in_view(tree) ? " (mounted read-only; evalx-jail has a writable view of its own)" : "");
        r = use_group(tree, &err);
        cgroup_tree_close(tree);
    }
    check_print("control group", r, r == 0 ? detail : err.message);
}

/* ---- all of them ---- */

static const struct step file_system[] = {
    {"namespace mount", "unshare(CLONE_NEWNS)", own_mounts},
    {"private mounts", "mount(MS_REC | MS_PRIVATE)", private_mounts},
    {"tmpfs", "mount of a tmpfs", new_tmpfs},
    {"tmpfs owner", "chown to the boxes' user", give_away},
    {"mount clone", "open_tree(OPEN_TREE_CLONE)", clone_mount},
    {"mount read-only", "mount_setattr", set_read_only},
    {"mount attach", "move_mount", attach_mount},
    {"pivot_root", "pivot_root", change_root},
    {"old root", "umount2(MNT_DETACH)", let_go_of_root},
    {"proc", "fsopen, fsconfig, fsmount of a new /proc", mount_proc},
};

static const struct step group_namespace[] = {{"namespace cgroup", "unshare(CLONE_NEWCGROUP)", own_cgroups}};
static const struct step network[] = {{"loopback", "bringing the box's loopback up", network_up}};
static const struct step name[] = {{"host name", "sethostname", host_name}};
static const struct step user_namespace[] = {
    {"user namespace", "unshare(CLONE_NEWUSER), uid_map, gid_map, setresuid", box_user_namespace}};
static const struct step user[] = {
    {"groups", "setgroups", no_groups},
    {"box user", "setresgid, setresuid", become_owner},
};
static const struct step bounding_set[] = {{"bounding set", "prctl(PR_CAPBSET_DROP)", no_bounding_set}};
static const struct step system_calls[] = {
    {"no new privileges", "prctl(PR_SET_NO_NEW_PRIVS)", no_new_privileges},
    {"seccomp", "loading the filter", filter},
};
static const struct step signals[] = {{"pidfd", "pidfd_open, pidfd_send_signal", signal_by_descriptor}};

static const struct {
    const struct step *steps;
    size_t count;
} chains[] = {
    {file_system, ARRAY_LEN(file_system)},
    {group_namespace, ARRAY_LEN(group_namespace)},
    {network, ARRAY_LEN(network)},
    {name, ARRAY_LEN(name)},
    {user_namespace, ARRAY_LEN(user_namespace)},
    {user, ARRAY_LEN(user)},
    {bounding_set, ARRAY_LEN(bounding_set)},
    {system_calls, ARRAY_LEN(system_calls)},
    {signals, ARRAY_LEN(signals)},
};

static void run_chain(struct checking checking, const struct step *steps, size_t count)
{
    pid_t pid = fork();
    if (pid > 0) {
        int r = wait_for(pid);
        if (r < 0) /* a filter can end a process for a call */
            check_print(steps[0].name, r, "the process that tried it was ended");
        return;
    }
    bool refused = pid < 0;
    for (size_t i = 0; i < count; i++) {
        int r = refused ? -1 : steps[i].attempt(&checking);
        if (refused)
            dprintf(STDOUT_FILENO, "%s\t-1\t%s\n", steps[i].name, steps[i].what);
        else
            check_print(steps[i].name, r, steps[i].what);
        refused = refused || r < 0;
    }
    if (pid == 0)
        _exit(0);
}

int check_run(bool rootless, uid_t owner)
{
    static const struct {
        const char *name, *what;
        uint64_t flag;
    } namespaces[] = {
        {"clone3", "clone3", 0},
        {"namespace pid", "clone3(CLONE_NEWPID)", CLONE_NEWPID},
        {"namespace net", "clone3(CLONE_NEWNET)", CLONE_NEWNET},
        {"namespace ipc", "clone3(CLONE_NEWIPC)", CLONE_NEWIPC},
        {"namespace uts", "clone3(CLONE_NEWUTS)", CLONE_NEWUTS},
    };
    struct checking checking = {.rootless = rootless, .owner = rootless ? 0 : owner, .tree = -1};
    checking.host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (checking.host_proc < 0)
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
        check_clone(namespaces[i].name, namespaces[i].flag, namespaces[i].what);
    for (size_t i = 0; i < ARRAY_LEN(chains); i++)
        run_chain(checking, chains[i].steps, chains[i].count);
    check_cgroup();
    return 0;
}
