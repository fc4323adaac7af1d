/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_view.c: opening this process's control group where its file system is mounted read-only.
 *
 * Container runtimes mount control groups read-only unless a container is privileged. A container that may mount (SYS_ADMIN) is held back
 * by that no more than a file is by its mode from root: it may mount them again. The jail does the least of it: a copy of that
 * one mount, attached nowhere, writable, which only its own descriptors lead into. Its root is the same directory, so it shows no group more than
 * before; nobody else, and no box, ever sees it; it is gone with the last descriptor. In a user namespace that got the mount from
 * outside, the kernel refuses (the flag is locked), and groups of somebody else stay theirs: then all is as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/cgroup_internal.h"

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* The mount's root in a writable copy of the mount; -errno. */
static int copy_mount(const char *point)
{
    struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};
    _cleanup_(fd_closep) int copy = (int)syscall(SYS_open_tree, AT_FDCWD, point, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (copy < 0 || syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0)
        return -errno;
    return fd_steal(&copy);
}

static bool is_read_only(int fd)
{
    struct statvfs st;
    return fstatvfs(fd, &st) == 0 && (st.f_flag & ST_RDONLY) != 0;
}

int cgroup_hierarchy_enter(struct hierarchy *h, const char *point, const char *below)
{
    char path[sizeof h->path];
    if ((size_t)snprintf(path, sizeof path, "%s%s", point, below) >= sizeof path)
        return -ENAMETOOLONG;
    _cleanup_(fd_closep) int group = open(path, OPEN_FOLDER);
    if (group < 0 && errno == ENOENT) { /* our own group lies outside of what is mounted here: use the top of it */
        snprintf(path, sizeof path, "%s", point);
        below = "";
        group = open(path, OPEN_FOLDER);
    }
    if (group < 0)
        return -errno;
    _cleanup_(fd_closep) int copy = is_read_only(group) ? copy_mount(point) : -1;
    int again = copy >= 0 ? openat(copy, *below ? below + 1 : ".", OPEN_FOLDER) : -1;
    if (again >= 0) {
        close(group);
        group = again;
        h->in_view = true;
    }
    h->parent = fd_steal(&group);
    snprintf(h->path, sizeof h->path, "%s", path);
    return 0;
}
