/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootless.c: see rootless.h.
 *
 * In the new namespace the jail has every capability, over what belongs to that namespace only: to the kernel outside it is the ordinary
 * user that it was. All that follows (slots, boxes, launchers) is the same code as with root. What differs follows from the one user:
 *   - programs are that user too, in a namespace of their own inside this one: walls are the namespaces and the filter, not the user
 *   - groups cannot be given up (the kernel wants setgroups denied), nor limits raised
 *   - there is a control group only where somebody has handed one over; else cgroup_none.c looks
 *
 * The program is started anew because a process belongs, for /proc, to the namespace it was started in: only so may the slots write
 * the maps of launchers that nobody else may look into.
 */
#include "jail/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static int write_own(const char *file, const char *text, struct error *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/%s", file);
    _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    int r = fd < 0 ? -errno : fd_write_full(fd, text, strlen(text));
    return r < 0 ? error_errno(err, r, "writing %s of a new user namespace", path) : 0;
}

static int write_maps(uid_t uid, gid_t gid, struct error *err)
{
    char user[32], group[32];
    snprintf(user, sizeof user, "0 %u 1\n", uid);
    snprintf(group, sizeof group, "0 %u 1\n", gid);
    int r = write_own("setgroups", "deny", err);
    if (r == 0)
        r = write_own("uid_map", user, err);
    if (r == 0)
        r = write_own("gid_map", group, err);
    return r == 0 ? write_own("projid_map", "0 0 1\n", err) : r;
}

int rootless_enter(char *const *rest, struct error *err)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return error_errno(err, -errno, "without root a user namespace is needed: unshare(CLONE_NEWUSER)");
    int r = write_maps(uid, gid, err);
    if (r < 0)
        return r;
    char *const no_environment[] = {NULL};
    execve("/proc/self/exe", rest, no_environment);
    return error_errno(err, -errno, "starting evalx-jail in its user namespace");
}
