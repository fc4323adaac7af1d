/* SPDX-License-Identifier: Apache-2.0 */
/*
 * artifact_meta.c: format, key, digest and size as a line each, then the compile result's stored bytes, then the SHA-256 of all
 * that. A format that changes gets another first line, and older artifacts are made anew.
 */
#include "worker/artifact_meta.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define META_NAME   "meta"
#define META_FORMAT "evalx-artifact 1\n"
enum { META_MAX = 64 << 20, SIZE_DIGITS = 20 };

/* The head: two hex strings with a new line each, then SIZE_DIGITS digits and a new line. */
enum { HEAD_LEN = sizeof(META_FORMAT) - 1 + 2 * (SHA256_HEX_LEN + 1) + SIZE_DIGITS + 1 };

static void write_head(struct buf *out, const char *key, const char *digest, int64_t kb)
{
    buf_printf(out, "%s%s\n%s\n%0*" PRId64 "\n", META_FORMAT, key, digest, (int)SIZE_DIGITS, kb);
}

int artifact_meta_write(int folder, const char *key, const struct tree_summary *summary,
                        const struct compile_result *compile)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    unsigned char sum[SHA256_SIZE];

    write_head(&text, key, summary->digest, summary->kb);
    compile_result_store(compile, &text);
    sha256_of(text.data, text.len, sum);
    buf_append(&text, sum, sizeof(sum));
    return tree_write(folder, META_NAME, buf_view(&text));
}

static int parse(const struct buf *text, const char *key, struct artifact_meta *ret)
{
    _cleanup_(buf_release) struct buf head = BUF_INIT;
    struct artifact_meta meta = {0};
    unsigned char sum[SHA256_SIZE];

    if (text->len < (size_t)HEAD_LEN + SHA256_SIZE)
        return -EINVAL;
    size_t body = text->len - SHA256_SIZE;
    sha256_of(text->data, body, sum);
    if (memcmp(sum, text->data + body, SHA256_SIZE) != 0)
        return -EINVAL;
    const char *size = text->data + HEAD_LEN - 1 - SIZE_DIGITS;
    memcpy(meta.digest, size - 1 - SHA256_HEX_LEN, SHA256_HEX_LEN);
    meta.kb = strtoll(size, NULL, 10);
    /* Written again from what was read: equal only if every line is as it has to be. */
    write_head(&head, key, meta.digest, meta.kb);
    if (meta.kb < 0 || head.len != (size_t)HEAD_LEN || memcmp(head.data, text->data, HEAD_LEN) != 0)
        return -EINVAL;
    if (compile_result_load(text->data + HEAD_LEN, body - HEAD_LEN, &meta.compile, NULL) < 0)
        return -EINVAL;
    *ret = meta;
    return 0;
}

int artifact_meta_read(int folder, const char *key, struct artifact_meta *ret)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    _cleanup_(fd_closep) int fd = openat(folder, META_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int r = fd_read_all(fd, META_MAX, &text);
    return r < 0 ? r : parse(&text, key, ret);
}
