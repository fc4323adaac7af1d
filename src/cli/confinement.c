/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confinement.c: see confinement.h. A container can refuse a step in four ways, told apart in this order: the capability is missing;
 * the seccomp filter answers (an EPERM or ENOSYS that the capability does not explain); AppArmor answers (EACCES); the step's own reason
 * (nothing left, read-only, not whole). Each has its own setting, and each step its own words for it.
 */
#include "cli/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "cli/privileges.h"

enum { PROC_FILE_MAX = 1 << 16, NO_CAPABILITY = -1 };

static const struct {
    int number;
    const char *name;
} capabilities[] = {
    {CAP_SYS_ADMIN, "SYS_ADMIN"},       {CAP_SETUID, "SETUID"},       {CAP_SETGID, "SETGID"},
    {CAP_SETPCAP, "SETPCAP"},           {CAP_NET_ADMIN, "NET_ADMIN"}, {CAP_CHOWN, "CHOWN"},
    {CAP_DAC_OVERRIDE, "DAC_OVERRIDE"}, {CAP_KILL, "KILL"},           {CAP_SYS_CHROOT, "SYS_CHROOT"},
};

/*
 * By name of the step: what it takes when root does it (inside a user namespace a process has every capability), and its calls. Where
 * SYS_ADMIN is not all that it takes, the other: whoever builds boxes as root has SYS_ADMIN.
 */
static const struct {
    const char *step;
    int capability;
    const char *calls;
} steps[] = {
    {"clone3", NO_CAPABILITY, "clone3"},
    {"namespace pid", CAP_SYS_ADMIN, "clone3"},
    {"namespace net", CAP_SYS_ADMIN, "clone3"},
    {"namespace ipc", CAP_SYS_ADMIN, "clone3"},
    {"namespace uts", CAP_SYS_ADMIN, "clone3"},
    {"namespace mount", CAP_SYS_ADMIN, "unshare, setns"},
    {"namespace cgroup", CAP_SYS_ADMIN, "unshare"},
    {"private mounts", CAP_SYS_ADMIN, "mount"},
    {"tmpfs", CAP_SYS_ADMIN, "mount"},
    {"tmpfs owner", CAP_CHOWN, "chown"},
    {"mount clone", CAP_SYS_ADMIN, "open_tree"},
    {"mount read-only", CAP_SYS_ADMIN, "mount_setattr"},
    {"mount attach", CAP_SYS_ADMIN, "move_mount"},
    {"pivot_root", CAP_SYS_ADMIN, "pivot_root"},
    {"old root", CAP_SYS_ADMIN, "umount2"},
    {"proc", CAP_SYS_CHROOT, "fsopen, fsconfig, fsmount, setns"},
    {"loopback", CAP_NET_ADMIN, "socket, ioctl"},
    {"host name", CAP_SYS_ADMIN, "sethostname"},
    {"user namespace", CAP_SETUID, "unshare"},
    {"user namespace of evalx", NO_CAPABILITY, "unshare"},
    {"groups", CAP_SETGID, "setgroups"},
    {"bounding set", CAP_SETPCAP, "prctl"},
    {"box user", CAP_SETUID, "setresuid, setresgid"},
    {"no new privileges", NO_CAPABILITY, "prctl"},
    {"seccomp", NO_CAPABILITY, "seccomp"},
    {"pidfd", NO_CAPABILITY, "pidfd_open, pidfd_send_signal"},
    {"control group", NO_CAPABILITY, "mkdirat, openat, write"},
};

/* ---- looking ---- */

static bool file_says(const char *path, const char *word)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;

    return fd_read_file(AT_FDCWD, path, PROC_FILE_MAX, &text) == 0 && strstr(buf_str(&text), word) != NULL;
}

static const char *container_here(void)
{
    if (access("/var/run/secrets/kubernetes.io", F_OK) == 0 || getenv("KUBERNETES_SERVICE_HOST") != NULL)
        return "kubernetes";
    if (access("/.dockerenv", F_OK) == 0)
        return "docker";
    if (access("/run/.containerenv", F_OK) == 0)
        return "podman";
    return file_says("/proc/1/cgroup", "kubepods") || file_says("/proc/1/cgroup", "containerd") ||
                   file_says("/proc/1/cgroup", "docker") || getenv("container") != NULL
               ? "a container"
               : NULL;
}

