/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h: one interface over cgroup v1 and v2. Only the jail uses it.
 *
 * The tree: <where evalx was started>/evalx-PID-STARTTIME/slotN, on v1 once in each of the memory, cpuacct, pids and (if there) cpu
 * hierarchies. A slot's leaf is made with the slot and holds its launcher for life, so a program is born inside it and no process
 * is ever moved while programs run (a move costs an RCU grace period). The files read and written for each run are opened once.
 * At start, trees whose process is gone (killed before it could tidy up) are removed.
 *
 * Containers have their control groups mounted read-only, also those that may mount. There the jail takes a writable view of that mount,
 * for itself alone (cgroup_view.c): what it may reach is the same, its own group and those below.
 *
 * Without root there may be no group that evalx may divide: then a leaf only looks (cgroup_none.c), through the same verbs.
 */
#ifndef EVALX_JAIL_CGROUP_H
#define EVALX_JAIL_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cgroup_tree;
struct cgroup_leaf;

/* What a run used, as differences against cgroup_begin. */
struct cgroup_usage {
    int64_t cpu_ns;
    int64_t memory_bytes; /* peak */
    bool oom_killed;
    bool processes_limited;
};

/* Finds the version, moves this process out of the way where v2 wants that, makes the tree. v2 when it has the controllers. */
int cgroup_tree_open(struct cgroup_tree **ret, struct error *err);
struct cgroup_tree *cgroup_tree_none(void);                   /* counts by looking */
void cgroup_tree_close(struct cgroup_tree *tree);             /* removes it; everything in it must be dead */
unsigned cgroup_tree_version(const struct cgroup_tree *tree); /* 1 or 2; 0: cgroup_tree_none */
bool cgroup_tree_in_view(const struct cgroup_tree *tree); /* mounted read-only here: through a writable view of it */

int cgroup_leaf_open(struct cgroup_tree *tree, unsigned slot, struct cgroup_leaf **ret, struct error *err);
void cgroup_leaf_close(struct cgroup_leaf *leaf); /* only the descriptors */

/*
 * True when the last run has left something in the leaf's counters that would spoil the next one's: a peak that the kernel cannot reset.
 * Then: end the launcher, cgroup_leaf_close, cgroup_leaf_destroy, cgroup_leaf_open, and a new launcher.
 */
bool cgroup_leaf_worn(struct cgroup_leaf *leaf);

/* Kills everything in a slot's leaf and removes it. 0, or -EBUSY when something does not die. For slots that went wrong. */
int cgroup_leaf_destroy(struct cgroup_tree *tree, unsigned slot);

/* Puts the calling process into the leaf. */
int cgroup_join(struct cgroup_leaf *leaf, struct error *err);

/* Sets the limits (every time: nothing of an earlier run stays) and takes the baseline. resident: processes that live there anyway. */
int cgroup_begin(struct cgroup_leaf *leaf, int64_t memory_bytes, uint32_t processes, uint32_t resident,
                 struct error *err);
int64_t cgroup_cpu_ns(struct cgroup_leaf *leaf); /* since cgroup_begin; -errno */

/* Where nobody else keeps the memory limit: looks if it is time, and returns how long it can wait for the next time (INT64_MAX: for ever). */
int64_t cgroup_look(struct cgroup_leaf *leaf);
int cgroup_end(struct cgroup_leaf *leaf, struct cgroup_usage *ret, struct error *err);

/* Readable (POLLIN or POLLPRI) when the leaf may have run out of memory; -1 when there is none. */
int cgroup_oom_fd(struct cgroup_leaf *leaf);
bool cgroup_oom_seen(
    struct cgroup_leaf *leaf); /* drains the descriptor; true when the OOM killer fired since cgroup_begin */

int64_t cgroup_population(struct cgroup_leaf *leaf); /* processes and threads in it; -errno */

#endif
