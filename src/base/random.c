/* SPDX-License-Identifier: Apache-2.0 */
/* random.c: see random.h. */
#include "base/random.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t len)
{
    char *p = out;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            abort(); /* getrandom without flags cannot fail on the kernels evalx runs on */
        p += n;
        len -= (size_t)n;
    }
}

uint64_t random_below(uint64_t bound)
{
    if (bound < 2)
        return 0;
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value;
    do
        random_bytes(&value, sizeof value);
    while (value >= limit);
    return value % bound;
}

void token_new(char out[TOKEN_LEN + 1])
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t done = 0;
    while (done < TOKEN_LEN) {
        unsigned char raw[32];
        random_bytes(raw, sizeof raw);
        for (size_t i = 0; i < sizeof raw && done < TOKEN_LEN; i++)
            if (raw[i] < 4 * 62) /* reject the tail so that every character is equally likely */
                out[done++] = alphabet[raw[i] % 62];
    }
    out[TOKEN_LEN] = '\0';
}

bool token_valid(const char *text, size_t len)
{
    if (len != TOKEN_LEN)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) || (unsigned char)text[i] > 127)
            return false;
    return true;
}
