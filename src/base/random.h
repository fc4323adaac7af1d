/* SPDX-License-Identifier: Apache-2.0 */
/* random.h: bytes from the kernel's generator, and the tokens that name submissions. */
#ifndef EVALX_BASE_RANDOM_H
#define EVALX_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_LEN = 22 }; /* 62^22 > 2^130: a token is the only secret that guards a submission */

void random_bytes(void *out, size_t len);
uint64_t random_below(uint64_t bound); /* uniform in [0, bound) */

/* Writes a fresh token of TOKEN_LEN characters [0-9A-Za-z] and a NUL. */
void token_new(char out[TOKEN_LEN + 1]);

/* True when text[0..len) has exactly the form of a token. */
bool token_valid(const char *text, size_t len);

#endif
