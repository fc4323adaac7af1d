/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.c: what v1 and v2 have in common: finding the mount points, making and removing the tree, reading and writing the kept
 * files. The differences (which files, how they are read) are in two tables of verbs, cgroup_v1.c and cgroup_v2.c.
 */
#include "jail/cgroup_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

enum { PROC_FILE_MAX = 1 << 20, KILL_TRIES = 200 };

/* ---- small reads and writes on kept descriptors ---- */

int cgroup_write_number(int fd, int64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)value);
    return pwrite(fd, text, (size_t)n, 0) == n ? 0 : -errno;
}

int cgroup_write_text(int dirfd, const char *file, const char *text)
{
    _cleanup_(fd_closep) int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int64_t cgroup_read_key(int fd, const char *key)
{
    char text[1024];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    if (!key)
        return strtoll(text, NULL, 10);
    size_t len = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return strtoll(line + len, NULL, 10);
    }
    return -ENODATA;
}

/* ---- where things are ---- */

/* The cgroup this process is in, in the hierarchy that has controller ("" = v2's). */
static bool own_path(const char *proc_cgroup, const char *controller, char *out, size_t size)
{
    for (const char *line = proc_cgroup; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *list = strchr(line, ':');
        const char *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            return false;
        size_t len = (size_t)(path - list - 1), want = strlen(controller);
        bool found = want == 0 && len == 0;
        for (const char *at = list + 1; !found && want && at < path;) {
            size_t word = strcspn(at, ",:");
            found = word == want && strncmp(at, controller, want) == 0;
            at += word + 1;
        }
        if (found) {
            size_t n = strcspn(path + 1, "\n");
            return (size_t)snprintf(out, size, "%.*s", (int)n, path + 1) < size;
        }
    }
    return false;
}

static bool has_option(const char *options, const char *word)
{
    size_t want = strlen(word);
    for (const char *at = options; *at;) {
        size_t len = strcspn(at, ",\n");
        if (len == want && strncmp(at, word, want) == 0)
            return true;
        at += len + (at[len] == ',');
        if (*at == '\n')
            break;
    }
    return false;
}

int cgroup_find(struct hierarchy *h, const char *controller)
{
    _cleanup_(buf_release) struct buf mounts = BUF_INIT, groups = BUF_INIT;
    if (fd_read_file(AT_FDCWD, "/proc/self/mountinfo", PROC_FILE_MAX, &mounts) < 0 ||
        fd_read_file(AT_FDCWD, "/proc/self/cgroup", PROC_FILE_MAX, &groups) < 0)
        return -ENOENT;
    char own[1024];
    if (!own_path(buf_str(&groups), controller, own, sizeof own))
        return -ENOENT;
    const char *type = *controller ? "cgroup" : "cgroup2";
    for (char *save = NULL, *line = strtok_r(mounts.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        /* id parent major:minor root mountpoint options … - type source superoptions */
        char root[512], point[512], kind[32], super[512];
        char *dash = strstr(line, " - ");
        if (!dash || sscanf(line, "%*d %*d %*s %511s %511s", root, point) != 2 ||
            sscanf(dash, " - %31s %*s %511s", kind, super) != 2)
            continue;
        if (strcmp(kind, type) != 0 || (*controller && !has_option(super, controller)))
            continue;
        /* In a container without a cgroup namespace the mount shows the container's part of the tree only. */
        const char *below = own;
        size_t prefix = strcmp(root, "/") == 0 ? 0 : strlen(root);
        if (prefix && strncmp(own, root, prefix) == 0)
            below = own + prefix;
        return cgroup_hierarchy_enter(h, point, strcmp(below, "/") == 0 ? "" : below);
    }
    return -ENOENT;
}

/* ---- making and removing ---- */

static unsigned long long start_time(long pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    if (fd_read_file(AT_FDCWD, path, 4096, &text) < 0)
        return 0;
    const char *after = strrchr(buf_str(&text), ')'); /* the name may hold anything */
    unsigned long long value = 0;
    if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                         &value) != 1)
        return 0;
    return value;
}

