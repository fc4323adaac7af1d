/* SPDX-License-Identifier: Apache-2.0 */
/* artifact_disk.c: see artifact_disk.h. */
#include "worker/artifact_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "worker/artifact_meta.h"
#include "worker/tree.h"

#define FILES_NAME   "files"
#define SOURCES_NAME "sources"
#define TMP_PREFIX   "tmp-"

enum {
    /* An artifact counts as at least this much: inodes and memory cost too, and 1 GiB shall not mean 100,000 of them. */
    ARTIFACT_MIN_KB = 32,
    /* Names that may be taken already before something else must be wrong. */
    TMP_ATTEMPTS = 10000,
};

void holding_free(struct holding *holding)
{
    fd_closep(&holding->sources);
    fd_closep(&holding->files);
    fd_closep(&holding->folder);
    compile_result_release(&holding->compile);
    free(holding);
}

static struct holding *holding_new(void)
{
    struct holding *holding = xcalloc(1, sizeof(*holding));
    holding->folder = holding->files = holding->sources = -1;
    return holding;
}

/* The pid is there for people who look into the folder; what is in use is told by locks. */
static void tmp_name(struct artifact_folder *folder, char out[ARTIFACT_TMP_NAME_MAX])
{
    snprintf(out, ARTIFACT_TMP_NAME_MAX, TMP_PREFIX "%ld-%u", (long)getpid(), atomic_fetch_add(&folder->tmp_count, 1));
}

static bool is_tmp(const char *name)
{
    return strncmp(name, TMP_PREFIX, sizeof(TMP_PREFIX) - 1) == 0;
}

/* ---- removing ---- */

int artifact_discard(struct artifact_folder *folder, const char *name)
{
    char tmp[ARTIFACT_TMP_NAME_MAX];
    _cleanup_(fd_closep) int fd = tree_open_folder(folder->fd, name);

    if (fd == -ENOENT)
        return fd;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -EBUSY;
    if (is_tmp(name))
        return tree_remove(folder->fd, name);
    for (int attempt = 0; attempt < TMP_ATTEMPTS; attempt++) {
        tmp_name(folder, tmp);
        if (renameat2(folder->fd, name, folder->fd, tmp, RENAME_NOREPLACE) == 0)
            return tree_remove(folder->fd, tmp);
        if (errno != EEXIST)
            break;
    }
    return -errno;
}

void holding_discard(struct artifact_folder *folder, struct holding *holding)
{
    tree_remove(folder->fd, holding->tmp);
    holding_free(holding);
}

/* ---- loading ---- */

