/* SPDX-License-Identifier: Apache-2.0 */
/* chunked.c: see chunked.h. */
#include "http/chunked.h"

#include <errno.h>
#include <strings.h>

#include "http/guard.h"

enum { SIZE_LINE_MAX = 256, TRAILERS_MAX = 8192 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int size_line(struct chunked *c, char byte)
{
    if (++c->line > SIZE_LINE_MAX)
        return -EBADMSG;
    int digit = hex_digit(byte);
    if (c->state == CHUNKED_EXTENSION) {
        if (byte == '\r')
            c->state = CHUNKED_SIZE_LF;
        else if ((byte >= 0 && byte < ' ' && byte != '\t') || byte == 0x7f)
            return -EBADMSG;
        return 0;
    }
    if (digit >= 0) {
        if (c->left > UINT64_MAX >> 4)
            return -EFBIG;
        c->left = c->left << 4 | (unsigned)digit;
        c->state = CHUNKED_SIZE;
        return 0;
    }
    if (c->state == CHUNKED_SIZE_FIRST || (byte != '\r' && byte != ';'))
        return -EBADMSG;
    c->state = byte == '\r' ? CHUNKED_SIZE_LF : CHUNKED_EXTENSION;
    return 0;
}

/* The states that wait for one certain byte, and what follows. */
static const struct {
    char byte;
    enum chunked_state next;
} fixed[] = {
    [CHUNKED_SIZE_LF] = {'\n', CHUNKED_DATA}, /* or the end, after a size of 0 */
    [CHUNKED_DATA_CR] = {'\r', CHUNKED_DATA_LF},    [CHUNKED_DATA_LF] = {'\n', CHUNKED_SIZE_FIRST},
    [CHUNKED_TRAILER_LF] = {'\n', CHUNKED_TRAILER}, [CHUNKED_END_LF] = {'\n', CHUNKED_DONE},
};

static int fixed_byte(struct chunked *c, char byte)
{
    if (byte != fixed[c->state].byte)
        return -EBADMSG;
    if (c->state != CHUNKED_TRAILER_LF)
        c->line = 0;
    c->state = c->state == CHUNKED_SIZE_LF && c->left == 0 ? CHUNKED_TRAILER : fixed[c->state].next;
    return 0;
}

/* Fields that frame, route or describe the message: they come before the body or not at all (RFC 9110, 6.5.1). */
static bool trailer_allowed(const char *name, size_t len)
{
    static const char *const forbidden[] = {
        "Content-Length", "Transfer-Encoding", "Host",          "Content-Encoding", "Content-Type",  "Content-Range",
        "Trailer",        "Connection",        "Authorization", "Expect",           "Last-Event-ID", "Idempotency-Key"};
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
        if (strlen(forbidden[i]) == len && strncasecmp(name, forbidden[i], len) == 0)
            return false;
    return true;
}

static int trailer(struct chunked *c, char byte)
{
    if (++c->line > TRAILERS_MAX)
        return -EBADMSG;
    if (c->state == CHUNKED_TRAILER_VALUE) {
        if (byte == '\r')
            c->state = CHUNKED_TRAILER_LF;
        else if ((byte >= 0 && byte < ' ' && byte != '\t') || byte == 0x7f)
            return -EBADMSG;
        return 0;
    }
    if (c->state == CHUNKED_TRAILER) {
        c->named = 0;
        c->state = byte == '\r' ? CHUNKED_END_LF : CHUNKED_TRAILER_NAME;
        if (byte == '\r')
            return 0;
    }
    if (byte == ':' && c->named > 0 && trailer_allowed(c->name, c->named)) {
        c->state = CHUNKED_TRAILER_VALUE;
        return 0;
    }
    if (!guard_token((struct str){&byte, 1}))
        return -EBADMSG;
    if (c->named < sizeof c->name)
        c->name[c->named] = byte;
    c->named++;
    return 0;
}

ssize_t chunked_decode(struct chunked *c, const char *data, size_t len, size_t limit, struct buf *body)
{
    size_t at = 0;
    while (at < len && c->state != CHUNKED_DONE) {
        int r = 0;
        if (c->state == CHUNKED_DATA) {
            size_t n = (size_t)MIN(c->left, (uint64_t)(len - at));
            buf_append(body, data + at, n);
            at += n;
            c->left -= n;
            if (c->left == 0)
                c->state = CHUNKED_DATA_CR;
            continue;
        }
        if (c->state <= CHUNKED_EXTENSION)
            r = size_line(c, data[at++]);
        else if (c->state >= CHUNKED_TRAILER && c->state <= CHUNKED_TRAILER_VALUE)
            r = trailer(c, data[at++]);
        else
            r = fixed_byte(c, data[at++]);
        if (r == 0 && c->state == CHUNKED_DATA && c->left > limit - body->len)
            r = -EFBIG;
        if (r < 0)
            return r;
    }
    return (ssize_t)at;
}
