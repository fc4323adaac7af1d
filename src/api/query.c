/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: see query.h. */
#include "api/query.h"

#include <errno.h>

/* "2", "0.25", ".5" as milliseconds; -EINVAL when it is not such a number or above most_ms. */
static int parse_seconds(struct str text, int64_t most_ms, int64_t *ret)
{
    int64_t ms = 0, unit = 1000;
    bool point = false, digits = false, more = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return -EINVAL;
        digits = true;
        if (!point) {
            ms = ms * 10 + (c - '0') * unit;
        } else {
            unit /= 10;
            ms += (c - '0') * unit;
            more |= unit == 0 && c != '0';
        }
        if (ms > most_ms)
            return -EINVAL;
    }
    if (!digits || (more && ms == most_ms))
        return -EINVAL;
    *ret = ms;
    return 0;
}

int query_wait(const struct api *api, const struct http_exchange *x, int64_t *ret, struct complaint *c)
{
    struct str text;
    int64_t most_ms = api->config.wait_max_ms;
    if (!http_query(x, "wait", &text))
        return 0;
    if (parse_seconds(text, most_ms, ret) < 0)
        return complain_field(c, "wait", "the query parameter must be a number of seconds from 0 to %g",
                              (double)most_ms / 1000);
    return 0;
}

int query_encoding(const struct http_exchange *x, struct view *view, struct complaint *c)
{
    struct str text;
    if (!http_query(x, "encoding", &text))
        return 0;
    view->encoding_given = true;
    if (str_is(text, "utf8"))
        view->encoding = ENCODING_UTF8;
    else if (str_is(text, "base64"))
        view->encoding = ENCODING_BASE64;
    else
        return complain_field(c, "encoding", "the query parameter must be utf8 or base64");
    return 0;
}

int query_fields(const struct http_exchange *x, struct view *view, struct complaint *c)
{
    struct str text;
    if (!http_query(x, "fields", &text))
        return 0;
    _cleanup_(freep) char *fields = str_dup(text);
    json_auto_t *empty = json_object();
    struct error err = ERROR_INIT;
    if (document_select(empty, fields, &err) < 0)
        return complain_field(c, "fields", "%s", err.message);
    view->fields = STEAL(fields);
    return 0;
}

int query_flag(const struct http_exchange *x, const char *name, bool *ret, struct complaint *c)
{
    struct str text;
    if (!http_query(x, name, &text))
        return 0;
    if (!str_is(text, "true") && !str_is(text, "false"))
        return complain_field(c, name, "the query parameter must be true or false");
    *ret = str_is(text, "true");
    return 0;
}
