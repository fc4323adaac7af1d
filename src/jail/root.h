/* SPDX-License-Identifier: Apache-2.0 */
/* root.h: the file system that programs in a box see. Works on the calling process's own mount namespace. */
#ifndef EVALX_JAIL_ROOT_H
#define EVALX_JAIL_ROOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

enum { SCRATCH_DIRS = 4 };

struct root {
    int host_mounts;                         /* the mount namespace evalx lives in, for artifacts */
    int own_mounts;                          /* this one */
    int host_proc;                           /* the host's /proc; the caller's */
    uid_t owner;                             /* of the scratch folders, host's numbering */
    int64_t scratch_bytes;                   /* size of the scratch tmpfs as mounted now */
    struct stat scratch_clean[SCRATCH_DIRS]; /* the folders as they were when fresh */
    ino_t scratch_inode;                     /* the last inode number that was given out in it */
    dev_t artifact_dev;                      /* what /artifact shows now; artifact_ino 0 = nothing */
    ino_t artifact_ino;
};

/*
 * Unshares the mount namespace, builds the view on a tmpfs, makes it the root and lets go of the host's:
 *   /usr and the paths in mounts   read-only binds, nosuid, nodev (missing ones are left out)
 *   /bin, /lib …                   as on the host: links into /usr, or read-only binds
 *   /etc                           made up: passwd, group, hosts, nsswitch.conf; ld.so.cache and alternatives from the host
 *   /dev                           null, zero, full, random, urandom; fd, std* links
 *   /box                           the scratch tmpfs: work, tmp, shm; /tmp, /var/tmp and /dev/shm are links into it
 *   /artifact, /proc               mount points (root_mount_proc must be called from inside the box's pid namespace)
 */
int root_build(struct root *root, const char *const *mounts, int host_proc, uid_t owner, struct error *err);

/* A new /proc of the caller's process namespace; read_only where its files belong to the programs' own user. */
int root_mount_proc(const struct root *root, bool read_only, struct error *err);

/* Mounts a fresh scratch tmpfs of that size over /box, unless the present one is provably untouched and of that size. */
int root_fresh_scratch(struct root *root, int64_t bytes, struct error *err);

/* Shows the directory (a descriptor from evalx) read-only at /artifact; -1 shows an empty one. Nothing to do when it is there already. */
int root_show_artifact(struct root *root, int directory, struct error *err);

#endif
