/* SPDX-License-Identifier: Apache-2.0 */
/*
 * artifact.h: what compiling produced, in folders named by the SHA-256 of everything that went into it, kept read-only.
 *
 * Layout below the artifact folder: HEX/ (finished artifacts: files + .meta), tmp-PID-N/ (being made, renamed into place when whole;
 * swept at start). A crash at any line leaves either nothing or a whole artifact. Two slots never make the same one at once:
 * the second waits for the first (single flight). Users hold an artifact while they run it, so that it is not evicted under them.
 */
#ifndef EVALX_WORKER_ARTIFACT_H
#define EVALX_WORKER_ARTIFACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/encode.h"
#include "base/error.h"
#include "language/language.h"
#include "model/result.h"
#include "model/submission.h"

struct artifact_cache;
struct artifact;

int artifact_cache_open(const char *folder, int64_t limit_kb, struct artifact_cache **ret, struct error *err);
void artifact_cache_close(struct artifact_cache *cache);

/* Hex SHA-256 over source, files, options, language definition, toolchain and compile limits. */
void artifact_key(const struct language *language, const struct submission *sub, char out[SHA256_HEX_LEN + 1]);

/*
 * 0: *ret is held (release it) and complete. -ENOENT: the caller now owns the making of this key and must call
 * artifact_commit or artifact_abandon; others asking for the key wait meanwhile. -errno otherwise.
 */
int artifact_acquire(struct artifact_cache *cache, const char *key, struct artifact **ret);

/* A fresh folder to put the files of the key into (descriptor; belongs to the cache until commit or abandon). */
int artifact_begin(struct artifact_cache *cache, const char *key, int *ret_dirfd, struct error *err);

/* Makes the folder the artifact of key, with its compile result beside it; held by the caller. */
int artifact_commit(struct artifact_cache *cache, const char *key, const struct compile_result *compile, struct artifact **ret,
                    struct error *err);
void artifact_abandon(struct artifact_cache *cache, const char *key);

int artifact_dirfd(const struct artifact *artifact);                            /* O_DIRECTORY; valid while held */
const struct compile_result *artifact_compile(const struct artifact *artifact); /* as it was when made */
void artifact_release(struct artifact_cache *cache, struct artifact *artifact);

#endif
