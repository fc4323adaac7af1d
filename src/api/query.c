/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: see query.h. */
#include "api/query.h"

#include <errno.h>

#include "base/encode.h"

enum { NAME_SHOWN_MAX = 64 };

static void complain_unknown(struct str name, const char *const *known, struct complaint *c)
{
    char shown[NAME_SHOWN_MAX + 1];
    _cleanup_(buf_release) struct buf list = BUF_INIT;
    snprintf(shown, sizeof shown, "%.*s", (int)utf8_cut(name.data, name.len, NAME_SHOWN_MAX), name.data);
    for (size_t i = 0; known[i]; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", known[i]);
    complain_field(c, shown, "unknown query parameter; known here: %s", list.len > 0 ? buf_str(&list) : "none");
}

int query_check(const struct http_exchange *x, const char *const *known, struct complaint *c)
{
    struct str name, value;
    unsigned seen = 0;
    for (size_t at = 0; http_query_next(x, &at, &name, &value);) {
        unsigned i = 0;
        while (known[i] && !str_is(name, known[i]))
            i++;
        if (!known[i])
            complain_unknown(name, known, c);
        else if (seen & 1U << i)
            complain_field(c, known[i], "the query parameter is given more than once");
        seen |= 1U << i;
    }
    return c->status ? -1 : 0;
}

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
