/* SPDX-License-Identifier: Apache-2.0 */
/*
 * artifact.h: what compiling produced, in folders named by the SHA-256 of everything that went into it, kept read-only.
 *
 * Layout below the artifact folder: HEX/files/ (what programs see) and HEX/meta (what the engine knows of it; never shown to
 * programs), and tmp-PID-N/ (being made, renamed into place when whole; swept at start). A crash at any line leaves either
 * nothing or a whole artifact, and what a loss of power may have torn is found by its digest and made anew. Two slots never
 * make the same one at once (single flight). Users hold an artifact while they run it, so that it is not evicted under them,
 * not even by another process that works in the same folder. Thread-safe.
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

/* folder must exist and be this process's to write in; past limit_kb the least recently used artifacts go. */
int artifact_cache_open(const char *folder, int64_t limit_kb, struct artifact_cache **ret, struct error *err);
void artifact_cache_close(struct artifact_cache *cache); /* nothing may be held any more; NULL is fine */
DEFINE_CLEANUP(struct artifact_cache, artifact_cache_close)

/* Hex SHA-256 over source, files, options, language definition, toolchain and compile limits; sanitized ones have keys of their own. */
void artifact_key(const struct language *language, const struct submission *sub, bool sanitized,
                  char out[SHA256_HEX_LEN + 1]);

/*
 * 0: *ret is held (release it) and complete. -ENOENT: the caller now owns the making of this key and must call artifact_commit
 * or artifact_abandon. -EAGAIN: somebody else in this process is making it; ask again when he has finished.
 */
int artifact_acquire(struct artifact_cache *cache, const char *key, struct artifact **ret);

/*
 * Two fresh folders for the maker of key: what goes into files becomes the artifact, what goes into sources is thrown away at
 * the end. The descriptors belong to the cache until commit or abandon.
 */
int artifact_begin(struct artifact_cache *cache, const char *key, int *ret_files, int *ret_sources, struct error *err);

/*
 * Makes the files the artifact of key, with a copy of its compile result beside them; held by the caller. When this fails the
 * caller still owns the making (and abandons it).
 */
int artifact_commit(struct artifact_cache *cache, const char *key, const struct compile_result *compile,
                    struct artifact **ret, struct error *err);
void artifact_abandon(struct artifact_cache *cache, const char *key);

int artifact_dirfd(const struct artifact *artifact); /* O_DIRECTORY; valid while held */
const struct compile_result *
artifact_compile(const struct artifact *artifact); /* as it was when made; valid while held */
void artifact_release(struct artifact_cache *cache, struct artifact *artifact);

#endif
