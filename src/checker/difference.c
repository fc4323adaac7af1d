/* SPDX-License-Identifier: Apache-2.0 */
/* difference.c: see difference.h. */
#include "checker/difference.h"

#include <stdbool.h>
#include <string.h>

#include "base/encode.h"
#include "checker/checker.h"

enum {
    UTF8_BYTES_MAX = 4,
    LEAD_MAX = 40,  /* bytes that both pieces may begin with alike */
    LEAD_KEPT = 20, /* what is shown of them when there are more */
};
#define ELLIPSIS "\xe2\x80\xa6"

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t count_lines(struct str whole, size_t at, size_t *ret_line_start)
{
    size_t lines = 1, start = 0;
    for (const char *newline; start < at && (newline = memchr(whole.data + start, '\n', at - start)); lines++)
        start = (size_t)(newline - whole.data) + 1;
    *ret_line_start = start;
    return lines;
}

/* In characters, from 1; a byte inside a character has the character's column. */
static size_t column_of(struct str whole, size_t line_start, size_t at)
{
    size_t column = 0;
    for (size_t i = line_start; i < at; i++)
        column += !is_continuation(whole.data[i]);
    bool inside = column > 0 && at < whole.len && is_continuation(whole.data[at]);
    return inside ? column : column + 1;
}

static size_t common_prefix(struct str a, struct str b)
{
    size_t most = MIN(a.len, b.len), i = 0;
    while (i < most && a.data[i] == b.data[i])
        i++;
    return i;
}

/* Appends the character at text (valid UTF-8) so that a terminal shows it and does nothing else; returns its length. */
static size_t append_character(struct buf *out, const char *text)
{
    unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];
    size_t len = 1;
    while (is_continuation(text[len]))
        len++;
    if (c == '\n')
        buf_append_str(out, "\\n");
    else if (c == '\t')
        buf_append_str(out, "\\t");
    else if (c == '\r')
        buf_append_str(out, "\\r");
    else if (c == '"' || c == '\\')
        buf_printf(out, "\\%c", c);
    else if (c < 0x20 || c == 0x7f)
        buf_printf(out, "\\x%02x", c);
    else if (c == 0xc2 && next < 0xa0)
        buf_printf(out, "\\u%04x", next); /* C1 control characters */
    else
        buf_append(out, text, len);
    return len;
}

/* piece from skip on, in quotes, at most CHECKER_QUOTE_MAX characters. */
static void append_quote(struct buf *out, struct str piece, size_t skip)
{
    if (!piece.data) {
        buf_append_str(out, "end of output");
        return;
    }
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    struct str rest = {piece.data + skip, piece.len - skip};
    size_t looked = utf8_cut(rest.data, rest.len, CHECKER_QUOTE_MAX * UTF8_BYTES_MAX);
    utf8_repair(rest.data, looked, &text);
    buf_append_str(out, skip > 0 ? ELLIPSIS "\"" : "\"");
    size_t at = 0;
    for (int shown = 0; at < text.len && shown < CHECKER_QUOTE_MAX; shown++)
        at += append_character(out, text.data + at);
    bool cut = at < text.len || looked < rest.len;
    buf_append_str(out, cut ? "\"" ELLIPSIS : "\"");
}

char *difference_message(struct str whole, size_t at, struct str expected, struct str got)
{
    size_t line_start, line = count_lines(whole, at, &line_start);
    size_t skip = 0, lead = common_prefix(expected, got);
    if (lead > LEAD_MAX) {
        skip = lead - LEAD_KEPT;
        for (int i = 1; i < UTF8_BYTES_MAX && is_continuation(expected.data[skip]); i++)
            skip--;
    }
    struct buf out = BUF_INIT;
    buf_printf(&out, "line %zu, column %zu: expected ", line, column_of(whole, line_start, at));
    append_quote(&out, expected, skip);
    buf_append_str(&out, ", got ");
    append_quote(&out, got, skip);
    return buf_steal(&out, NULL);
}
