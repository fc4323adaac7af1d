/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h: files below a folder of the engine's own, always by descriptor; a link is never followed.
 *
 * Private to worker/. Modes are set whatever the umask says, because the user a box runs as is somebody else: files 0644 (0755
 * when executable), folders 0755.
 */
#ifndef EVALX_WORKER_TREE_H
#define EVALX_WORKER_TREE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/encode.h"

/* Opens a folder below dirfd. A descriptor or -errno (-ENOTDIR also for a link). */
int tree_open_folder(int dirfd, const char *name);

/* Makes a folder that was not there (-EEXIST) with this mode and opens it. A descriptor or -errno. */
int tree_make_folder(int dirfd, const char *name, unsigned mode);

/* Writes a new file at a relative path, making the folders on the way. -EEXIST when it is there, -EINVAL for ".." and the like. */
int tree_write(int dirfd, const char *path, struct str content);

/* Removes name, and when it is a folder everything below it. -ENOENT when it is not there. */
int tree_remove(int dirfd, const char *name);

struct tree_summary {
    int64_t kb; /* disk space, in whole 4 KiB blocks */
    unsigned files;
    char digest[SHA256_HEX_LEN + 1]; /* over names, modes and contents */
};

/* Reads everything below the folder. -EINVAL when something is neither a regular file nor a folder. */
int tree_measure(int dirfd, struct tree_summary *ret);

#endif