static void kill_members(int leaf)
{
    if (cgroup_write_text(leaf, "cgroup.kill", "1") == 0) /* v2, Linux 5.14 */
        return;
    _cleanup_(buf_release) struct buf pids = BUF_INIT;
    if (fd_read_file(leaf, "cgroup.procs", PROC_FILE_MAX, &pids) < 0 || pids.len == 0)
        return;
    for (char *save = NULL, *line = strtok_r(pids.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        long pid = strtol(line, NULL, 10);
        if (pid > 1 && pid != getpid())
            kill((pid_t)pid, SIGKILL);
    }
}

/* Removes one empty group, killing what is still in it. */
static int remove_group(int parent, const char *name)
{
    for (int i = 0; i < KILL_TRIES; i++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            return -errno;
        _cleanup_(fd_closep) int leaf = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (leaf >= 0)
            kill_members(leaf);
        nanosleep(&(struct timespec){.tv_nsec = 5000000},
                  NULL); /* a dying process leaves its group a moment after the signal */
    }
    return -EBUSY;
}

static void remove_tree(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_group(dirfd(dir), entry->d_name);
    closedir(dir);
    remove_group(parent, name);
}

/* Trees of jails that were killed before they could remove them. */
static void remove_stale(int parent)
{
    int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        long pid;
        unsigned long long start;
        char end;
        if (sscanf(entry->d_name, "evalx-%ld-%llu%c", &pid, &start, &end) == 2 && start_time(pid) != start)
            remove_tree(parent, entry->d_name);
    }
    closedir(dir);
}

int cgroup_hierarchy_open(struct hierarchy *h, const char *controller, const char *name, struct error *err)
{
    int r = cgroup_find(h, controller);
    if (r < 0)
        return error_set(err, r, "cgroup controller %s is not mounted here", controller);
    return cgroup_hierarchy_make(h, name, err);
}

int cgroup_hierarchy_make(struct hierarchy *h, const char *name, struct error *err)
{
    remove_stale(h->parent);
    if (mkdirat(h->parent, name, 0755) < 0 && errno != EEXIST)
        return error_errno(err, -errno, "making a cgroup below %s", h->path);
    h->base = openat(h->parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return h->base < 0 ? error_errno(err, -errno, "opening the cgroup below %s", h->path) : 0;
}

static void tree_name(char *out, size_t size)
{
    snprintf(out, size, "evalx-%ld-%llu", (long)getpid(), start_time(getpid()));
}

int cgroup_tree_open(struct cgroup_tree **ret, struct error *err)
{
    struct cgroup_tree *tree = xcalloc(1, sizeof *tree);
    tree_name(tree->name, sizeof tree->name);
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
        tree->hierarchies[i].parent = tree->hierarchies[i].base = -1;
    tree->verbs = &cgroup_v2;
    int r = cgroup_v2.tree_open(tree, err);
    if (r == -ENOENT) { /* no v2, or without the controllers */
        struct error second = {0}, first = {0};
        second = err ? *err : second;
        tree->verbs = &cgroup_v1;
        r = cgroup_v1.tree_open(tree, err);
        first = err ? *err : first;
        if (r == -ENOENT) /* nor v1 */
            error_set(err, r, "%s; %s", second.message, first.message);
    }
    if (r < 0) {
        cgroup_tree_close(tree);
        return r;
    }
    *ret = tree;
    return 0;
}

struct cgroup_tree *cgroup_tree_none(void)
{
    struct cgroup_tree *tree = xcalloc(1, sizeof *tree);
    tree->verbs = &cgroup_none;
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
        tree->hierarchies[i].parent = tree->hierarchies[i].base = -1;
    return tree;
}

void cgroup_tree_close(struct cgroup_tree *tree)
{
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++) {
        struct hierarchy *h = &tree->hierarchies[i];
        fd_closep(&h->base);
        if (h->parent >= 0)
            remove_tree(h->parent, tree->name);
        fd_closep(&h->parent);
    }
    free(tree);
}

unsigned cgroup_tree_version(const struct cgroup_tree *tree)
{
    return tree->verbs->version;
}

bool cgroup_tree_in_view(const struct cgroup_tree *tree)
{
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
        if (tree->hierarchies[i].parent >= 0 && tree->hierarchies[i].in_view)
            return true;
    return false;
}

static void leaf_name(unsigned slot, char out[32])
{
    snprintf(out, 32, "slot%u", slot);
}

