/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h: growing byte buffers and (pointer, length) views.
 *
 * struct buf owns its bytes and keeps a NUL after them that is not counted, so data is a C string when it holds no NUL.
 * A zeroed struct buf is valid and empty (data may be NULL: use buf_str for a string that never is).
 * Memory that runs out ends the process (abort): nothing acknowledged lives only in memory, so a restart loses nothing.
 */
#ifndef EVALX_BASE_BUF_H
#define EVALX_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/defs.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

/* A view of bytes owned by somebody else. */
struct str {
    const char *data;
    size_t len;
};

#define BUF_INIT     ((struct buf){0})
#define STR(literal) ((struct str){.data = "" literal, .len = sizeof(literal) - 1})

void buf_release(struct buf *b);
void buf_clear(struct buf *b);                 /* len = 0, keeps the memory */
void buf_reserve(struct buf *b, size_t extra); /* room for extra more bytes and a NUL */
void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_str(struct buf *b, const char *text);
void buf_append_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) ATTR_PRINTF(2, 3) ATTR_NONNULL;
void buf_set(struct buf *b, const void *data, size_t len); /* replaces the content */
void buf_truncate(struct buf *b, size_t len);              /* no effect when already shorter */
const char *buf_str(const struct buf *b);                  /* never NULL */
char *buf_steal(struct buf *b, size_t *ret_len);           /* the caller frees; b is empty afterwards; never NULL */

struct str str_of(const char *text); /* NULL gives the empty view */
struct str buf_view(const struct buf *b);
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *text);
char *str_dup(struct str s); /* the caller frees */

/* malloc family that never returns NULL (aborts instead). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) ATTR_PRINTF(1, 2);

#endif
