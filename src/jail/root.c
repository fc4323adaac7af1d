/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c: the box's view of the file system.
 *
 * Every path here is one that the jail made itself, on a tmpfs that no program can write: the root tmpfs belongs to root and is
 * remounted read-only, and /box holds nothing but three folders when it is fresh. Below them the jail follows no name, ever. What
 * a run left in the scratch tmpfs is not cleaned but thrown away as a whole: the mount is detached and a new one put in its place.
 *
 * Mounting costs about 200 µs, so a scratch that was not touched is kept. The proof: a tmpfs numbers its inodes in order, and the next
 * number is the one after the last that was looked at, so nothing was made in it, not even a file without a name (O_TMPFILE); and the
 * three folders, and /box above them, have the mode, owner, link count, size and times they had. Reading moves no time here (noatime).
 */
#include "jail/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

enum { SCRATCH_INODES_PER_MB = 1024, SCRATCH_INODES_LEAST = 4096 };

/* glibc 2.36 declares these, but its header and the kernel's cannot be included together. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
enum {
    MOUNT_DETACH = 2,
    MOUNT_PRIVATE = 1 << 18,
    MOUNT_REC = 16384,
    MOUNT_NOSUID = 2,
    MOUNT_NODEV = 4,
    MOUNT_NOEXEC = 8,
    MOUNT_RDONLY = 1,
    MOUNT_NOATIME = 1024
};

static const char *const scratch_dirs[SCRATCH_DIRS] = {"/box/work", "/box/tmp", "/box/shm", "/box"};

static int open_tree(int dirfd, const char *path, unsigned flags)
{
    return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static int move_mount(int from, const char *to)
{
    return (int)syscall(SYS_move_mount, from, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH);
}

static int set_attributes_of(int tree, uint64_t set, unsigned flags)
{
    struct mount_attr attr = {.attr_set = set, .propagation = MOUNT_PRIVATE};
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attr, sizeof attr);
}

static int set_attributes(int tree, uint64_t set)
{
    return set_attributes_of(tree, set, 0);
}

/*
 * Some calls work on mounts of the namespace that the process is in: step into the host's for one of them. The process is
 * single-threaded and comes back before it does anything else; failing to come back is its end.
 */
static int enter_host(const struct root *root)
{
    return setns(root->host_mounts, CLONE_NEWNS) < 0 ? -errno : 0;
}

static void leave_host(const struct root *root)
{
    if (setns(root->own_mounts, CLONE_NEWNS) < 0)
        _exit(4);
}

/* ---- building ---- */

/* The new root is built under this folder of the old one (every system has it), which becomes "/" at the end. */
#define NEW_ROOT "/tmp"

static int make_file(const char *path, const char *content)
{
    _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -errno;
    return fd_write_full(fd, content, strlen(content));
}

/* mkdir -p of the parents of path below NEW_ROOT. */
static int make_parents(const char *path)
{
    char partial[1024];
    for (const char *slash = strchr(path + sizeof NEW_ROOT, '/'); slash; slash = strchr(slash + 1, '/')) {
        if ((size_t)snprintf(partial, sizeof partial, "%.*s", (int)(slash - path), path) >= sizeof partial)
            return -ENAMETOOLONG;
        if (mkdir(partial, 0755) < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* Shows host path `source` read-only at the same place of the new root. A path that does not exist is left out. */
static int bind_read_only(const char *source, struct error *err)
{
    char target[1024];
    struct stat st;
    if (stat(source, &st) < 0)
        return 0;
    if ((size_t)snprintf(target, sizeof target, NEW_ROOT "%s", source) >= sizeof target)
        return error_set(err, -ENAMETOOLONG, "mount path %s is too long", source);
    int r = make_parents(target);
    if (r == 0 && S_ISDIR(st.st_mode))
        r = mkdir(target, 0755) < 0 && errno != EEXIST ? -errno : 0;
    else if (r == 0)
        r = make_file(target, "");
    if (r == -EEXIST)
        r = 0;
    _cleanup_(fd_closep) int tree = r == 0 ? open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) : -1;
    unsigned below = 0;
    if (r == 0 && tree < 0 && errno == EINVAL) { /* without root, what is mounted below it cannot be left out */
        below = AT_RECURSIVE;
        tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | below);
    }
    uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    if (r == 0 && (tree < 0 || set_attributes_of(tree, attributes, below) < 0 || move_mount(tree, target) < 0))
        r = -errno;
    return r < 0 ? error_errno(err, r, "showing %s in the box", source) : 0;
}

/* A character device of the host, checked to be the one that is meant. */
static int bind_device(const char *name, unsigned minor_number, struct error *err)
{
    char source[64], target[64];
    snprintf(source, sizeof source, "/dev/%s", name);
    snprintf(target, sizeof target, NEW_ROOT "/dev/%s", name);
    _cleanup_(fd_closep) int tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    struct stat st;
    if (tree < 0 || fstat(tree, &st) < 0)
        return error_errno(err, -errno, "opening %s", source);
    if (!S_ISCHR(st.st_mode) || st.st_rdev != (dev_t)(1 << 8 | minor_number))
        return error_set(err, -ENODEV, "%s is not the device it should be", source);
    int r = make_file(target, "");
    /* Read-only, which a device's reads and writes are not: else a program could set the times of the host's node. */
    if (r == 0 && (set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC) < 0 ||
                   move_mount(tree, target) < 0))
        r = -errno;
    return r < 0 ? error_errno(err, r, "showing %s in the box", source) : 0;
}