static int open_locked(struct artifact_folder *folder, const char *key, struct holding *holding)
{
    struct stat mine, named;

    holding->folder = tree_open_folder(folder->fd, key);
    if (holding->folder < 0)
        return holding->folder;
    if (flock(holding->folder, LOCK_SH | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -ENOENT : -errno; /* being removed: as good as gone */
    /* Between opening and locking it may have been renamed away; then the name is gone or is another folder's. */
    if (fstat(holding->folder, &mine) < 0 || fstatat(folder->fd, key, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return mine.st_ino == named.st_ino ? 0 : -ENOENT;
}

/* The order of use survives a restart. Not UTIME_NOW: that is only as fine as the kernel's tick. */
static void touch(int fd)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
    clock_gettime(CLOCK_REALTIME, &times[1]);
    futimens(fd, times); /* where it fails, eviction is less fair and nothing else */
}

int holding_load(struct artifact_folder *folder, const char *key, bool verified, struct holding **ret)
{
    _cleanup_(holding_freep) struct holding *holding = holding_new();
    struct artifact_meta meta = {0};
    struct tree_summary summary = {0};

    int r = open_locked(folder, key, holding);
    if (r == 0)
        r = artifact_meta_read(holding->folder, key, &meta);
    if (r < 0)
        return r == -ENOENT && holding->folder >= 0 ? -EINVAL : r; /* a folder without meta is damaged */
    holding->compile = meta.compile;
    holding->kb = MAX(meta.kb, ARTIFACT_MIN_KB);
    holding->files = tree_open_folder(holding->folder, FILES_NAME);
    if (holding->files < 0)
        return -EINVAL;
    if (!verified) {
        r = tree_measure(holding->files, &summary);
        if (r < 0 || strcmp(summary.digest, meta.digest) != 0)
            return -EINVAL;
    }
    touch(holding->folder);
    *ret = STEAL(holding);
    return 0;
}

/* ---- making ---- */

/* A tmp folder with its lock held. Another process may sweep it away between mkdir and flock; then the next name is tried. */
static int make_tmp(struct artifact_folder *folder, struct holding *holding)
{
    int r = -EEXIST;

    for (int attempt = 0; attempt < TMP_ATTEMPTS && (r == -EEXIST || r == -ENOENT); attempt++) {
        struct stat st;
        tmp_name(folder, holding->tmp);
        r = tree_make_folder(folder->fd, holding->tmp, 0700);
        if (r < 0)
            continue;
        holding->folder = r;
        if (flock(holding->folder, LOCK_EX | LOCK_NB) == 0 && fstat(holding->folder, &st) == 0 && st.st_nlink > 0)
            return 0;
        fd_closep(&holding->folder);
        r = -EEXIST;
    }
    return r;
}

int holding_make(struct artifact_folder *folder, struct holding **ret)
{
    struct holding *holding = holding_new();
    int r = make_tmp(folder, holding);

    if (r < 0) {
        holding_free(holding);
        return r;
    }
    r = holding->files = tree_make_folder(holding->folder, FILES_NAME, 0755);
    if (r >= 0)
        r = holding->sources = tree_make_folder(holding->folder, SOURCES_NAME, 0755);
    if (r < 0) {
        holding_discard(folder, holding);
        return r;
    }
    *ret = holding;
    return 0;
}

/* tmp becomes HEX. Where another process was first, its artifact is as good as ours; where what is there is damaged, it goes. */
static int put_in_place(struct artifact_folder *folder, const char *key, struct holding **holding)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        struct holding *ours = *holding, *theirs = NULL;
        if (renameat2(folder->fd, ours->tmp, folder->fd, key, RENAME_NOREPLACE) == 0)
            return flock(ours->folder, LOCK_SH | LOCK_NB) == 0 ? 0 : -errno;
        if (errno != EEXIST)
            return -errno;
        if (holding_load(folder, key, false, &theirs) == 0) {
            holding_discard(folder, ours);
            *holding = theirs;
            return 0;
        }
        artifact_discard(folder, key);
    }
    return -EEXIST;
}

int holding_publish(struct artifact_folder *folder, const char *key, const struct compile_result *compile,
                    struct holding **holding)
{
    struct holding *ours = *holding;
    struct tree_summary summary = {0};
    struct artifact_meta meta = {0};

    fd_closep(&ours->sources);
    int r = tree_remove(ours->folder, SOURCES_NAME);
    if (r == 0)
        r = tree_measure(ours->files, &summary);
    if (r == 0)
        r = artifact_meta_write(ours->folder, key, &summary, compile);
    if (r == 0)
        r = artifact_meta_read(ours->folder, key,
                               &meta); /* a copy of the compile result, and proof that it can be read */
    if (r < 0)
        return r;
    ours->compile = meta.compile;
    ours->kb = MAX(summary.kb, ARTIFACT_MIN_KB);
    return put_in_place(folder, key, holding);
}

/* ---- what is there ---- */

static bool is_key(const char *name)
{
    return strlen(name) == SHA256_HEX_LEN && strspn(name, "0123456789abcdef") == SHA256_HEX_LEN;
}

static int look_at(struct artifact_folder *folder, const char *key, struct artifact_found *ret)
{
    struct artifact_meta meta = {0};
    struct stat st;
    _cleanup_(fd_closep) int fd = tree_open_folder(folder->fd, key);

    if (fd < 0)
        return fd;
    int r = artifact_meta_read(fd, key, &meta);
    if (r < 0)
        return r;
    compile_result_release(&meta.compile);
    if (fstat(fd, &st) < 0)
        return -errno;
    *ret = (struct artifact_found){.kb = MAX(meta.kb, ARTIFACT_MIN_KB), .used = st.st_mtim};
    memcpy(ret->key, key, sizeof(ret->key));
    return 0;
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct artifact_found *)a)->used;
    const struct timespec *y = &((const struct artifact_found *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

int artifact_scan(struct artifact_folder *folder, struct artifact_found **ret, size_t *ret_count)
{
    struct artifact_found *found = NULL;
    size_t count = 0, room = 0;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir) {
        int r = -errno;
        fd_closep(&fd);
        return r;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (count == room) {
            room = room ? 2 * room : 16;
            found = xrealloc(found, room * sizeof(*found));
        }
        if (is_key(entry->d_name) && look_at(folder, entry->d_name, &found[count]) == 0)
            count++;
        else if (is_key(entry->d_name) || is_tmp(entry->d_name))
            artifact_discard(folder, entry->d_name);
    }
    closedir(dir);
    if (count > 1)
        qsort(found, count, sizeof(*found), by_use);
    *ret = found;
    *ret_count = count;
    return 0;
}