int cgroup_leaf_open(struct cgroup_tree *tree, unsigned slot, struct cgroup_leaf **ret, struct error *err)
{
    char name[32];
    leaf_name(slot, name);
    struct cgroup_leaf *leaf = xcalloc(1, sizeof *leaf);
    leaf->verbs = tree->verbs;
    for (size_t i = 0; i < LEAF_FILE_COUNT; i++)
        leaf->files[i] = -1;
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++) {
        leaf->dirs[i] = -1;
        if (tree->hierarchies[i].base < 0)
            continue;
        if (mkdirat(tree->hierarchies[i].base, name, 0755) < 0 && errno != EEXIST) {
            int r = error_errno(err, -errno, "making cgroup %s", name);
            cgroup_leaf_close(leaf);
            return r;
        }
        leaf->dirs[i] = openat(tree->hierarchies[i].base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    int r = tree->verbs->leaf_open(leaf, err);
    if (r < 0) {
        cgroup_leaf_close(leaf);
        return r;
    }
    *ret = leaf;
    return 0;
}

int cgroup_leaf_file(struct cgroup_leaf *leaf, enum leaf_file file, size_t hierarchy, const char *name, int flags,
                     struct error *err)
{
    leaf->files[file] = openat(leaf->dirs[hierarchy], name, flags | O_CLOEXEC);
    return leaf->files[file] < 0 ? error_errno(err, -errno, "opening %s of a cgroup", name) : 0;
}

void cgroup_leaf_close(struct cgroup_leaf *leaf)
{
    for (size_t i = 0; i < LEAF_FILE_COUNT; i++)
        fd_closep(&leaf->files[i]);
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
        fd_closep(&leaf->dirs[i]);
    free(leaf);
}

int cgroup_leaf_destroy(struct cgroup_tree *tree, unsigned slot)
{
    char name[32];
    leaf_name(slot, name);
    int worst = 0;
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++) {
        int r = tree->hierarchies[i].base >= 0 ? remove_group(tree->hierarchies[i].base, name) : 0;
        worst = r < 0 ? r : worst;
    }
    return worst;
}

int cgroup_join(struct cgroup_leaf *leaf, struct error *err)
{
    for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++) {
        int r = leaf->dirs[i] >= 0 ? cgroup_write_text(leaf->dirs[i], "cgroup.procs", "0") : 0;
        if (r < 0)
            return error_errno(err, r, "joining a cgroup");
    }
    return 0;
}

int cgroup_begin(struct cgroup_leaf *leaf, int64_t memory_bytes, uint32_t processes, uint32_t resident,
                 struct error *err)
{
    if (leaf->files[LEAF_PIDS_MAX] >= 0 && processes + resident != leaf->pids_max) {
        int r = cgroup_write_number(leaf->files[LEAF_PIDS_MAX], processes + resident);
        if (r < 0)
            return error_errno(err, r, "setting the process limit");
        leaf->pids_max = processes + resident;
    }
    int r = leaf->verbs->begin(leaf, memory_bytes, err);
    if (r < 0)
        return r;
    leaf->ooms_before = leaf->verbs->ooms(leaf);
    leaf->refusals_before = cgroup_read_key(leaf->files[LEAF_PIDS_EVENTS], "max");
    leaf->cpu_before = leaf->verbs->cpu_ns(leaf);
    return leaf->cpu_before < 0 ? error_errno(err, (int)leaf->cpu_before, "reading the CPU time") : 0;
}

int64_t cgroup_cpu_ns(struct cgroup_leaf *leaf)
{
    int64_t now = leaf->verbs->cpu_ns(leaf);
    return now < 0 ? now : now - leaf->cpu_before;
}

int cgroup_end(struct cgroup_leaf *leaf, struct cgroup_usage *ret, struct error *err)
{
    int64_t cpu = cgroup_cpu_ns(leaf), peak = leaf->verbs->peak(leaf);
    if (cpu < 0 || peak < 0)
        return error_errno(err, (int)MIN(cpu, peak), "reading what the run used");
    *ret = (struct cgroup_usage){
        .cpu_ns = cpu,
        .memory_bytes = peak,
        .oom_killed = leaf->verbs->ooms(leaf) > leaf->ooms_before,
        .processes_limited = cgroup_read_key(leaf->files[LEAF_PIDS_EVENTS], "max") > leaf->refusals_before,
    };
    return 0;
}

int cgroup_oom_fd(struct cgroup_leaf *leaf)
{
    return leaf->files[LEAF_OOM_EVENT];
}

bool cgroup_oom_seen(struct cgroup_leaf *leaf)
{
    char drain[256];
    ssize_t ignored = pread(leaf->files[LEAF_OOM_EVENT], drain, sizeof drain, 0);
    if (ignored < 0)
        ignored = read(leaf->files[LEAF_OOM_EVENT], drain, sizeof drain); /* an eventfd has no offset */
    (void)ignored;
    return leaf->verbs->ooms(leaf) > leaf->ooms_before;
}

bool cgroup_leaf_worn(struct cgroup_leaf *leaf)
{
    return leaf->verbs->worn && leaf->verbs->worn(leaf);
}

int64_t cgroup_look(struct cgroup_leaf *leaf)
{
    return leaf->verbs->look ? leaf->verbs->look(leaf) : INT64_MAX;
}

int64_t cgroup_population(struct cgroup_leaf *leaf)
{
    if (leaf->verbs->population)
        return leaf->verbs->population(leaf);
    return cgroup_read_key(leaf->files[LEAF_PIDS_CURRENT], NULL);
}
