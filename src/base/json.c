/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: see json.h. */
#include "base/json.h"

#include <errno.h>

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
            return error_set(err, -EINVAL, "more than %d values", JSON_NODES_MAX);
    }
    return 0;
}

int json_parse(const char *text, size_t len, json_t **ret, struct error *err)
{
    int r = scan(text, len, err);
    if (r < 0)
        return r;
    json_error_t why;
    json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!json)
        return error_set(err, -EINVAL, "line %d, column %d: %s", why.line, why.column, why.text);
    *ret = json;
    return 0;
}

static int append_chunk(const char *chunk, size_t len, void *out)
{
    buf_append(out, chunk, len);
    return 0;
}

void json_write(const json_t *json, struct buf *out)
{
    json_dump_callback(json, append_chunk, out, JSON_COMPACT | JSON_ENCODE_ANY);
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
