/* SPDX-License-Identifier: Apache-2.0 */
/* slot.h: one lane of execution: a process of the jail that owns one box and serves one socket. */
#ifndef EVALX_JAIL_SLOT_H
#define EVALX_JAIL_SLOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "jail/cgroup.h"

struct slot_config {
    unsigned number;
    int socket;                /* to evalx */
    int host_proc;             /* the host's /proc */
    uid_t owner;               /* user and group that programs run as */
    bool rootless;             /* inside the user namespace of rootless.c */
    const char *uncounted;     /* why there is no control group; "" when there is */
    const char *const *mounts; /* NULL-terminated */
    struct cgroup_tree *tree;
};

enum slot_exit {
    SLOT_EXIT_DONE = 0,   /* evalx closed its end */
    SLOT_EXIT_FAILED = 1, /* could not be built; evalx was told why */
    SLOT_EXIT_DIRTY = 2,  /* the run was reported, but the box could not be proven clean: build it anew */
    SLOT_EXIT_LOST = 3,   /* the run could not be reported either */
};

/* Builds the box and serves until the socket ends. The process's exit status. */
int slot_main(const struct slot_config *config);

#endif
