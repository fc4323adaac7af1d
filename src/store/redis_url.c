/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_url.c: redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE][?queue=NAME] and redis+unix:PATH[?db=N&queue=NAME].
 *
 * User and password may be percent-encoded. What is shown to people has neither.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "store/redis_store.h"

enum { DEFAULT_PORT = 6379, PORT_MAX = 65535, DATABASE_MAX = 1000000, QUEUE_NAME_MAX = 64 };

void redis_address_release(struct redis_address *address)
{
    free(address->host);
    free(address->path);
    free(address->user);
    if (address->password)
        explicit_bzero(address->password, strlen(address->password));
    free(address->password);
    free(address->queue);
    free(address->shown);
    *address = (struct redis_address){0};
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Percent-decoding. NULL for a broken escape or a NUL. */
static char *decode(struct str text)
{
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex(text.data[i + 1]) : -1, low = high >= 0 ? hex(text.data[i + 2]) : -1;
            if (low < 0 || high * 16 + low == 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        buf_append_char(&out, c);
    }
    return buf_steal(&out, NULL);
}

static bool parse_number(struct str text, int most, int *ret)
{
    long value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.data[i]))
            return false;
        value = value * 10 + (text.data[i] - '0');
        if (value > most)
            return false;
    }
    *ret = (int)value;
    return text.len > 0;
}

static struct str span(const char *from, const char *to)
{
    return (struct str){.data = from, .len = (size_t)(to - from)};
}

static const char *end_of(struct str s)
{
    return s.data + s.len;
}

static const char *find(struct str s, char c)
{
    return s.len ? memchr(s.data, c, s.len) : NULL;
}

static int parse_queue(struct str value, struct redis_address *a, struct error *err)
{
    bool good = value.len > 0 && value.len <= QUEUE_NAME_MAX;
    for (size_t i = 0; good && i < value.len; i++)
        good = isalnum((unsigned char)value.data[i]) || strchr("._:-", value.data[i]);
    if (!good)
        return error_set(err, -EINVAL, "the queue's name may have 1 to %d letters, digits, and . _ : -",
                         QUEUE_NAME_MAX);
    free(a->queue);
    a->queue = str_dup(value);
    return 0;
}

static int parse_query(struct str query, bool is_path, struct redis_address *a, struct error *err)
{
    while (query.len > 0) {
        const char *stop = find(query, '&');
        struct str pair = span(query.data, stop ? stop : end_of(query));
        query = stop ? span(stop + 1, end_of(query)) : (struct str){0};
        const char *equals = find(pair, '=');
        struct str name = span(pair.data, equals ? equals : end_of(pair));
        struct str value = equals ? span(equals + 1, end_of(pair)) : (struct str){0};
        if (str_is(name, "queue")) {
            int r = parse_queue(value, a, err);
            if (r < 0)
                return r;
        } else if (is_path && str_is(name, "db")) {
            if (!parse_number(value, DATABASE_MAX, &a->database))
                return error_set(err, -EINVAL, "db must be a number");
        } else {
            return error_set(err, -EINVAL, "the URL has an unknown option \"%.*s\": there %s", (int)MIN(name.len, 64),
                             name.data, is_path ? "are queue and db" : "is queue");
        }
    }
    return 0;
}

static int parse_user(struct str user, struct redis_address *a, struct error *err)
{
    const char *colon = find(user, ':');
    struct str name = span(user.data, colon ? colon : end_of(user));
    if (colon)
        a->password = decode(span(colon + 1, end_of(user)));
    if (name.len > 0)
        a->user = decode(name);
    if ((colon && !a->password) || (name.len > 0 && !a->user))
        return error_set(err, -EINVAL, "user or password has a broken %%-escape");
    return 0;
}

static int parse_host(struct str host, struct redis_address *a, struct error *err)
{
    const char *bracket = host.len && host.data[0] == '[' ? find(host, ']') : NULL;
    struct str name = bracket ? span(host.data + 1, bracket) : host;
    struct str rest = bracket ? span(bracket + 1, end_of(host)) : host;
    const char *colon = find(rest, ':');
    if (!bracket && colon)
        name = span(host.data, colon);
    a->port = DEFAULT_PORT;
    if (bracket && rest.len > 0 && rest.data[0] != ':')
        return error_set(err, -EINVAL, "what follows ] must be a port");
    if (colon && (!parse_number(span(colon + 1, end_of(rest)), PORT_MAX, &a->port) || a->port == 0))
        return error_set(err, -EINVAL, "the port must be a number from 1 to %d", PORT_MAX);
    if (name.len == 0)
        return error_set(err, -EINVAL, "the URL names no host: redis://HOST[:PORT][/DATABASE] is needed");
    a->host = str_dup(name);
    return 0;
}

static int parse_network(struct str url, struct redis_address *a, struct error *err)
{
    if (url.len < 2 || memcmp(url.data, "//", 2) != 0)
        return error_set(err, -EINVAL, "redis://HOST[:PORT][/DATABASE] is needed");
    url = span(url.data + 2, end_of(url));
    const char *slash = find(url, '/');
    struct str authority = span(url.data, slash ? slash : end_of(url));
    struct str database = slash ? span(slash + 1, end_of(url)) : (struct str){0};
    const char *at = authority.len ? memrchr(authority.data, '@', authority.len) : NULL;
    if (database.len > 0 && !parse_number(database, DATABASE_MAX, &a->database))
        return error_set(err, -EINVAL, "the database after / must be a number");
    int r = at ? parse_user(span(authority.data, at), a, err) : 0;
    if (r == 0)
        r = parse_host(at ? span(at + 1, end_of(authority)) : authority, a, err);
    if (r == 0)
        a->shown = xasprintf("redis://%s:%d/%d", a->host, a->port, a->database);
    return r;
}

static int parse_path(struct str path, struct redis_address *a, struct error *err)
{
    if (path.len >= 2 && memcmp(path.data, "//", 2) == 0) /* redis+unix:///path is as good */
        path = span(path.data + 2, end_of(path));
    if (path.len == 0 || path.data[0] != '/')
        return error_set(err, -EINVAL, "redis+unix:/PATH/OF/SOCKET is needed");
    a->path = str_dup(path);
    a->shown = xasprintf("redis+unix:%s", a->path);
    return 0;
}

int redis_address_parse(const char *scheme, const char *rest, struct redis_address *ret, struct error *err)
{
    if (strcmp(scheme, "rediss") == 0)
        return error_set(
            err, -EPROTONOSUPPORT,
            "rediss:// (TLS) cannot be had: Debian's libhiredis 0.14 has no TLS. Use redis:// in a network of "
            "your own, or through a local TLS tunnel such as stunnel");
    bool is_path = strcmp(scheme, "redis+unix") == 0;
    struct str url = str_of(rest);
    const char *mark = find(url, '?');
    struct str query = mark ? span(mark + 1, end_of(url)) : (struct str){0};
    struct redis_address a = {.queue = xstrdup(REDIS_QUEUE_DEFAULT)};
    struct str place = span(url.data, mark ? mark : end_of(url));
    int r = is_path ? parse_path(place, &a, err) : parse_network(place, &a, err);
    if (r == 0)
        r = parse_query(query, is_path, &a, err);
    if (r < 0)
        redis_address_release(&a);
    else
        *ret = a;
    return r;
}
