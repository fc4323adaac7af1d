/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.h: process 1 of a box: unprivileged, filtered, born once, starts every program of its slot. */
#ifndef EVALX_JAIL_LAUNCHER_H
#define EVALX_JAIL_LAUNCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "jail/cgroup.h"
#include "jail/root.h"
#include "jail/wire.h"

/* What a launcher is made with; the same for every one of a slot. */
struct launcher_config {
    struct cgroup_leaf *leaf;
    const struct root *root;
    int host_proc;   /* the host's /proc */
    uid_t owner;     /* user and group of programs */
    bool rootless;   /* inside the user namespace of rootless.c */
    bool is_counted; /* by a control group; else by resource limits and by the slot's looking (cgroup_none.c) */
};

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
    int64_t cpu_ns;         /* of all processes that somebody waited for */
    int32_t wait_status;
    int32_t exec_errno;
    uint32_t ipc_touched; /* System V objects were made, or are left */
    uint32_t collect_failed;
};

/*
 * Makes the box's namespaces and starts the launcher in them and in the leaf, as owner. The caller's mount namespace is the box's
 * (root_build); /proc must not be mounted in it.
 */
int launcher_start(struct launcher *launcher, const struct launcher_config *config, struct error *err);

/* Two of its steps, for check.c: the loopback of this network namespace; the maps of pid's new user namespace. */
int launcher_loopback_up(struct error *err);
int launcher_write_maps(int host_proc, pid_t pid, uid_t owner);

/* Ends every program in the box (not the launcher). May be repeated. */
void launcher_kill_programs(struct launcher *launcher);

/* Ends the launcher and with it its whole process namespace; waits until it is gone. */
void launcher_end(struct launcher *launcher);

/* The part that runs as process 1. Never returns. */
void launcher_main(int socket, bool is_counted) ATTR_NORETURN;

/*
 * Sends files over the socket: those of names (NULL-terminated, relative to the working directory; missing ones are left out), or
 * every regular file below /box/work/out when names is empty. 0, or -errno when something was not as it should be.
 */
int collect_send(int socket, char *const *names);

enum { BOX_UID = 1000 }; /* what owner is called inside, where there is a user namespace */

#endif