/* "docker-default (enforce)"; what is unconfined is none. */
static void read_profile(char *out, size_t size)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;

    if (fd_read_file(AT_FDCWD, "/proc/self/attr/apparmor/current", PROC_FILE_MAX, &text) != 0 &&
        fd_read_file(AT_FDCWD, "/proc/self/attr/current", PROC_FILE_MAX, &text) != 0)
        return;
    if (strstr(buf_str(&text), "(enforce)") != NULL)
        snprintf(out, size, "%.*s", (int)strcspn(buf_str(&text), " \n"), buf_str(&text));
}

void confinement_look(struct confinement *ret)
{
    _cleanup_(buf_release) struct buf map = BUF_INIT;
    unsigned long long inside = 0, outside = 0, count = 0;

    *ret = (struct confinement){
        .container = container_here(),
        .root = geteuid() == 0,
        .filtered = file_says("/proc/self/status", "\nSeccomp:\t2"),
        .capabilities = privileges_effective(),
    };
    read_profile(ret->profile, sizeof(ret->profile));
    if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", PROC_FILE_MAX, &map) == 0 &&
        sscanf(buf_str(&map), "%llu %llu %llu", &inside, &outside, &count) == 3)
        ret->mapped = inside != 0 || outside != 0 || count != 4294967295ULL;
}

char *confinement_describe(const struct confinement *c)
{
    struct buf text = BUF_INIT;

    buf_append_str(&text, c->container != NULL ? c->container : "no container");
    if (c->mapped)
        buf_append_str(&text, "; user namespace");
    if (c->filtered)
        buf_append_str(&text, "; seccomp filter");
    if (c->profile[0] != '\0')
        buf_printf(&text, "; AppArmor profile %s", c->profile);
    size_t missing = 0;
    for (size_t i = 0; c->root && i < ARRAY_LEN(capabilities); i++)
        if ((c->capabilities >> capabilities[i].number & 1) == 0)
            buf_printf(&text, "%s%s", missing++ == 0 ? "; root without " : ", ", capabilities[i].name);
    char *copy = xstrdup(buf_str(&text));
    buf_release(&text);
    return copy;
}

/* ---- mending ---- */

static const char *capability_name(int number)
{
    for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
        if (capabilities[i].number == number)
            return capabilities[i].name;
    return "";
}

static char *mend_capability(int number)
{
    const char *name = capability_name(number);

    return xasprintf("the capability %s is missing: docker run --cap-add %s …; Kubernetes: "
                     "securityContext.capabilities.add: [\"%s\"]; "
                     "systemd: CapabilityBoundingSet=",
                     name, name, name);
}

static char *mend_filter(const char *calls)
{
    return xasprintf("the seccomp filter refuses it: allow %s (Docker, containerd: --security-opt seccomp=PROFILE.json "
                     "with them, or "
                     "seccomp=unconfined; Kubernetes: securityContext.seccompProfile {type: Localhost, "
                     "localhostProfile: …}, RuntimeDefault "
                     "refuses pivot_root even with SYS_ADMIN; systemd: SystemCallFilter=)",
                     calls);
}

static char *mend_profile(const char *profile)
{
    return xasprintf("the AppArmor profile %s refuses it: docker run --security-opt apparmor=unconfined; Kubernetes: "
                     "securityContext.appArmorProfile: {type: Unconfined}, or a profile of your own that allows mount, "
                     "umount, pivot_root",
                     profile);
}

