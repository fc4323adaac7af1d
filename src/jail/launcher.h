/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.h: process 1 of a box: unprivileged, filtered, born once, starts every program of its slot. */
#ifndef EVALX_JAIL_LAUNCHER_H
#define EVALX_JAIL_LAUNCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "jail/cgroup.h"
#include "jail/wire.h"

struct launcher {
    int socket; /* to the process; a forwarded JAIL_RUN in, a launch_result out */
    int pidfd;
    pid_t pid;
    int net_counters; /* /proc/PID/net/dev of its network namespace */
    int net_sockets;  /* /proc/PID/net/unix likewise */
    bool user_namespace;
};

/* What the launcher says when the program has ended and nothing but itself is left in the box. */
struct launch_result {
    int64_t wall_ns;        /* from just before exec until the program was reaped */
    int64_t resident_bytes; /* largest resident set of any one process */
    int32_t wait_status;
    int32_t exec_errno;
    uint32_t ipc_touched; /* System V objects were made, or are left */
    uint32_t collect_failed;
};

/*
 * Makes the box's namespaces and starts the launcher in them and in the leaf, as owner (user and group). host_proc is the host's
 * /proc. The caller's mount namespace is the box's (root_build); /proc must not be mounted in it.
 */
int launcher_start(struct launcher *launcher, struct cgroup_leaf *leaf, int host_proc, uid_t owner, struct error *err);

/* Ends every program in the box (not the launcher). May be repeated. */
void launcher_kill_programs(struct launcher *launcher);

/* Ends the launcher and with it its whole process namespace; waits until it is gone. */
void launcher_end(struct launcher *launcher);

/* The part that runs as process 1. Never returns. */
void launcher_main(int socket) ATTR_NORETURN;

/*
 * Sends files over the socket: those of names (NULL-terminated, relative to the working directory; missing ones are left out), or
 * every regular file below /box/work/out when names is empty. 0, or -errno when something was not as it should be.
 */
int collect_send(int socket, char *const *names);

enum { BOX_UID = 1000 }; /* what owner is called inside, where there is a user namespace */

#endif
