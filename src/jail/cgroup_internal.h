/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_internal.h: shared by cgroup.c, cgroup_v1.c and cgroup_v2.c only. */
#ifndef EVALX_JAIL_CGROUP_INTERNAL_H
#define EVALX_JAIL_CGROUP_INTERNAL_H

#include <stddef.h>

#include "jail/cgroup.h"

enum { CGROUP_HIERARCHIES_MAX = 4 };

struct hierarchy {
    int parent;      /* the group evalx was started in, -1 when unused */
    int base;        /* evalx-PID-STARTTIME below it */
    bool in_view;    /* parent and base belong to a writable view of a mount that is read-only */
    char path[1024]; /* of parent, for messages */
};

/* The files of a leaf that are kept open. */
enum leaf_file {
    LEAF_MEMORY_LIMIT,
    LEAF_SWAP_LIMIT,
    LEAF_MEMORY_PEAK,
    LEAF_MEMORY_NOW,
    LEAF_OOM_COUNT,
    LEAF_OOM_EVENT,
    LEAF_CPU,
    LEAF_PIDS_MAX,
    LEAF_PIDS_CURRENT,
    LEAF_PIDS_EVENTS,
    LEAF_FILE_COUNT,
};

struct looker;

struct cgroup_leaf {
    const struct cgroup_verbs *verbs;
    int dirs[CGROUP_HIERARCHIES_MAX];
    int files[LEAF_FILE_COUNT];
    int64_t memory_max, pids_max; /* as last written */
    int64_t cpu_before, ooms_before, refusals_before, memory_before, peak_before;
    bool peak_resets;      /* v2: writing to memory.peak resets it (Linux 6.12) */
    struct looker *looker; /* version 0 */
};

struct cgroup_verbs {
    unsigned version;
    int (*tree_open)(struct cgroup_tree *tree, struct error *err); /* -ENOENT: this version is not to be had here */
    int (*leaf_open)(struct cgroup_leaf *leaf, struct error *err);
    int (*begin)(struct cgroup_leaf *leaf, int64_t memory_bytes,
                 struct error *err); /* memory limit; reset of the peak */
    int64_t (*cpu_ns)(struct cgroup_leaf *leaf);
    int64_t (*peak)(struct cgroup_leaf *leaf);
    int64_t (*ooms)(struct cgroup_leaf *leaf);
    int64_t (*population)(struct cgroup_leaf *leaf); /* NULL: LEAF_PIDS_CURRENT says it */
    int64_t (*look)(struct cgroup_leaf *leaf);       /* NULL: the kernel keeps the limits */
    bool (*worn)(struct cgroup_leaf *leaf);          /* NULL: never */
};

struct cgroup_tree {
    const struct cgroup_verbs *verbs;
    char name[64];
    struct hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
};

extern const struct cgroup_verbs cgroup_none, cgroup_v1, cgroup_v2;

/* Opens this process's group (parent, path) in the hierarchy of a controller; "": in v2's. -ENOENT: that is not mounted here. */
int cgroup_find(struct hierarchy *h, const char *controller);

/* cgroup_view.c: opens the group at point + below as h's parent: where point is mounted read-only, in a writable view of it if one can be had. */
int cgroup_hierarchy_enter(struct hierarchy *h, const char *point, const char *below);
/* The base below a parent that is open; cgroup_hierarchy_open finds the parent first, by its controller. */
int cgroup_hierarchy_make(struct hierarchy *h, const char *name, struct error *err);
int cgroup_hierarchy_open(struct hierarchy *h, const char *controller, const char *name, struct error *err);
int cgroup_leaf_file(struct cgroup_leaf *leaf, enum leaf_file file, size_t hierarchy, const char *name, int flags,
                     struct error *err);
int cgroup_write_number(int fd, int64_t value);
int cgroup_write_text(int dirfd, const char *file, const char *text);

/* The number behind "key " at the start of a line, or the first number of the file when key is NULL; -errno. */
int64_t cgroup_read_key(int fd, const char *key);

#endif
