/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_v2.c: the unified hierarchy with its memory, pids and cpu controllers.
 *
 * A group that hands out controllers may hold no process of its own, so whoever is in the group evalx was started in moves to a leaf
 * beside the tree first. Peak memory: memory.peak, reset by writing to it (Linux 6.12); on older kernels the peak only grows. There a run that
 * left a high peak wears its leaf out, which is then made anew with its launcher, after the run was reported; and a run that stays below a
 * low one of an earlier run is told by the largest resident set of one process (slot.c), which is right for all that have one.
 */
#include "jail/cgroup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

/* A new leaf and launcher cost some milliseconds: nothing beside a run that used more than this, much beside a small one. */
enum { PEAK_KEPT = 16 * 1024 * 1024 };

static bool has_controllers(int group, const char *file)
{
    static const char *const needed[] = {"memory", "pids", "cpu"};
    _cleanup_(buf_release) struct buf list = BUF_INIT;
    if (fd_read_file(group, file, 4096, &list) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        const char *at = strstr(buf_str(&list), needed[i]);
        while (at && at[strlen(needed[i])] != ' ' && at[strlen(needed[i])] != '\n' && at[strlen(needed[i])] != '\0')
            at = strstr(at + 1, needed[i]); /* "cpuset" begins like "cpu" */
        if (!at)
            return false;
    }
    return true;
}

