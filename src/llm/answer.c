/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c: a model's response made a hint. Nothing in it is trusted: it may be no JSON, of another shape, endless, full of code or of
 * characters that do something to a terminal.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "llm/internal.h"

/* ---- what is taken out ---- */

static struct str line_at(struct str text, size_t at)
{
    const char *end = memchr(text.data + at, '\n', text.len - at);
    return (struct str){text.data + at, end ? (size_t)(end - text.data) - at : text.len - at};
}

static bool is_fence(struct str line)
{
    size_t at = 0;
    while (at < line.len && isspace((unsigned char)line.data[at]))
        at++;
    return line.len - at >= 3 && (memcmp(line.data + at, "```", 3) == 0 || memcmp(line.data + at, "~~~", 3) == 0);
}

/* From the line after an opening fence: the lines of the block, and where the text goes on. A block without an end is the rest. */
static unsigned block_lines(struct str text, size_t at, size_t *ret_inside, size_t *ret_next)
{
    unsigned lines = 0;

    while (at < text.len) {
        struct str line = line_at(text, at);
        size_t next = MIN(at + line.len + 1, text.len);
        if (is_fence(line)) {
            *ret_inside = at;
            *ret_next = next;
            return lines;
        }
        lines++;
        at = next;
    }
    *ret_inside = *ret_next = text.len;
    return CODE_LINES_MAX + 1;
}

/* Blocks of code that are longer than a hint may show go, of others only the fences. */
static void drop_blocks(struct str text, struct buf *out)
{
    for (size_t at = 0; at < text.len;) {
        struct str line = line_at(text, at);
        size_t next = MIN(at + line.len + 1, text.len), inside, after;
        if (is_fence(line)) {
            if (block_lines(text, next, &inside, &after) <= CODE_LINES_MAX)
                buf_append(out, text.data + next, inside - next);
            next = after;
        } else {
            buf_append(out, text.data + at, next - at);
        }
        at = next;
    }
}

/* Some models think aloud first. */
static struct str after_thoughts(struct str text)
{
    static const char end[] = "</think>";
    const char *found = memmem(text.data, text.len, end, sizeof end - 1);
    if (!found)
        return text;
    size_t skipped = (size_t)(found - text.data) + sizeof end - 1;
    return after_thoughts((struct str){text.data + skipped, text.len - skipped});
}

/* Bytes of a character at text that is no ordinary one: control characters, of direction and of no width; 0: it is ordinary. */
static size_t control_length(const char *text, size_t len)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x20 || c[0] == 0x7f)
        return 1;
    if (len >= 2 && c[0] == 0xc2 && c[1] < 0xa0)
        return 2;
    if (len < 3)
        return 0;
    bool general = c[0] == 0xe2 && c[1] == 0x80 && ((c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xa8 && c[2] <= 0xae));
    bool isolates = c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf;
    bool mark = c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf;
    return general || isolates || mark ? 3 : 0;
}

/* White space and everything invisible becomes one blank; none at either end. */
static void flatten(struct str text, struct buf *out)
{
    bool blank = false;

    for (size_t i = 0; i < text.len;) {
        size_t control = control_length(text.data + i, text.len - i);
        if (control > 0 || text.data[i] == ' ') {
            blank = true;
            i += MAX(control, (size_t)1);
            continue;
        }
        if (blank && out->len > 0)
            buf_append_char(out, ' ');
        blank = false;
        buf_append_char(out, text.data[i++]);
    }
}

/* Too long: whole sentences when at least one fits, else cut with an ellipsis. */
static void shorten(struct buf *text)
{
    static const char ellipsis[] = "…";
    size_t end = 0;

    if (text->len <= HINT_MODEL_MAX)
        return;
    for (size_t i = 0; i + 1 < HINT_MODEL_MAX; i++)
        if (strchr(".!?", text->data[i]) && text->data[i + 1] == ' ')
            end = i + 1;
    if (end > 0) {
        buf_truncate(text, end);
        return;
    }
    buf_truncate(text, utf8_cut(text->data, text->len, HINT_MODEL_MAX - (sizeof ellipsis - 1)));
    buf_append_str(text, ellipsis);
}

void answer_clean(struct str text, struct buf *out)
{
    _cleanup_(buf_release) struct buf repaired = BUF_INIT, prose = BUF_INIT;

    utf8_repair(text.data, text.len, &repaired);
    drop_blocks(after_thoughts(buf_view(&repaired)), &prose);
    flatten(buf_view(&prose), out);
    shorten(out);
}

int answer_read(struct str body, struct buf *out)
{
    json_auto_t *root = NULL;

    if (json_parse(body.data ? body.data : "", body.len, &root, NULL) < 0)
        return -EBADMSG;
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    const json_t *content = json_object_get(json_object_get(choice, "message"), "content");
    if (!json_is_string(content))
        return -EBADMSG;
    answer_clean((struct str){json_string_value(content), json_string_length(content)}, out);
    return out->len > 0 ? 0 : -ENODATA;
}
