/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_kernel.c: what the sandbox needs of the kernel. Nothing is concluded from version numbers where it can be tried: a forked
 * child tries, reports errno as its exit code, and takes the effects with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/doctor.h"

enum {
    KERNEL_MAJOR = 5,
    KERNEL_MINOR = 12,
    DESCRIPTORS_LEAST = 4096,
    PROC_FILE_MAX = 1 << 20,
    SECCOMP_FILTER_MODE = 1 /* SECCOMP_SET_MODE_FILTER */
};

static const char mend_privileged[] = "run as root on the host; in a container: docker run --privileged "
                                      "--cgroupns=host … (or a pod with securityContext.privileged: true)";

static void check_version(struct checks *checks)
{
    struct utsname name = {0};
    char *rest = name.release;

    uname(&name);
    unsigned long major = strtoul(rest, &rest, 10);
    unsigned long minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    bool enough = major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR);
    checks_add(
        checks, "kernel", enough ? CHECK_OK : CHECK_FAILED,
        xasprintf("Linux %s, at least %d.%d is needed (mount_setattr)", name.release, KERNEL_MAJOR, KERNEL_MINOR),
        "apt-get install -y linux-image-amd64 && reboot");
}

/* Capabilities that the jail works with, by number (linux/capability.h). */
static const struct {
    unsigned number;
    const char *name;
} needed_capabilities[] = {
    {0, "chown"}, {1, "dac_override"}, {5, "kill"}, {6, "setgid"}, {7, "setuid"}, {21, "sys_admin"},
};

static uint64_t effective_capabilities(void)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;

    if (fd_read_file(AT_FDCWD, "/proc/self/status", PROC_FILE_MAX, &text) < 0)
        return 0;
    const char *line = strstr(buf_str(&text), "\nCapEff:");
    return line != NULL ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;
}

static void check_root(struct checks *checks)
{
    _cleanup_(buf_release) struct buf missing = BUF_INIT;
    uint64_t effective = effective_capabilities();

    for (size_t i = 0; i < ARRAY_LEN(needed_capabilities); i++)
        if ((effective >> needed_capabilities[i].number & 1) == 0)
            buf_printf(&missing, " %s", needed_capabilities[i].name);
    if (geteuid() == 0 && missing.len == 0)
        checks_add(checks, "privileges", CHECK_OK, xstrdup("root with the capabilities that the sandbox needs"), NULL);
    else if (geteuid() == 0)
        checks_add(checks, "privileges", CHECK_FAILED,
                   xasprintf("root, but without these capabilities:%s", buf_str(&missing)), mend_privileged);
    else
        checks_add(checks, "privileges", CHECK_FAILED, xstrdup("not root"), "sudo evalx doctor");
}

/* Runs attempt in a child; 0 or the errno it ended with. */
static int try_in_child(int (*attempt)(int argument), int argument)
{
    pid_t child = fork();
    int status = 0;

    if (child < 0)
        return errno;
    if (child == 0)
        _exit(attempt(argument) & 0xff);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

static int attempt_unshare(int flag)
{
    return unshare(flag) == 0 ? 0 : errno;
}

/* EFAULT: the kernel knows filters and went as far as looking for one. */
static int attempt_seccomp(int unused)
{
    (void)unused;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno;
    return syscall(SYS_seccomp, SECCOMP_FILTER_MODE, 0, NULL) != 0 && errno == EFAULT ? 0 : ENOSYS;
}

static void check_namespaces(struct checks *checks)
{
    static const struct {
        const char *name;
        int flag;
        enum check_state otherwise;
    } namespaces[] = {
        {"mount", CLONE_NEWNS, CHECK_FAILED},   {"pid", CLONE_NEWPID, CHECK_FAILED},
        {"net", CLONE_NEWNET, CHECK_FAILED},    {"ipc", CLONE_NEWIPC, CHECK_FAILED},
        {"uts", CLONE_NEWUTS, CHECK_FAILED},    {"cgroup", CLONE_NEWCGROUP, CHECK_FAILED},
        {"user", CLONE_NEWUSER, CHECK_WARNING},
    };

    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
        int error = try_in_child(attempt_unshare, namespaces[i].flag);
        _cleanup_(freep) char *name = xasprintf("namespace %s", namespaces[i].name);
        bool user = namespaces[i].flag == CLONE_NEWUSER;
        checks_add(checks, name, error == 0 ? CHECK_OK : namespaces[i].otherwise,
                   error == 0 ? xstrdup("can be made")
                              : xasprintf("%s%s", strerror(error),
                                          user ? "; the sandbox then does without this extra wall" : ""),
                   user ? "sysctl -w user.max_user_namespaces=15000" : mend_privileged);
    }
}

static void check_seccomp(struct checks *checks)
{
    int error = try_in_child(attempt_seccomp, 0);

    checks_add(checks, "seccomp", error == 0 ? CHECK_OK : CHECK_FAILED,
               xstrdup(error == 0 ? "filters are supported" : "this kernel has no seccomp filters"),
               "use a kernel with CONFIG_SECCOMP_FILTER (every Debian kernel has it)");
}