/* Moves the processes of group into group/evalx-main: all of them when it is a container's own, else only evalx and its jail. */
static int make_room(const struct hierarchy *h, struct error *err)
{
    if (mkdirat(h->parent, "evalx-main", 0755) < 0 && errno != EEXIST)
        return error_errno(err, -errno, "making %s/evalx-main, to move the processes of that group there", h->path);
    _cleanup_(fd_closep) int leaf = openat(h->parent, "evalx-main", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_(buf_release) struct buf own = BUF_INIT, pids = BUF_INIT;
    if (leaf < 0 || fd_read_file(AT_FDCWD, "/proc/self/cgroup", 65536, &own) < 0 ||
        fd_read_file(h->parent, "cgroup.procs", 1 << 20, &pids) < 0)
        return error_errno(err, -errno, "reading which processes are in %s", h->path);
    bool container = strstr(buf_str(&own), "0::/\n") != NULL;
    if (pids.len == 0)
        return 0;
    for (char *save = NULL, *line = strtok_r(pids.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        long pid = strtol(line, NULL, 10);
        if (!container && pid != getpid() && pid != getppid())
            continue;
        cgroup_write_text(leaf, "cgroup.procs", line); /* who stays is noticed by what comes next */
    }
    return 0;
}

static const char enable[] = "+memory +pids +cpu";

/* Hands the controllers to the groups below: a group that does so may hold no process of its own. */
static int divide(const struct hierarchy *h, struct error *err)
{
    int r = cgroup_write_text(h->parent, "cgroup.subtree_control", enable);
    if (r == -EBUSY) {
        r = make_room(h, err);
        if (r < 0)
            return r;
        r = cgroup_write_text(h->parent, "cgroup.subtree_control", enable);
    }
    if (r == -EBUSY)
        return error_errno(err, r,
                           "handing the memory, pids and cpu controllers to groups below %s: other processes are in it "
                           "and were not moved "
                           "(start evalx in a group of its own, e.g. systemd-run --scope -p Delegate=yes)",
                           h->path);
    return r < 0 ? error_errno(
                       err, r == -ENOENT ? -EOPNOTSUPP : r,
                       "handing the memory, pids and cpu controllers to groups below %s (its cgroup.subtree_control)",
                       h->path)
                 : 0;
}

/* This process's group; where an earlier evalx has moved it aside (make_room), the one above. */
static int find_group(struct hierarchy *h)
{
    static const char aside[] = "/evalx-main";
    int r = cgroup_find(h, "");
    size_t len = strlen(h->path);
    if (r < 0 || len < sizeof aside || strcmp(h->path + len - (sizeof aside - 1), aside) != 0)
        return r;
    int above = openat(h->parent, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0)
        return -errno;
    fd_closep(&h->parent);
    h->parent = above;
    h->path[len - (sizeof aside - 1)] = '\0';
    return 0;
}

static int v2_tree_open(struct cgroup_tree *tree, struct error *err)
{
    struct hierarchy *h = &tree->hierarchies[0];
    if (find_group(h) < 0)
        return error_set(err, -ENOENT, "no cgroup version 2 is mounted");
    if (!has_controllers(h->parent, "cgroup.controllers")) {
        fd_closep(&h->parent);
        return error_set(err, -ENOENT,
                         "%s does not offer the memory, pids and cpu controllers (its cgroup.controllers)", h->path);
    }
    int r = has_controllers(h->parent, "cgroup.subtree_control") ? 0 : divide(h, err);
    if (r < 0)
        return r;
    r = cgroup_hierarchy_make(h, tree->name, err); /* not below where this process is by now */
    if (r < 0)
        return r == -ENOENT ? -EIO : r;
    r = cgroup_write_text(h->base, "cgroup.subtree_control", enable);
    return r < 0 ? error_errno(err, r == -ENOENT ? -EOPNOTSUPP : r, "enabling controllers below %s", h->path) : 0;
}

static int v2_leaf_open(struct cgroup_leaf *leaf, struct error *err)
{
    static const struct {
        enum leaf_file file;
        const char *name;
        int flags;
        bool optional;
    } files[] = {
        {LEAF_MEMORY_LIMIT, "memory.max", O_RDWR, false},
        {LEAF_SWAP_LIMIT, "memory.swap.max", O_RDWR, true},
        {LEAF_MEMORY_PEAK, "memory.peak", O_RDWR, true},
        {LEAF_MEMORY_NOW, "memory.current", O_RDONLY, false},
        {LEAF_OOM_COUNT, "memory.events", O_RDONLY, false},
        {LEAF_OOM_EVENT, "memory.events", O_RDONLY, false},
        {LEAF_CPU, "cpu.stat", O_RDONLY, false},
        {LEAF_PIDS_MAX, "pids.max", O_RDWR, false},
        {LEAF_PIDS_CURRENT, "pids.current", O_RDONLY, false},
        {LEAF_PIDS_EVENTS, "pids.events", O_RDONLY, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int r = cgroup_leaf_file(leaf, files[i].file, 0, files[i].name, files[i].flags, err);
        if (r < 0 && files[i].file == LEAF_MEMORY_PEAK) /* not writable before 6.12 */
            r = cgroup_leaf_file(leaf, files[i].file, 0, files[i].name, O_RDONLY, err);
        if (r < 0 && !files[i].optional)
            return r;
    }
    if (leaf->files[LEAF_SWAP_LIMIT] >= 0 && cgroup_write_number(leaf->files[LEAF_SWAP_LIMIT], 0) < 0)
        return error_errno(err, -errno, "switching swap off for a cgroup");
    leaf->peak_resets = leaf->files[LEAF_MEMORY_PEAK] >= 0 && pwrite(leaf->files[LEAF_MEMORY_PEAK], "0", 1, 0) == 1;
    return 0;
}

static int v2_begin(struct cgroup_leaf *leaf, int64_t memory_bytes, struct error *err)
{
    if (memory_bytes != leaf->memory_max) {
        int r = cgroup_write_number(leaf->files[LEAF_MEMORY_LIMIT], memory_bytes);
        if (r < 0)
            return error_errno(err, r, "setting the memory limit");
        leaf->memory_max = memory_bytes;
    }
    if (leaf->peak_resets && pwrite(leaf->files[LEAF_MEMORY_PEAK], "0", 1, 0) != 1)
        return error_errno(err, -errno, "resetting the memory peak");
    leaf->memory_before = cgroup_read_key(leaf->files[LEAF_MEMORY_NOW], NULL);
    leaf->peak_before = leaf->files[LEAF_MEMORY_PEAK] >= 0 ? cgroup_read_key(leaf->files[LEAF_MEMORY_PEAK], NULL) : 0;
    return 0;
}

static int64_t v2_cpu_ns(struct cgroup_leaf *leaf)
{
    int64_t us = cgroup_read_key(leaf->files[LEAF_CPU], "usage_usec");
    return us < 0 ? us : us * 1000;
}

static int64_t v2_peak(struct cgroup_leaf *leaf)
{
    int64_t now = cgroup_read_key(leaf->files[LEAF_MEMORY_NOW], NULL);
    int64_t peak = leaf->files[LEAF_MEMORY_PEAK] >= 0 ? cgroup_read_key(leaf->files[LEAF_MEMORY_PEAK], NULL) : now;
    if (peak < 0)
        return peak;
    if (!leaf->peak_resets && peak <= leaf->peak_before)
        peak = now;
    return MAX(peak - leaf->memory_before, (int64_t)0);
}

static bool v2_worn(struct cgroup_leaf *leaf)
{
    if (leaf->peak_resets || leaf->files[LEAF_MEMORY_PEAK] < 0)
        return false;
    return cgroup_read_key(leaf->files[LEAF_MEMORY_PEAK], NULL) - cgroup_read_key(leaf->files[LEAF_MEMORY_NOW], NULL) >
           PEAK_KEPT;
}

static int64_t v2_ooms(struct cgroup_leaf *leaf)
{
    return cgroup_read_key(leaf->files[LEAF_OOM_COUNT], "oom_kill");
}

const struct cgroup_verbs cgroup_v2 = {
    .version = 2,
    .tree_open = v2_tree_open,
    .leaf_open = v2_leaf_open,
    .begin = v2_begin,
    .cpu_ns = v2_cpu_ns,
    .peak = v2_peak,
    .ooms = v2_ooms,
    .worn = v2_worn,
};
