/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h: from "127.0.0.1:2358", "[::1]:2358" or "unix:/run/evalx.sock" to a bound socket. */
#ifndef EVALX_HTTP_LISTEN_H
#define EVALX_HTTP_LISTEN_H

#include <stdbool.h>

#include "base/error.h"

struct listening {
    int fd; /* bound, not yet listening */
    bool tcp;
    char *address; /* as http_address gives it; on the heap */
    char *path;    /* of a Unix socket, else NULL; on the heap */
};

int listen_open(const char *text, struct listening *ret, struct error *err);

#endif