/* Can a group be made there? */
static int try_group(const char *folder)
{
    _cleanup_(freep) char *path = xasprintf("%s/evalx-doctor-%d", folder, getpid());

    if (mkdir(path, 0755) != 0)
        return errno;
    return rmdir(path) == 0 ? 0 : errno;
}

/* Is word one of the space- or comma-separated words of text? */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if ((at == text || strchr(" ,\n", at[-1]) != NULL) && (at[len] == '\0' || strchr(" ,\n", at[len]) != NULL))
            return true;
    return false;
}

static void check_groups_v2(struct checks *checks)
{
    static const char *const wanted[] = {"memory", "cpu", "pids"};
    _cleanup_(buf_release) struct buf controllers = BUF_INIT, missing = BUF_INIT;

    fd_read_file(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", PROC_FILE_MAX, &controllers);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        if (!has_word(buf_str(&controllers), wanted[i]))
            buf_printf(&missing, " %s", wanted[i]);
    checks_add(checks, "cgroup controllers", missing.len == 0 ? CHECK_OK : CHECK_FAILED,
               missing.len == 0 ? xstrdup("version 2 with memory, cpu, pids")
                                : xasprintf("version 2 without these controllers:%s", buf_str(&missing)),
               "boot without cgroup_disable=…; in a container: delegate the controllers (docker run --cgroupns=host "
               "--privileged)");
    int error = try_group("/sys/fs/cgroup");
    checks_add(checks, "cgroup groups", error == 0 ? CHECK_OK : CHECK_FAILED,
               error == 0 ? xstrdup("can be made") : xasprintf("cannot be made: %s", strerror(error)), mend_privileged);
}

/* Appends the folder where the hierarchy with this controller is mounted; false when there is none. */
static bool find_hierarchy(const char *mounts, const char *controller, struct buf *ret)
{
    _cleanup_(freep) char *copy = xstrdup(mounts);
    char *rest = copy;

    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        const char *device = strsep(&line, " "), *folder = strsep(&line, " "), *type = strsep(&line, " "),
                   *options = strsep(&line, " ");
        if (device != NULL && folder != NULL && type != NULL && options != NULL && strcmp(type, "cgroup") == 0 &&
            has_word(options, controller)) {
            buf_append_str(ret, folder);
            return true;
        }
    }
    return false;
}

static void check_groups_v1(struct checks *checks)
{
    static const char *const wanted[] = {"memory", "cpu", "cpuacct", "pids"};
    _cleanup_(buf_release) struct buf mounts = BUF_INIT, missing = BUF_INIT, refused = BUF_INIT;

    fd_read_file(AT_FDCWD, "/proc/self/mounts", PROC_FILE_MAX, &mounts);
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        _cleanup_(buf_release) struct buf folder = BUF_INIT;
        int error = 0;
        if (!find_hierarchy(buf_str(&mounts), wanted[i], &folder))
            buf_printf(&missing, " %s", wanted[i]);
        else if ((error = try_group(buf_str(&folder))) != 0)
            buf_printf(&refused, "%s%s: %s", refused.len > 0 ? ", " : "", buf_str(&folder), strerror(error));
    }
    checks_add(checks, "cgroup controllers", missing.len == 0 ? CHECK_OK : CHECK_FAILED,
               missing.len == 0 ? xstrdup("version 1 with memory, cpu, cpuacct, pids")
                                : xasprintf("version 1 without these controllers:%s", buf_str(&missing)),
               "mount -t cgroup -o NAME cgroup /sys/fs/cgroup/NAME, for each; or boot with "
               "systemd.unified_cgroup_hierarchy=1");
    checks_add(checks, "cgroup groups", refused.len == 0 ? CHECK_OK : CHECK_FAILED,
               refused.len == 0 ? xstrdup("can be made") : xasprintf("cannot be made: %s", buf_str(&refused)),
               mend_privileged);
}

static void check_groups(struct checks *checks)
{
    struct statfs fs;

    if (statfs("/sys/fs/cgroup", &fs) != 0)
        checks_add(checks, "cgroup controllers", CHECK_FAILED, xstrdup("nothing is mounted at /sys/fs/cgroup"),
                   "mount -t cgroup2 none /sys/fs/cgroup");
    else if (fs.f_type == CGROUP2_SUPER_MAGIC)
        check_groups_v2(checks);
    else
        check_groups_v1(checks);
}

static void check_descriptors(struct checks *checks)
{
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    checks_add(checks, "descriptors", limit.rlim_max >= DESCRIPTORS_LEAST ? CHECK_OK : CHECK_WARNING,
               xasprintf("%llu allowed, %d make room for the default number of connections",
                         (unsigned long long)limit.rlim_max, DESCRIPTORS_LEAST),
               "ulimit -Hn 65536");
}

void doctor_kernel(struct checks *checks)
{
    check_version(checks);
    check_root(checks);
    check_namespaces(checks);
    check_seccomp(checks);
    check_groups(checks);
    check_descriptors(checks);
}
