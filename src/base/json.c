/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: see json.h. */
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

/*
 * Counts structure without building any: a byte loop that knows strings and brackets. Text that is not JSON at all passes or
 * fails here as it may; jansson has the last word. A value is announced by '[', '{', ',' or ':'.
 */
static int scan(const char *text, size_t len, struct error *err)
{
    size_t depth = 0, nodes = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        switch (c) {
        case '"':
            in_string = true;
            break;
        case '[':
        case '{':
            if (++depth > JSON_DEPTH_MAX)
                return error_set(err, -EINVAL, "nested deeper than %d levels", JSON_DEPTH_MAX);
            nodes++;
            break;
        case ']':
        case '}':
            depth -= depth > 0;
            break;
        case ',':
        case ':':
            nodes++;
            break;
        default:
            break;
        }
        if (nodes > JSON_NODES_MAX)
            return error_set(err, -E2BIG, "more than %d values and keys", JSON_NODES_MAX);
    }
    return 0;
}

int json_parse(const char *text, size_t len, json_t **ret, struct error *err)
{
    return json_parse_at(text, len, ret, NULL, err);
}

int json_parse_at(const char *text, size_t len, json_t **ret, size_t *ret_position, struct error *err)
{
    int r = scan(text, len, err);
    if (r < 0)
        return r;
    json_error_t why;
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!json) {
        if (ret_position)
            *ret_position = why.position > 0 ? MIN((size_t)why.position, len) : 0;
        int code = json_error_code(&why) == json_error_numeric_overflow ? -ERANGE : -EINVAL;
        return error_set(err, code, "line %d, column %d: %s", why.line, why.column, why.text);
    }
    *ret = json;
    return 0;
}

/* ---- where in the structure a byte lies ---- */

enum { KEY_SHOWN_MAX = 100 }; /* bytes of a key in a path */

struct level {
    bool array;
    size_t index;   /* of the item being read */
    struct str key; /* of the member being read, as written */
};

/* From the opening quote to behind the closing one, or to the end. */
static size_t string_end(const char *text, size_t len, size_t at)
{
    for (at++; at < len && text[at] != '"'; at++)
        at += text[at] == '\\';
    return MIN(at + 1, len);
}

/* A key as it is meant, not as it is escaped; as written when it is no good string. */
static void append_key(struct buf *out, struct str key)
{
    json_t *plain = json_loadb(key.data - 1, key.len + 2, JSON_DECODE_ANY, NULL); /* with its quotes */
    struct str text = json_is_string(plain) ? (struct str){json_string_value(plain), json_string_length(plain)} : key;
    buf_append(out, text.data, utf8_cut(text.data, text.len, KEY_SHOWN_MAX));
    json_decref(plain);
}

static void append_path(struct buf *out, const struct level *levels, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        if (levels[i].array) {
            buf_printf(out, "[%zu]", levels[i].index);
        } else if (levels[i].key.len > 0) {
            buf_append_str(out, out->len > 0 ? "." : "");
            append_key(out, levels[i].key);
        }
    }
}

void json_path_at(const char *text, size_t len, size_t position, struct buf *out)
{
    struct level levels[JSON_DEPTH_MAX] = {{0}};
    size_t depth = 0;
    struct str last = {.data = "", .len = 0};
    for (size_t i = 0; i < MIN(position, len); i++) {
        struct level *now = depth > 0 ? &levels[depth - 1] : NULL;
        switch (text[i]) {
        case '"': {
            size_t end = string_end(text, len, i);
            last = (struct str){.data = text + i + 1, .len = end - i >= 2 ? end - i - 2 : 0};
            i = end - 1;
            break;
        }
        case ':':
            if (now && !now->array)
                now->key = last;
            break;
        case ',':
            if (now && now->array)
                now->index++;
            else if (now)
                now->key.len = last.len = 0;
            break;
        case '{':
        case '[':
            if (depth < JSON_DEPTH_MAX)
                levels[depth++] = (struct level){.array = text[i] == '['};
            last.len = 0;
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            break;
        default:
            break;
        }
    }
    if (depth > 0 && !levels[depth - 1].array && levels[depth - 1].key.len == 0)
        levels[depth - 1].key = last; /* stopped behind a key: it is the mistake itself */
    append_path(out, levels, depth);
}

/* ---- writing ---- */

struct writer {
    struct buf *out;
    bool in_string;
};

/* jansson writes 17 digits always; here the fewest that read back as the same number: 812.4, not 812.39999999999998. */
static void append_real(struct buf *out, const char *chunk, size_t len)
{
    char text[64];
    if (len >= sizeof text) {
        buf_append(out, chunk, len);
        return;
    }
    memcpy(text, chunk, len);
    text[len] = '\0';
    double value = strtod(text, NULL);
    char shorter[64];
    int precision = 15;
    do
        snprintf(shorter, sizeof shorter, "%.*g", precision, value);
    while (strtod(shorter, NULL) != value && ++precision < 18);
    buf_append_str(out, shorter);
    if (!strpbrk(shorter, ".e"))
        buf_append_str(out, ".0"); /* stays a real when it is read again */
}

/* Reals come as one chunk each, outside of strings; a string's quotes come as chunks of their own. */
static int append_chunk(const char *chunk, size_t len, void *context)
{
    struct writer *writer = context;
    bool number = !writer->in_string && len > 0 && (chunk[0] == '-' || (chunk[0] >= '0' && chunk[0] <= '9'));
    if (len == 1 && chunk[0] == '"')
        writer->in_string = !writer->in_string;
    if (number && (memchr(chunk, '.', len) || memchr(chunk, 'e', len)))
        append_real(writer->out, chunk, len);
    else
        buf_append(writer->out, chunk, len);
    return 0;
}

void json_write(const json_t *json, struct buf *out)
{
    struct writer writer = {.out = out};
    json_dump_callback(json, append_chunk, &writer, JSON_COMPACT | JSON_ENCODE_ANY);
}

json_t *json_text(const void *data, size_t len, bool *lossy)
{
    if (len == 0)
        return json_string("");
    json_t *whole = json_stringn(data, len);
    if (whole)
        return whole;
    _cleanup_(buf_release) struct buf repaired = BUF_INIT;
    bool replaced = utf8_repair(data, len, &repaired);
    if (lossy && replaced)
        *lossy = true;
    return json_stringn_nocheck(repaired.data, repaired.len);
}

json_t *json_base64(const void *data, size_t len)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    base64_encode(data, len, &text);
    return json_stringn_nocheck(buf_str(&text), text.len);
}

json_t *json_ms(int64_t ns)
{
    return json_real((double)(ns / 1000) / 1000.0);
}
