/* SPDX-License-Identifier: Apache-2.0 */
/*
 * artifact_disk.h: artifacts as folders on disk; knows no table and no eviction. Private to the artifact cache.
 *
 * flock tells who is alive: a maker has its tmp folder locked exclusively, a holder has the artifact's folder locked shared, and
 * whoever wants to remove a folder must get it exclusively first. Locks die with their process, unlike pid files, and hold
 * between processes (even in different containers) that share the folder. Removal renames to a tmp name first, so that a name of
 * 64 hex digits is always whole. A crash leaves tmp folders without a lock; the next start sweeps them.
 *
 * Nothing is synced to disk: after a loss of power files may be torn, which loading finds by the digest in meta.
 */
#ifndef EVALX_WORKER_ARTIFACT_DISK_H
#define EVALX_WORKER_ARTIFACT_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/encode.h"
#include "model/result.h"

enum { ARTIFACT_TMP_NAME_MAX = 48 };

struct artifact_folder {
    int fd;
    atomic_uint tmp_count;
};

/* Of an artifact that is in use or being made. */
struct holding {
    int folder; /* HEX or tmp-…, locked */
    int files;
    int sources; /* while made; -1 otherwise */
    char tmp[ARTIFACT_TMP_NAME_MAX];
    int64_t kb;
    struct compile_result compile;
};

void holding_free(struct holding *holding);
DEFINE_CLEANUP(struct holding, holding_free)

/*
 * Opens the finished artifact of key, locked against removal; unless verified its content is compared with its digest.
 * -ENOENT: there is none. Other failures: it is of no use.
 */
int holding_load(struct artifact_folder *folder, const char *key, bool verified, struct holding **ret);

/* A new tmp folder with empty files and sources in it. */
int holding_make(struct artifact_folder *folder, struct holding **ret);

/*
 * Makes *holding, as holding_make gave it and with its files filled, the artifact of key. If another process has been faster,
 * *holding becomes that one's artifact.
 */
int holding_publish(struct artifact_folder *folder, const char *key, const struct compile_result *compile,
                    struct holding **holding);

/* Removes what holding_make made, and frees it. */
void holding_discard(struct artifact_folder *folder, struct holding *holding);

/* Removes the artifact of key (or a tmp folder) from disk, unless somebody alive uses it: -EBUSY. */
int artifact_discard(struct artifact_folder *folder, const char *name);

struct artifact_found {
    char key[SHA256_HEX_LEN + 1];
    int64_t kb;
    struct timespec used;
};

/*
 * Sweeps what crashes and other formats left, and lists the artifacts there are, least recently used first; the caller frees.
 * Names that are not the cache's are left alone.
 */
int artifact_scan(struct artifact_folder *folder, struct artifact_found **ret, size_t *ret_count);

#endif
