/* SPDX-License-Identifier: Apache-2.0 */
/* privileges.h: becoming an ordinary user for good, once the sandbox (which needs root) runs as a process of its own. */
#ifndef EVALX_CLI_PRIVILEGES_H
#define EVALX_CLI_PRIVILEGES_H

#include <sys/types.h>

#include "base/error.h"

struct identity {
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* The user called name; "": evalx if it exists, else nobody. When this process is not root: whoever it is. -ENOENT unknown. */
int identity_find(const char *name, struct identity *ret, struct error *err);

/*
 * Becomes identity: groups, gid, uid, no new privileges; and checks that root cannot be had back. Does nothing when the process is
 * not root; identity root is allowed, and keeps what the process has.
 */
int privileges_drop(const struct identity *identity, struct error *err);

#endif