static int make_devices(struct error *err)
{
    static const struct {
        const char *name;
        unsigned minor_number;
    } devices[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};
    static const struct {
        const char *name, *target;
    } links[] = {{"fd", "/proc/self/fd"},
                 {"stdin", "/proc/self/fd/0"},
                 {"stdout", "/proc/self/fd/1"},
                 {"stderr", "/proc/self/fd/2"},
                 {"shm", "/box/shm"}};
    if (mkdir(NEW_ROOT "/dev", 0755) < 0)
        return error_errno(err, -errno, "making /dev");
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        int r = bind_device(devices[i].name, devices[i].minor_number, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        char path[64];
        snprintf(path, sizeof path, NEW_ROOT "/dev/%s", links[i].name);
        if (symlink(links[i].target, path) < 0)
            return error_errno(err, -errno, "making /dev/%s", links[i].name);
    }
    return 0;
}

static int make_etc(struct error *err)
{
    static const struct {
        const char *path, *content;
    } files[] = {
        {NEW_ROOT "/etc/passwd", "root:x:0:0:root:/:/usr/sbin/nologin\nbox:x:1000:1000:box:/box/work:/bin/sh\n"
                                 "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"},
        {NEW_ROOT "/etc/group", "root:x:0:\nbox:x:1000:\nnogroup:x:65534:\n"},
        {NEW_ROOT "/etc/hosts", "127.0.0.1 localhost box\n::1 localhost\n"},
        {NEW_ROOT "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
        {NEW_ROOT "/etc/hostname", "box\n"},
    };
    if (mkdir(NEW_ROOT "/etc", 0755) < 0)
        return error_errno(err, -errno, "making /etc");
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int r = make_file(files[i].path, files[i].content);
        if (r < 0)
            return error_errno(err, r, "making %s", files[i].path + strlen(NEW_ROOT));
    }
    int r = bind_read_only("/etc/ld.so.cache", err);
    return r < 0 ? r : bind_read_only("/etc/alternatives", err);
}

/* /bin, /lib and so on: links where the host has links (merged /usr), binds where it has folders. */
static int copy_top_level(struct error *err)
{
    static const char *const names[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char link[256], target[64];
        ssize_t n = readlink(names[i], link, sizeof link - 1);
        if (n < 0) {
            int r = bind_read_only(names[i], err);
            if (r < 0)
                return r;
            continue;
        }
        link[n] = '\0';
        snprintf(target, sizeof target, NEW_ROOT "%s", names[i]);
        if (symlink(link, target) < 0)
            return error_errno(err, -errno, "making %s", names[i]);
    }
    return bind_read_only("/usr", err);
}

static int make_places(struct error *err)
{
    static const char *const folders[] = {"/box", "/artifact", "/proc", "/var"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char path[64];
        snprintf(path, sizeof path, NEW_ROOT "%s", folders[i]);
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return error_errno(err, -errno, "making %s", folders[i]);
    }
    if (symlink("/box/tmp", NEW_ROOT "/tmp") < 0 || symlink("/box/tmp", NEW_ROOT "/var/tmp") < 0)
        return error_errno(err, -errno, "making /tmp");
    return 0;
}

