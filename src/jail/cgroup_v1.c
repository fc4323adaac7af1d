/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup_v1.c: memory, cpuacct, pids and cpu hierarchies, each mounted on its own or joined.
 * Peak memory: memory.max_usage_in_bytes, reset by writing 0. OOM kills: "oom_kill" in memory.oom_control (Linux 4.13), announced
 * by an eventfd. CPU: cpuacct.usage in nanoseconds.
 */
#include "jail/cgroup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"

enum { V1_MEMORY, V1_CPUACCT, V1_PIDS, V1_CPU };
#define SOCKET_BUFFERS_MAX (16 * 1024 * 1024LL) /* bytes */

static int v1_tree_open(struct cgroup_tree *tree, struct error *err)
{
    static const char *const controllers[] = {
        [V1_MEMORY] = "memory", [V1_CPUACCT] = "cpuacct", [V1_PIDS] = "pids", [V1_CPU] = "cpu"};
    for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
        int r = cgroup_hierarchy_open(&tree->hierarchies[i], controllers[i], tree->name, err);
        if (r < 0 && i != V1_CPU) /* without cpu, boxes share the processor by thread instead of by box */
            return r;
    }
    return 0;
}

/* An eventfd that the kernel signals when the leaf hits its limit and cannot reclaim. */
static int watch_oom(struct cgroup_leaf *leaf)
{
    _cleanup_(fd_closep) int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    char line[64];
    snprintf(line, sizeof line, "%d %d", event, leaf->files[LEAF_OOM_COUNT]);
    int r = event < 0 ? -errno : cgroup_write_text(leaf->dirs[V1_MEMORY], "cgroup.event_control", line);
    if (r == 0)
        leaf->files[LEAF_OOM_EVENT] = fd_steal(&event);
    return r; /* without it OOM kills are still counted, only noticed at the end */
}

/*
 * What sockets buffer is counted apart from the rest of the memory, and only once it has a limit of its own. Kernels without the file
 * count it with the rest, or have no network.
 */
static int limit_socket_buffers(struct cgroup_leaf *leaf, struct error *err)
{
    static const char file[] = "memory.kmem.tcp.limit_in_bytes";
    char text[24];
    snprintf(text, sizeof text, "%lld", SOCKET_BUFFERS_MAX);
    int r = cgroup_write_text(leaf->dirs[V1_MEMORY], file, text);
    return r < 0 && r != -ENOENT ? error_errno(err, r, "setting %s", file) : 0;
}

static int v1_leaf_open(struct cgroup_leaf *leaf, struct error *err)
{
    static const struct {
        enum leaf_file file;
        size_t hierarchy;
        const char *name;
        int flags;
    } files[] = {
        {LEAF_MEMORY_LIMIT, V1_MEMORY, "memory.limit_in_bytes", O_RDWR},
        {LEAF_MEMORY_PEAK, V1_MEMORY, "memory.max_usage_in_bytes", O_RDWR},
        {LEAF_MEMORY_NOW, V1_MEMORY, "memory.usage_in_bytes", O_RDONLY},
        {LEAF_OOM_COUNT, V1_MEMORY, "memory.oom_control", O_RDWR},
        {LEAF_CPU, V1_CPUACCT, "cpuacct.usage", O_RDONLY},
        {LEAF_PIDS_MAX, V1_PIDS, "pids.max", O_RDWR},
        {LEAF_PIDS_CURRENT, V1_PIDS, "pids.current", O_RDONLY},
        {LEAF_PIDS_EVENTS, V1_PIDS, "pids.events", O_RDONLY},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int r = cgroup_leaf_file(leaf, files[i].file, files[i].hierarchy, files[i].name, files[i].flags, err);
        if (r < 0)
            return r;
    }
    /* Memory and swap together: there only when the kernel accounts swap. Otherwise swapping out is switched off. */
    leaf->files[LEAF_SWAP_LIMIT] = openat(leaf->dirs[V1_MEMORY], "memory.memsw.limit_in_bytes", O_RDWR | O_CLOEXEC);
    cgroup_write_text(leaf->dirs[V1_MEMORY], "memory.swappiness", "0");
    watch_oom(leaf);
    return limit_socket_buffers(leaf, err);
}

/* memory <= memory+swap must hold at every moment, so the order depends on the direction. */
static int set_limit(struct cgroup_leaf *leaf, int64_t bytes)
{
    int swap = leaf->files[LEAF_SWAP_LIMIT], memory = leaf->files[LEAF_MEMORY_LIMIT];
    bool raise = leaf->memory_max != 0 && bytes > leaf->memory_max;
    int r = swap >= 0 && raise ? cgroup_write_number(swap, bytes) : 0;
    if (r == 0)
        r = cgroup_write_number(memory, bytes);
    if (r == 0 && swap >= 0 && !raise)
        r = cgroup_write_number(swap, bytes);
    return r;
}

static int v1_begin(struct cgroup_leaf *leaf, int64_t memory_bytes, struct error *err)
{
    if (memory_bytes != leaf->memory_max) {
        int r = set_limit(leaf, memory_bytes);
        if (r < 0)
            return error_errno(err, r, "setting the memory limit");
        leaf->memory_max = memory_bytes;
    }
    int r = cgroup_write_number(leaf->files[LEAF_MEMORY_PEAK], 0);
    if (r < 0)
        return error_errno(err, r, "resetting the memory peak");
    /* What the slot holds before the run (its launcher, cached files of earlier runs) is not the program's. */
    leaf->memory_before = cgroup_read_key(leaf->files[LEAF_MEMORY_NOW], NULL);
    return 0;
}

static int64_t v1_cpu_ns(struct cgroup_leaf *leaf)
{
    return cgroup_read_key(leaf->files[LEAF_CPU], NULL);
}

static int64_t v1_peak(struct cgroup_leaf *leaf)
{
    int64_t peak = cgroup_read_key(leaf->files[LEAF_MEMORY_PEAK], NULL);
    return peak < 0 ? peak : MAX(peak - leaf->memory_before, (int64_t)0);
}

static int64_t v1_ooms(struct cgroup_leaf *leaf)
{
    return cgroup_read_key(leaf->files[LEAF_OOM_COUNT], "oom_kill");
}

const struct cgroup_verbs cgroup_v1 = {
    .version = 1,
    .tree_open = v1_tree_open,
    .leaf_open = v1_leaf_open,
    .begin = v1_begin,
    .cpu_ns = v1_cpu_ns,
    .peak = v1_peak,
    .ooms = v1_ooms,
};
