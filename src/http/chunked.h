/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunked.h: a strict decoder of chunked bodies. (http_parser, as Debian builds it, takes any byte after a CR for the LF and any two
 * bytes for the line end after a chunk; what a proxy in front reads differently becomes a smuggled request.)
 */
#ifndef EVALX_HTTP_CHUNKED_H
#define EVALX_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum chunked_state {
    CHUNKED_SIZE_FIRST,
    CHUNKED_SIZE,
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_LF,
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER, /* at the start of a line behind the last chunk */
    CHUNKED_TRAILER_NAME,
    CHUNKED_TRAILER_VALUE,
    CHUNKED_TRAILER_LF,
    CHUNKED_END_LF,
    CHUNKED_DONE,
};

/* Zeroed is the start. */
struct chunked {
    enum chunked_state state;
    uint64_t left; /* of the size line being read, or of the chunk */
    size_t line;   /* bytes of the size line, extensions included; of all trailers */
    size_t named;  /* bytes of the trailer's name, of which name holds the first */
    char name[24];
};

/*
 * Appends the decoded bytes of data to body and returns how many bytes of data were used: all of them, or fewer once state is
 * CHUNKED_DONE. -EFBIG when body would pass limit (or a chunk's size is beyond counting), -EBADMSG when it is not chunked
 * encoding. Chunk extensions (within 256 bytes a line) and trailer fields (within 8 KiB) are read and dropped; a trailer that
 * would change how the message is understood (Content-Length, Transfer-Encoding, …) is -EBADMSG.
 */
ssize_t chunked_decode(struct chunked *c, const char *data, size_t len, size_t limit, struct buf *body);

#endif