static char *mend_group(int error)
{
    if (error == EROFS)
        return xstrdup(
            "the cgroup file system is mounted read-only, and evalx-jail may not have it writable for itself: it can "
            "with "
            "SYS_ADMIN and a seccomp filter that allows open_tree and mount_setattr; in a user namespace the group has "
            "to "
            "be handed over: docker run --cgroupns=private --security-opt writable-cgroups=true (or --privileged); "
            "podman: "
            "--security-opt unmask=/sys/fs/cgroup; Kubernetes: a runtimeClassName whose containerd handler has "
            "cgroup_writable = true (containerd 2.1, cgroup v2 with nsdelegate), or securityContext.privileged: true");
    if (error == EACCES || error == EPERM)
        return xstrdup(
            "the group belongs to somebody else: start evalx in one of its own (systemd: Delegate=memory "
            "pids cpu, or systemd-run "
            "--user --scope -p Delegate=yes evalx …; in a container: --cgroupns=private and a writable "
            "/sys/fs/cgroup; in a pod with hostUsers: false: a runtimeClassName whose containerd handler has "
            "cgroup_writable = true); or run it as root");
    if (error == EBUSY)
        return xstrdup("version 2 gives controllers only to groups below one that holds no process itself: start evalx "
                       "alone in its group "
                       "(systemd: Delegate=yes and DelegateSubgroup=; in a container: make evalx its first process, "
                       "--cgroupns=private)");
    return xstrdup(
        "the controllers memory, pids and cpu must reach this group: docker run --cgroupns=private, not host; systemd: "
        "Delegate=memory pids cpu; the machine: mount -t cgroup2 none /sys/fs/cgroup, and no cgroup_disable= at boot");
}

static char *mend_user_namespace(int error, bool filtered)
{
    if (error == ENOSPC || error == EUSERS)
        return xstrdup("no user namespace is left: sysctl -w user.max_user_namespaces=15000 (and not more than 32 "
                       "inside each other)");
    if (filtered)
        return xstrdup(
            "the seccomp filter, or the machine, refuses user namespaces: docker run --security-opt "
            "seccomp=PROFILE.json that allows "
            "unshare and clone3 with CLONE_NEWUSER; Kubernetes: seccompProfile {type: Localhost}; on the machine: "
            "sysctl -w "
            "kernel.unprivileged_userns_clone=1 (Debian), kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)");
    return xstrdup("the machine refuses user namespaces to ordinary users: sysctl -w "
                   "kernel.unprivileged_userns_clone=1 (Debian), sysctl -w "
                   "kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile with userns (Ubuntu), or run "
                   "evalx as root");
}

/* A /proc that is not whole (parts are masked or read-only) may not be made again. */
static char *mend_proc(void)
{
    return xstrdup("the container's own /proc is masked, so no other may be made: docker run --security-opt "
                   "systempaths=unconfined; podman: "
                   "--security-opt unmask=ALL; Kubernetes: securityContext.procMount: Unmasked with hostUsers: false");
}

char *confinement_mend(const struct confinement *c, const char *step, int error)
{
    int capability = NO_CAPABILITY;
    const char *calls = step;

    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (strcmp(steps[i].step, step) == 0) {
            capability = steps[i].capability;
            calls = steps[i].calls;
        }
    if (strcmp(step, "control group") == 0)
        return mend_group(error);
    bool refused = error == EPERM || error == EACCES;
    if (refused && c->root && !c->rootless && capability != NO_CAPABILITY && (c->capabilities >> capability & 1) == 0)
        return mend_capability(capability);
    if (error == EACCES && c->profile[0] != '\0')
        return mend_profile(c->profile);
    if (strcmp(step, "proc") == 0 && refused)
        return mend_proc();
    if (strncmp(step, "user namespace", strlen("user namespace")) == 0)
        return mend_user_namespace(error, c->filtered);
    if (error == EINVAL && (strcmp(step, "box user") == 0 || strcmp(step, "tmpfs owner") == 0))
        return xstrdup("this user namespace does not map the boxes' users: map 65536 ids (Kubernetes: hostUsers: false "
                       "does), or lower "
                       "sandbox.uid_base");
    if (error == ENOSPC)
        return xstrdup("no namespace of this kind is left: sysctl user.max_mnt_namespaces, user.max_pid_namespaces, "
                       "user.max_net_namespaces, …");
    if (c->filtered && (refused || error == ENOSYS || strcmp(step, "seccomp") == 0))
        return mend_filter(calls);
    if (error == ENOSYS)
        return xstrdup("this kernel has it not: Linux 5.12 or later, with CONFIG_NAMESPACES, CONFIG_SECCOMP_FILTER, "
                       "CONFIG_CGROUPS");
    return xstrdup(
        "run as root on the host; in a container: docker run --privileged --cgroupns=private …, or a pod with "
        "securityContext.privileged: true");
}
