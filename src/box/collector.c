/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collector.c: takes the files that come out of a box: what a compiler left below out/ goes into a folder of ours, files that were
 * asked for by name into the report.
 *
 * The sender lives in the box, so nothing it says is believed: the name is checked part by part and opened below our own folder without
 * following links, the descriptor must be a regular file by fstat, and the bytes copied are bounded whatever size it claims.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "box/box_internal.h"

enum { COPY_CHUNK = 65536 };

/* The folder that holds the file, made on the way; *ret_last is the file's own name. -EINVAL for any part that is not plain. */
static int open_parent(int folder, char *name, const char **ret_last)
{
    _cleanup_(fd_closep) int at = fcntl(folder, F_DUPFD_CLOEXEC, 3);
    if (at < 0)
        return -errno;
    for (char *part = name;;) {
        char *slash = strchr(part, '/');
        if (slash)
            *slash = '\0';
        if (part[0] == '\0' || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
            return -EINVAL;
        if (!slash) {
            *ret_last = part;
            return fd_steal(&at);
        }
        if (mkdirat(at, part, 0755) < 0 && errno != EEXIST)
            return -errno;
        int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            return -errno;
        close(at);
        at = next;
        if (fchmod(at, 0755) < 0) /* whatever the umask: programs of other users read it */
            return -errno;
        part = slash + 1;
    }
}

static int copy(int from, int to, int64_t *room)
{
    for (;;) {
        char chunk[COPY_CHUNK];
        ssize_t n = read(from, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        *room -= n;
        int r = *room < 0 ? -EFBIG : fd_write_full(to, chunk, (size_t)n);
        if (r < 0)
            return r;
    }
}

static int keep_in_report(struct collector *collector, const struct jail_file *file, int from)
{
    _cleanup_(buf_release) struct buf content = BUF_INIT;
    int r = fd_read_all(from, (size_t)MAX(collector->room, (int64_t)0), &content);
    if (r < 0)
        return r;
    collector->room -= (int64_t)content.len;
    struct box_report *report = collector->report;
    report->files = xrealloc(report->files, (report->file_count + 1) * sizeof *report->files);
    report->files[report->file_count++] = (struct box_file){.name = xstrdup(file->name), .content = content};
    content = BUF_INIT;
    return 0;
}

static int keep_file(struct collector *collector, struct jail_file *file, int from)
{
    struct stat st;
    if (fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
        return -EINVAL;
    if (++collector->files > BOX_COLLECT_FILES_MAX)
        return -EMFILE;
    if (collector->folder < 0)
        return keep_in_report(collector, file, from);
    const char *last = "";
    _cleanup_(fd_closep) int parent = open_parent(collector->folder, file->name, &last);
    if (parent < 0)
        return parent;
    _cleanup_(fd_closep) int to =
        openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->executable ? 0755 : 0644);
    if (to < 0)
        return -errno;
    /* Whatever the umask: the box's user is somebody else and must be able to read it. */
    if (fchmod(to, file->executable ? 0755 : 0644) < 0)
        return -errno;
    return copy(from, to, &collector->room);
}

void collector_receive(struct collector *collector)
{
    struct jail_file file;
    _cleanup_(fd_closep) int fd = -1;
    size_t count = 0;
    ssize_t n = fd_receive(collector->socket, &file, sizeof file, &fd, 1, &count, MSG_DONTWAIT);
    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        collector->failed = collector->failed || n < 0;
        fd_closep(&collector->socket);
        return;
    }
    bool sound = n == (ssize_t)sizeof file && count == 1 && file.magic == JAIL_MAGIC &&
                 memchr(file.name, '\0', sizeof file.name);
    if (collector->failed || !sound || keep_file(collector, &file, fd) < 0)
        collector->failed = true; /* the rest is received and dropped: the sender must not block */
}
