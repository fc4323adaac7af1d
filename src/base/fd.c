/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c: see fd.h. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void fd_closep(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    *fd = -1;
    errno = saved;
}

int fd_steal(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

int fd_read_full(int fd, void *data, size_t len)
{
    char *p = data;
    while (len > 0) {
        ssize_t n = read(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EPIPE;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int fd_write_full(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int fd_read_all(int fd, size_t limit, struct buf *out)
{
    size_t start = out->len;
    for (;;) {
        buf_reserve(out, 16384);
        ssize_t n = read(fd, out->data + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        out->len += (size_t)n;
        if (out->len - start > limit)
            return -EFBIG;
    }
    out->data[out->len] = '\0';
    return 0;
}

int fd_read_file(int dirfd, const char *path, size_t limit, struct buf *out)
{
    _cleanup_(fd_closep) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    return fd_read_all(fd, limit, out);
}

int fd_sealed_memfd(const char *name, const void *data, size_t len)
{
    _cleanup_(fd_closep) int writable = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (writable < 0)
        return -errno;
    int r = fd_write_full(writable, data, len);
    if (r < 0)
        return r;
    if (fcntl(writable, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -errno;
    /* A second, read-only open file description: its offset is its own and it cannot be written through. */
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", writable);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int fd_send(int socket, const void *data, size_t len, const int *fds, size_t fd_count)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * FD_MESSAGE_MAX_FDS)];
    } control;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd_count > FD_MESSAGE_MAX_FDS)
        return -EINVAL;
    if (fd_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    for (;;) {
        ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (n >= 0)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

ssize_t fd_receive(int socket, void *data, size_t cap, int *ret_fds, size_t max_fds, size_t *ret_fd_count, int flags)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * FD_MESSAGE_MAX_FDS)];
    } control;
    struct iovec iov = {.iov_base = data, .iov_len = cap};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    int fds[FD_MESSAGE_MAX_FDS];
    size_t count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(c), count * sizeof(int));
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || count > max_fds) {
        for (size_t i = 0; i < count; i++)
            close(fds[i]);
        return -EMSGSIZE;
    }
    if (count > 0)
        memcpy(ret_fds, fds, count * sizeof(int));
    if (ret_fd_count)
        *ret_fd_count = count;
    return n;
}
