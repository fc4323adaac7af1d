/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h: descriptors. Everything opened here is close-on-exec from birth. Functions return 0 (or a count) or -errno. */
#ifndef EVALX_BASE_FD_H
#define EVALX_BASE_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/defs.h"

/* Closes *fd when it is >= 0 and sets it to -1; keeps errno. For _cleanup_(fd_closep) int fd = -1; */
void fd_closep(int *fd);

/* Hands a descriptor over: returns *fd and sets it to -1. */
int fd_steal(int *fd);

int fd_read_full(int fd, void *data, size_t len); /* -EPIPE at an early end of file */
int fd_write_full(int fd, const void *data, size_t len);
int fd_read_all(int fd, size_t limit, struct buf *out); /* appends; -EFBIG past limit bytes */
int fd_read_file(int dirfd, const char *path, size_t limit, struct buf *out);

/* A memfd with exactly these bytes, sealed against change, opened read-only at offset 0. Returns the descriptor. */
int fd_sealed_memfd(const char *name, const void *data, size_t len);

enum { FD_MESSAGE_MAX_FDS = 8 };

/* One SOCK_SEQPACKET message with descriptors attached (SCM_RIGHTS). */
int fd_send(int socket, const void *data, size_t len, const int *fds, size_t fd_count);

/*
 * Receives one message; returns its length, 0 at end of file, -EMSGSIZE when it did not fit or carried more than max_fds
 * descriptors (all received ones are closed). Received descriptors are close-on-exec; *ret_fd_count says how many.
 */
ssize_t fd_receive(int socket, void *data, size_t cap, int *ret_fds, size_t max_fds, size_t *ret_fd_count, int flags);

#endif
