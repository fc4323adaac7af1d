/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c: see tree.h. Every step opens one component relative to its parent's descriptor with O_NOFOLLOW, so that even a tree
 * that somebody had tampered with cannot lead outside.
 */
#include "worker/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { BLOCK_SIZE = 4096, READ_CHUNK = 65536 };

int tree_open_folder(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int tree_make_folder(int dirfd, const char *name, unsigned mode)
{
    if (mkdirat(dirfd, name, 0700) < 0)
        return -errno;
    _cleanup_(fd_closep) int fd = tree_open_folder(dirfd, name);
    if (fd >= 0 && fchmod(fd, mode) < 0)
        return -errno;
    return fd_steal(&fd);
}

/* Opens the folder that holds the last component of path; *ret_name points at that component. */
static int open_parent(int dirfd, char *path, char **ret_name)
{
    _cleanup_(fd_closep) int at = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
    char *part = path;

    for (;;) {
        char *slash = strchr(part, '/');
        if (slash)
            *slash = '\0';
        if (!*part || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
            return -EINVAL;
        if (at < 0)
            return -errno;
        if (!slash)
            break;
        int next = tree_make_folder(at, part, 0755);
        if (next == -EEXIST)
            next = tree_open_folder(at, part);
        if (next < 0)
            return next;
        fd_closep(&at);
        at = next;
        part = slash + 1;
    }
    *ret_name = part;
    return fd_steal(&at);
}

int tree_write(int dirfd, const char *path, struct str content)
{
    _cleanup_(freep) char *parts = xstrdup(path);
    char *name = parts;
    _cleanup_(fd_closep) int parent = open_parent(dirfd, parts, &name);

    if (parent < 0)
        return parent;
    _cleanup_(fd_closep) int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = fd_write_full(fd, content.data, content.len);
    if (r == 0 && fchmod(fd, 0644) < 0)
        r = -errno;
    return r;
}

/* ---- walking ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Calls visit for every entry of the folder in the order of their names; stops at the first failure. */
static int for_each(int dirfd, int (*visit)(int dirfd, const char *name, void *context), void *context)
{
    struct dirent **entries = NULL;
    int count = scandirat(dirfd, ".", &entries, not_dots, by_name);
    int r = count < 0 ? -errno : 0;

    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = visit(dirfd, entries[i]->d_name, context);
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int remove_entry(int dirfd, const char *name, void *context)
{
    (void)context;
    if (unlinkat(dirfd, name, 0) == 0)
        return 0;
    if (errno != EISDIR && errno != EPERM) /* POSIX says EPERM for a folder, Linux says EISDIR */
        return -errno;
    _cleanup_(fd_closep) int folder = tree_open_folder(dirfd, name);
    if (folder < 0)
        return folder;
    int r = for_each(folder, remove_entry, NULL);
    if (r == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
        r = -errno;
    return r;
}

int tree_remove(int dirfd, const char *name)
{
    return remove_entry(dirfd, name, NULL);
}

struct measure {
    struct sha256 *hash;
    int64_t kb;
    unsigned files;
};

static void add_space(struct measure *measure, int64_t bytes)
{
    measure->kb += (bytes + BLOCK_SIZE - 1) / BLOCK_SIZE * (BLOCK_SIZE / 1024);
}

static int measure_content(int fd, int64_t size, struct measure *measure)
{
    char chunk[READ_CHUNK];
    int64_t total = 0;

    sha256_update_field(measure->hash, &size, sizeof(size));
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return total == size ? 0 : -EINVAL;
        sha256_update(measure->hash, chunk, (size_t)n);
        total += n;
    }
}

static int measure_entry(int dirfd, const char *name, void *context)
{
    struct measure *measure = context;
    struct stat st;
    /* O_NONBLOCK: a FIFO that has got in here must not hold us up. */
    _cleanup_(fd_closep) int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return errno == ELOOP ? -EINVAL : -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    sha256_update_field(measure->hash, name, strlen(name));
    sha256_update_field(measure->hash, &st.st_mode, sizeof(st.st_mode));
    if (S_ISDIR(st.st_mode)) {
        add_space(measure, BLOCK_SIZE);
        int r = for_each(fd, measure_entry, measure);
        sha256_update_field(measure->hash, "/", 1); /* where the folder ends */
        return r;
    }
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    add_space(measure, st.st_size);
    measure->files++;
    return measure_content(fd, st.st_size, measure);
}

int tree_measure(int dirfd, struct tree_summary *ret)
{
    struct measure measure = {.hash = sha256_new()};
    struct tree_summary summary = {0};
    int r = for_each(dirfd, measure_entry, &measure);

    sha256_finish_hex(measure.hash, summary.digest);
    if (r < 0)
        return r;
    summary.kb = measure.kb;
    summary.files = measure.files;
    *ret = summary;
    return 0;
}
