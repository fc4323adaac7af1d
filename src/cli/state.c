/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c: see state.h. As root this walks only a tree that was root's own or an earlier server's: a tree that already belongs to
 * the server's user is not touched, and links (also hard ones) are never followed to something else.
 */
#include "cli/state.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

enum { WALK_FDS = 16 };

static int make_folders(const char *folder)
{
    _cleanup_(freep) char *path = xstrdup(folder);

    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

/* nftw has no context argument. Only called before there are threads. */
static const struct identity *new_owner;

static int hand_over(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)type, (void)walk;
    if (S_ISREG(st->st_mode) && st->st_nlink > 1)
        return 0;
    return lchown(path, new_owner->uid, new_owner->gid) != 0 ? errno : 0;
}

int state_prepare(const char *folder, const struct identity *identity, struct error *err)
{
    _cleanup_(freep) char *artifacts = xasprintf("%s/artifacts", folder);
    struct stat st;

    int r = make_folders(folder);
    if (r == 0)
        r = make_folders(artifacts);
    if (r < 0)
        return error_errno(err, r, "state_dir: making %s", folder);
    if (stat(folder, &st) != 0)
        return error_errno(err, -errno, "state_dir: %s", folder);
    if (geteuid() != 0)
        return 0;
    struct stat inner;
    if (st.st_uid == identity->uid && stat(artifacts, &inner) == 0 && inner.st_uid == identity->uid)
        return 0;
    new_owner = identity;
    r = nftw(folder, hand_over, WALK_FDS, FTW_PHYS);
    if (r != 0)
        return error_errno(err, r > 0 ? -r : -errno, "state_dir: handing %s to %s", folder, identity->name);
    return 0;
}

int state_check(const char *folder, const struct identity *identity, struct error *err)
{
    if (access(folder, R_OK | W_OK | X_OK) == 0)
        return 0;
    return error_set(
        err, -EACCES,
        "state_dir: the user %s cannot work in %s: every folder on the way to it must be searchable by that user "
        "(chmod o+x), or choose another one with --state-dir",
        identity->name, folder);
}

int state_lock(const char *folder, struct error *err)
{
    _cleanup_(freep) char *path = xasprintf("%s/lock", folder);
    _cleanup_(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return error_errno(err, -errno, "state_dir: opening %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, -EBUSY, "state_dir: another evalx works in %s", folder);
    return fd_steal(&fd);
}

int scratch_new(const struct identity *identity, char **ret, struct error *err)
{
    char path[] = "/tmp/evalx-run-XXXXXX";

    if (mkdtemp(path) == NULL)
        return error_errno(err, -errno, "making a folder below /tmp");
    if (geteuid() == 0 && chown(path, identity->uid, identity->gid) != 0) {
        int r = -errno;
        rmdir(path);
        return error_errno(err, r, "handing %s to %s", path, identity->name);
    }
    *ret = xstrdup(path);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)walk;
    if (type == FTW_DP || type == FTW_D)
        rmdir(path);
    else
        unlink(path);
    return 0;
}

static int open_folder(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)walk;
    if (type == FTW_D || type == FTW_DNR)
        chmod(path, 0700);
    return 0;
}

void scratch_remove(const char *folder)
{
    nftw(folder, open_folder, WALK_FDS, FTW_PHYS); /* finished artifacts are read-only */
    nftw(folder, remove_entry, WALK_FDS, FTW_PHYS | FTW_DEPTH);
}