static int enter(struct error *err)
{
    if (chdir(NEW_ROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return error_errno(err, -errno, "pivot_root");
    /* The old root now lies over the new one: take it off, and with it the last path to the host. */
    if (umount2(".", MOUNT_DETACH) < 0 || chdir("/") < 0)
        return error_errno(err, -errno, "detaching the host's root");
    _cleanup_(fd_closep) int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || set_attributes(root, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV) < 0)
        return error_errno(err, -errno, "making the box's root read-only");
    return 0;
}

int root_build(struct root *root, const char *const *mounts, int host_proc, uid_t owner, struct error *err)
{
    *root = (struct root){.owner = owner, .host_proc = host_proc, .host_mounts = -1, .own_mounts = -1};
    root->host_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (root->host_mounts < 0 || unshare(CLONE_NEWNS) < 0)
        return error_errno(err, -errno, "unshare(CLONE_NEWNS)");
    root->own_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (root->own_mounts < 0 || mount(NULL, "/", NULL, MOUNT_REC | MOUNT_PRIVATE, NULL) < 0)
        return error_errno(err, -errno, "making mounts private");
    if (mount("evalx", NEW_ROOT, "tmpfs", MOUNT_NOSUID | MOUNT_NODEV, "size=1m,nr_inodes=1024,mode=755") < 0)
        return error_errno(err, -errno, "mounting the box's root");
    umask(022);
    int r = copy_top_level(err);
    if (r == 0)
        r = make_etc(err);
    if (r == 0)
        r = make_devices(err);
    for (size_t i = 0; r == 0 && mounts[i]; i++)
        r = bind_read_only(mounts[i], err);
    if (r == 0)
        r = make_places(err);
    return r == 0 ? enter(err) : r;
}

/*
 * In a user namespace the kernel gives a /proc only to whoever sees a whole one already, which the box does not: it is made among the
 * host's mounts, of this process's own process namespace all the same, and carried over.
 */
static int make_proc(bool read_only)
{
    static const struct {
        const char *key, *value;
    } options[] = {{"source", "proc"}, {"hidepid", "invisible"}, {"subset", "pid"}};
    unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    _cleanup_(fd_closep) int fs = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    bool ready = fs >= 0;
    for (size_t i = 0; ready && i < ARRAY_LEN(options); i++)
        ready = syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[i].key, options[i].value, 0) == 0;
    if (!ready || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    int r = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes | (read_only ? MOUNT_ATTR_RDONLY : 0U));
    return r < 0 ? -errno : r;
}

int root_mount_proc(const struct root *root, bool read_only, struct error *err)
{
    int r = enter_host(root);
    _cleanup_(fd_closep) int proc = r == 0 ? make_proc(read_only) : r;
    if (r == 0)
        leave_host(root);
    if (proc >= 0 && move_mount(proc, "/proc") == 0)
        return 0;
    return error_errno(err, proc < 0 ? proc : -errno, "mounting /proc");
}

