/* SPDX-License-Identifier: Apache-2.0 */
/* artifact_key.c: everything that what a compiler makes depends on, in one digest. */
#include "worker/artifact.h"

#include <string.h>

static void hash_text(struct sha256 *hash, const char *text)
{
    sha256_update_field(hash, text ? text : "", text ? strlen(text) : 0);
}

static void hash_list(struct sha256 *hash, const struct string_list *list)
{
    sha256_update_field(hash, &list->count, sizeof(list->count));
    for (size_t i = 0; i < list->count; i++)
        hash_text(hash, list->items[i]);
}

void artifact_key(const struct language *language, const struct submission *sub, bool sanitized,
                  char out[SHA256_HEX_LEN + 1])
{
    struct sha256 *hash = sha256_new();

    hash_text(hash, "evalx artifact key 1");
    hash_text(hash, language->name);
    hash_text(hash, language->source);
    hash_text(hash, language->toolchain_id);
    hash_list(hash, &language->compile_argv);
    hash_list(hash, &language->run_argv);
    hash_list(hash, &language->env);
    hash_list(hash, &language->extensions);
    hash_list(hash, &language->mounts);
    sha256_update_field(hash, &language->compile_limits, sizeof(language->compile_limits));
    sha256_update_field(hash, &language->compile_tmpfs_kb, sizeof(language->compile_tmpfs_kb));
    hash_list(hash, &sub->compiler_options);
    sha256_update_field(hash, sub->code.data, sub->code.len);
    sha256_update_field(hash, &sub->file_count, sizeof(sub->file_count));
    for (size_t i = 0; i < sub->file_count; i++) {
        hash_text(hash, sub->files[i].name);
        sha256_update_field(hash, sub->files[i].content.data, sub->files[i].content.len);
    }
    if (sanitized)
        hash_list(hash, &language->sanitize_argv);
    sha256_finish_hex(hash, out);
}
