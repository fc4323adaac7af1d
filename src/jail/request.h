/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: the jail's own look at a request before anything is done with it. Pure. */
#ifndef EVALX_JAIL_REQUEST_H
#define EVALX_JAIL_REQUEST_H

#include <stddef.h>

#include "jail/wire.h"

/* A request whose every field was checked; argv and envp point into the message. */
struct checked_request {
    const struct jail_request *wire;
    char *argv[JAIL_WORDS_MAX + 3]; /* argv, NULL, envp, NULL, names, NULL */
    char **envp;
    char **names;
    size_t fds_expected;
};

/* 0, or -EPROTO when any field of the len bytes is not exactly as wire.h says. message must be writable and 8-byte aligned. */
int request_check(void *message, size_t len, struct checked_request *ret);

#endif
