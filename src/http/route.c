/* SPDX-License-Identifier: Apache-2.0 */
/* route.c: see route.h. A table of a dozen routes is searched from the top: nothing faster is needed. */
#include "http/route.h"

enum { SEGMENT_MAX = 64 };

static size_t segment_len(const char *at, const char *end)
{
    const char *p = at;
    while (p < end &&
           ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' || *p == '-'))
        p++;
    return (size_t)(p - at);
}

static bool path_matches(const char *pattern, struct str path, struct str *segment)
{
    size_t len_all = strlen(pattern);
    if (len_all > 0 && pattern[len_all - 1] == '*')
        return path.len >= len_all - 1 && memcmp(path.data, pattern, len_all - 1) == 0;
    const char *hole = strstr(pattern, "{}");
    if (!hole)
        return str_is(path, pattern);
    size_t before = (size_t)(hole - pattern);
    if (path.len <= before || memcmp(path.data, pattern, before) != 0)
        return false;
    const char *at = path.data + before, *end = path.data + path.len;
    size_t len = segment_len(at, end);
    if (len == 0 || len > SEGMENT_MAX)
        return false;
    if (!str_is((struct str){at + len, (size_t)(end - at) - len}, hole + 2))
        return false;
    *segment = (struct str){at, len};
    return true;
}

static bool method_matches(const char *method, const struct request *r)
{
    return str_is(r->method, method) || (r->head_only && str_is(STR("GET"), method));
}

/* Adds a method to the list unless it is there. */
static void allow_add(struct buf *allow, const char *method)
{
    const char *found = allow->len > 0 ? strstr(allow->data, method) : NULL;
    if (found)
        return;
    if (allow->len > 0)
        buf_append_str(allow, ", ");
    buf_append_str(allow, method);
    if (str_is(STR("GET"), method))
        buf_append_str(allow, ", HEAD");
}

const struct http_route *route_find(const struct http_route *routes, size_t count, struct request *r, struct buf *allow)
{
    bool any = str_is(r->path, "*");
    for (size_t i = 0; i < count; i++) {
        struct str segment = {0};
        if (!any && !path_matches(routes[i].path, r->path, &segment))
            continue;
        if (method_matches(routes[i].method, r)) {
            r->segment = segment;
            buf_clear(allow);
            return &routes[i];
        }
        allow_add(allow, routes[i].method);
    }
    if (allow->len > 0)
        allow_add(allow, "OPTIONS");
    return NULL;
}
