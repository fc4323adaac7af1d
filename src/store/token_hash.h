/* SPDX-License-Identifier: Apache-2.0 */
/* token_hash.h: a hash of a token for the tables in memory (FNV-1a, then mixed, because the tables use the low bits). */
#ifndef EVALX_STORE_TOKEN_HASH_H
#define EVALX_STORE_TOKEN_HASH_H

#include <stdint.h>

static inline uint32_t token_hash(const char *token)
{
    uint32_t hash = 2166136261u;
    for (; *token; token++)
        hash = (hash ^ (unsigned char)*token) * 16777619u;
    return hash ^ (hash >> 15);
}

#endif
