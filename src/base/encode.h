/* SPDX-License-Identifier: Apache-2.0 */
/* encode.h: base64 (RFC 4648, strict), hex, SHA-256 and UTF-8. */
#ifndef EVALX_BASE_ENCODE_H
#define EVALX_BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { SHA256_SIZE = 32, SHA256_HEX_LEN = 64 };

void base64_encode(const void *data, size_t len, struct buf *out); /* appends, padded, no line breaks */

/* Appends the decoded bytes. -EINVAL when text is not canonical padded base64; ASCII white space between groups is allowed. */
int base64_decode(const char *text, size_t len, struct buf *out);

void hex_encode(const void *data, size_t len, char *out); /* 2 * len characters and a NUL */

struct sha256; /* running digest */
struct sha256 *sha256_new(void);
void sha256_update(struct sha256 *h, const void *data, size_t len);
void sha256_update_field(struct sha256 *h, const void *data, size_t len); /* length first: fields cannot run together */
void sha256_finish(struct sha256 *h, unsigned char out[SHA256_SIZE]);     /* frees h */
void sha256_finish_hex(struct sha256 *h, char out[SHA256_HEX_LEN + 1]);   /* frees h */
void sha256_of(const void *data, size_t len, unsigned char out[SHA256_SIZE]);

bool utf8_valid(const char *text, size_t len); /* no surrogates, no overlong forms */

/* Appends text with every byte that is not part of valid UTF-8 replaced by U+FFFD; returns true when any was replaced. */
bool utf8_repair(const char *text, size_t len, struct buf *out);

/* The largest cut <= limit that does not split a UTF-8 sequence of text. */
size_t utf8_cut(const char *text, size_t len, size_t limit);

#endif
