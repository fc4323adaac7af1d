/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.c: hands files out of the box, from inside, as the box's own user, when every program is dead.
 *
 * Nothing outside opens a path that a program could have made: what leaves is an open descriptor of a regular file, and the receiver
 * checks that again. Symbolic links, FIFOs, sockets, devices and hard links are refused (a descriptor is opened with O_NOFOLLOW and
 * O_NONBLOCK first and judged by fstat afterwards, so nothing can be swapped in between and nothing can block).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "jail/launcher.h"

enum { COLLECT_DEPTH_MAX = 1 + 16, COLLECT_FILES_MAX = 4096 }; /* depth: out/ itself, and box.h's folders in it */

struct walk {
    int socket;
    unsigned files;
    unsigned depth;
    struct jail_file message; /* name grows and shrinks with the walk */
};

static int walk_directory(struct walk *walk, int directory, size_t name_len);

static int visit(struct walk *walk, int parent, const char *entry, size_t name_len)
{
    int n = snprintf(walk->message.name + name_len, JAIL_NAME_MAX - name_len, "%s%s", name_len ? "/" : "", entry);
    if (n < 0 || (size_t)n >= JAIL_NAME_MAX - name_len)
        return -ENAMETOOLONG;
    _cleanup_(fd_closep) int fd = openat(parent, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return walk_directory(walk, fd_steal(&fd), name_len + (size_t)n);
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return -EINVAL;
    if (++walk->files > COLLECT_FILES_MAX)
        return -EMFILE;
    walk->message.executable = (st.st_mode & 0111) != 0;
    return fd_send(walk->socket, &walk->message, sizeof walk->message, &fd, 1);
}

/* Takes over directory. */
static int walk_directory(struct walk *walk, int directory, size_t name_len)
{
    DIR *dir = fdopendir(directory);
    if (!dir) {
        close(directory);
        return -ENOMEM;
    }
    int r = ++walk->depth > COLLECT_DEPTH_MAX ? -ELOOP : 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = visit(walk, dirfd(dir), entry->d_name, name_len);
    walk->depth--;
    closedir(dir);
    return r;
}

/* One named file: no link on the way, nothing above the working directory, nothing but a regular file with one name. */
static int send_named(struct walk *walk, int work, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    size_t len = strnlen(name, JAIL_NAME_MAX);
    if (len >= JAIL_NAME_MAX)
        return -ENAMETOOLONG;
    _cleanup_(fd_closep) int fd = (int)syscall(SYS_openat2, work, name, &how, sizeof how);
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
        return -EINVAL;
    memcpy(walk->message.name, name, len + 1);
    walk->message.executable = (st.st_mode & 0111) != 0;
    return fd_send(walk->socket, &walk->message, sizeof walk->message, &fd, 1);
}

int collect_send(int socket, char *const *names)
{
    static struct walk walk; /* static: a launcher's stack stays small */
    walk = (struct walk){.socket = socket, .message = {.magic = JAIL_MAGIC}};
    _cleanup_(fd_closep) int work = open("/box/work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int worst = work < 0 ? -errno : 0;
    if (work >= 0 && !names[0]) {
        int out = openat(work, "out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return out < 0 ? -errno : walk_directory(&walk, out, 0);
    }
    for (; work >= 0 && *names; names++) {
        int r = send_named(&walk, work, *names);
        worst = r < 0 ? r : worst; /* the others are still sent */
    }
    return worst;
}
