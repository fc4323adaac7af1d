/* SPDX-License-Identifier: Apache-2.0 */
/* token.h: the token in a request's path. */
#ifndef EVALX_API_TOKEN_H
#define EVALX_API_TOKEN_H

#include "api/complaint.h"
#include "base/random.h"

/* 0, or -1 with a 404: what does not look like a token names no submission. */
static inline int token_of(const struct http_exchange *x, char ret[TOKEN_LEN + 1], struct complaint *c)
{
    struct str segment = http_segment(x);
    if (!token_valid(segment.data, segment.len))
        return complain(c, 404, "there is no submission with this token");
    memcpy(ret, segment.data, TOKEN_LEN);
    ret[TOKEN_LEN] = '\0';
    return 0;
}

#endif
