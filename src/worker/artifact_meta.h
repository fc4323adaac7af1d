/* SPDX-License-Identifier: Apache-2.0 */
/* artifact_meta.h: the meta file beside an artifact's files: how to tell that they are whole, and their compile result. Private. */
#ifndef EVALX_WORKER_ARTIFACT_META_H
#define EVALX_WORKER_ARTIFACT_META_H

#include <stdint.h>

#include "model/result.h"
#include "worker/tree.h"

struct artifact_meta {
    char digest[SHA256_HEX_LEN + 1]; /* of the files, as tree_measure gives it */
    int64_t kb;
    struct compile_result compile;
};

/* Writes the file `meta` into folder. */
int artifact_meta_write(int folder, const char *key, const struct tree_summary *summary,
                        const struct compile_result *compile);

/* -EINVAL for a meta file that is damaged, another key's or of another format. Release ret->compile. */
int artifact_meta_read(int folder, const char *key, struct artifact_meta *ret);

#endif