/* ---- the scratch tmpfs ---- */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The number that the next inode of the scratch gets; taken by asking. 0 when that cannot be told. */
static ino_t next_inode(void)
{
    _cleanup_(fd_closep) int fd = open("/box", O_TMPFILE | O_RDWR | O_CLOEXEC, 0);
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool untouched(struct root *root)
{
    ino_t expected = root->scratch_inode + 1;
    root->scratch_inode = next_inode();
    if (root->scratch_inode != expected)
        return false;
    for (size_t i = 0; i < SCRATCH_DIRS; i++) {
        struct stat now;
        const struct stat *then = &root->scratch_clean[i];
        if (lstat(scratch_dirs[i], &now) < 0 || now.st_ino != then->st_ino || now.st_mode != then->st_mode ||
            now.st_uid != then->st_uid || now.st_gid != then->st_gid || now.st_nlink != then->st_nlink ||
            now.st_size != then->st_size || !same_time(&now.st_ctim, &then->st_ctim) ||
            !same_time(&now.st_mtim, &then->st_mtim) || !same_time(&now.st_atim, &then->st_atim))
            return false;
    }
    return true;
}

static int fill_scratch(struct root *root)
{
    for (size_t i = 0; i + 1 < SCRATCH_DIRS; i++) {
        mode_t mode = i == 0 ? 0755 : 01777;
        if (mkdir(scratch_dirs[i], mode) < 0 || chmod(scratch_dirs[i], mode) < 0 ||
            chown(scratch_dirs[i], root->owner, root->owner) < 0)
            return -errno;
    }
    for (size_t i = 0; i < SCRATCH_DIRS; i++)
        if (lstat(scratch_dirs[i], &root->scratch_clean[i]) < 0)
            return -errno;
    root->scratch_inode = next_inode();
    return 0;
}

int root_fresh_scratch(struct root *root, int64_t bytes, struct error *err)
{
    if (root->scratch_bytes == bytes && untouched(root))
        return 0;
    if (root->scratch_bytes != 0 && umount2("/box", MOUNT_DETACH) < 0)
        return error_errno(err, -errno, "detaching the used scratch");
    root->scratch_bytes = 0;
    char options[96];
    int64_t inodes = MAX(bytes / (1024 * 1024) * SCRATCH_INODES_PER_MB / 4, (int64_t)SCRATCH_INODES_LEAST);
    snprintf(options, sizeof options, "size=%lld,nr_inodes=%lld,mode=755", (long long)bytes, (long long)inodes);
    if (mount("box", "/box", "tmpfs", MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOATIME, options) < 0)
        return error_errno(err, -errno, "mounting a fresh scratch");
    int r = fill_scratch(root);
    if (r < 0)
        return error_errno(err, r, "filling a fresh scratch");
    root->scratch_bytes = bytes;
    return 0;
}

/* ---- the artifact ---- */

/*
 * Without root, evalx lives in another mount namespace than the one that is the host's here, and its descriptor's mount cannot be
 * cloned: the same folder is found by the name that the kernel gives it, and is the same by its numbers or is not taken.
 */
static int clone_by_name(const struct root *root, int directory, const struct stat *wanted)
{
    char link[32], path[1024];
    snprintf(link, sizeof link, "self/fd/%d", directory);
    ssize_t n = readlinkat(root->host_proc, link, path, sizeof path - 1);
    if (n <= 0 || (size_t)n >= sizeof path - 1 || path[0] != '/')
        return -ENOENT;
    path[n] = '\0';
    int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    struct stat found;
    if (tree >= 0 && fstat(tree, &found) == 0 && found.st_ino == wanted->st_ino && found.st_dev == wanted->st_dev)
        return tree;
    int r = tree < 0 ? -errno : -ESTALE;
    fd_closep(&tree);
    return r;
}

/* A mount can only be cloned from inside the namespace it belongs to. */
static int clone_from_host(const struct root *root, int directory, const struct stat *wanted)
{
    int r = enter_host(root);
    if (r < 0)
        return r;
    int tree = open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    if (tree < 0)
        tree = errno == EINVAL ? clone_by_name(root, directory, wanted) : -errno;
    leave_host(root);
    return tree;
}

int root_show_artifact(struct root *root, int directory, struct error *err)
{
    struct stat st = {0};
    if (directory >= 0 && (fstat(directory, &st) < 0 || !S_ISDIR(st.st_mode)))
        return error_set(err, -ENOTDIR, "the artifact is not a directory");
    /* The mount keeps its directory alive, so its numbers cannot be given to another one meanwhile. */
    if (st.st_ino == root->artifact_ino && st.st_dev == root->artifact_dev)
        return 0;
    if (root->artifact_ino != 0 && umount2("/artifact", MOUNT_DETACH) < 0)
        return error_errno(err, -errno, "detaching an artifact");
    root->artifact_ino = 0;
    root->artifact_dev = 0;
    if (directory < 0)
        return 0;
    _cleanup_(fd_closep) int tree = clone_from_host(root, directory, &st);
    if (tree < 0)
        return error_errno(err, tree, "cloning the artifact's mount");
    if (set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV) < 0 ||
        move_mount(tree, "/artifact") < 0)
        return error_errno(err, -errno, "showing the artifact");
    root->artifact_ino = st.st_ino;
    root->artifact_dev = st.st_dev;
    return 0;
}
