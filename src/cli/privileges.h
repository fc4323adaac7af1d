/* SPDX-License-Identifier: Apache-2.0 */
/* privileges.h: what this process may do, and becoming an ordinary user for good once the sandbox runs as a process of its own. */
#ifndef EVALX_CLI_PRIVILEGES_H
#define EVALX_CLI_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct identity {
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* The effective capabilities, a bit each. */
uint64_t privileges_effective(void);

/* Root with the capabilities that boxes with users of their own are built with. */
bool privileges_for_boxes(void);

/* The user called name; "": evalx if it exists, else nobody. When this process is not root: whoever it is. -ENOENT unknown. */
int identity_find(const char *name, struct identity *ret, struct error *err);

/*
 * Becomes identity: groups, gid, uid, no new privileges; and checks that root cannot be had back. When the process is not root it only
 * gives up new privileges, and cannot be looked into by other processes of its user; identity root is allowed, and keeps what the
 * process has.
 */
int privileges_drop(const struct identity *identity, struct error *err);

#endif
