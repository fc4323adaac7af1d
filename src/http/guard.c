/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c: see guard.h. Each rule answers an attack that has worked against other servers: request smuggling (two lengths, two
 * framings, blanks before the colon, folded lines, bare LF), paths that are cut at a NUL or climb with "..", and floods.
 */
#include "http/guard.h"

#include <stdint.h>
#include <strings.h>

static const struct refusal fine = {0};

static struct refusal bad(const char *detail)
{
    return (struct refusal){.status = 400, .detail = detail};
}

static bool token_char(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c && strchr("!#$%&'*+-.^_`|~", c);
}

bool guard_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!token_char((unsigned char)s.data[i]))
            return false;
    return s.len > 0;
}

enum head_state guard_scan(const char *data, size_t len, size_t *scanned)
{
    for (size_t i = *scanned; i < len; i++) {
        unsigned char c = (unsigned char)data[i];
        bool after_cr = i > 0 && data[i - 1] == '\r';
        if ((c == '\n') != after_cr || (c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return HEAD_BAD;
        if (c == '\n' && i >= 3 && data[i - 2] == '\n') {
            *scanned = i + 1;
            return HEAD_COMPLETE;
        }
    }
    *scanned = len;
    return HEAD_PARTIAL;
}

/* METHOD SP target SP HTTP/d.d */
static struct refusal request_line(struct str line)
{
    const char *end = line.data + line.len;
    const char *first = memchr(line.data, ' ', line.len);
    if (!first || !guard_token((struct str){line.data, (size_t)(first - line.data)}))
        return bad("the request line must be a method, a target and an HTTP version");
    const char *target = first + 1;
    const char *second = memchr(target, ' ', (size_t)(end - target));
    if (!second || second == target || end - second != 9 || memcmp(second, " HTTP/", 6) != 0 || second[7] != '.')
        return bad("the request line must be a method, a target and an HTTP version");
    for (const char *p = target; p < second; p++)
        if (*p <= ' ' || *p > '~' || *p == '#')
            return bad("the request target holds a character that must be percent-encoded");
    if (second[6] != '1' || (second[8] != '0' && second[8] != '1'))
        return (struct refusal){.status = 505, .detail = "only versions 1.1 and 1.0 of HTTP are spoken here"};
    return fine;
}

static struct refusal header_line(struct str line)
{
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return bad("a header must not be folded over several lines");
    const char *colon = memchr(line.data, ':', line.len);
    if (!colon || !guard_token((struct str){line.data, (size_t)(colon - line.data)}))
        return bad("a header must be NAME: VALUE, without a blank before the colon");
    return fine;
}

struct refusal guard_lines(const char *data, size_t len)
{
    size_t count = 0;
    for (const char *line = data, *end = data + len; line < end; count++) {
        const char *stop = memchr(line, '\r', (size_t)(end - line));
        if (!stop)
            return bad("the head is not complete");
        struct str text = {line, (size_t)(stop - line)};
        if (text.len == 0)
            break;
        if (count > HTTP_HEADERS_MAX)
            return (struct refusal){.status = 431, .detail = "too many headers"};
        struct refusal no = count == 0 ? request_line(text) : header_line(text);
        if (no.status)
            return no;
        line = stop + 2;
    }
    return fine;
}

static bool name_is(struct str name, const char *text)
{
    return name.len == strlen(text) && strncasecmp(name.data, text, name.len) == 0;
}

static bool value_is(struct str value, const char *text)
{
    return name_is(value, text);
}

static struct refusal check_host(struct request *r, struct str value)
{
    (void)r;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (!token_char(c) && !strchr(":[]", c))
            return bad("Host is not a host name");
    }
    return fine;
}

static struct refusal check_content_length(struct request *r, struct str value)
{
    uint64_t n = 0;
    if (value.len == 0)
        return bad("Content-Length is not a number");
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] < '0' || value.data[i] > '9')
            return bad("Content-Length is not a number");
    for (size_t i = 0; i < value.len; i++)
        if (__builtin_mul_overflow(n, 10U, &n) || __builtin_add_overflow(n, (unsigned)(value.data[i] - '0'), &n))
            return bad("Content-Length is larger than any body may be");
    r->content_length = n;
    return fine;
}

static struct refusal check_transfer_encoding(struct request *r, struct str value)
{
    if (!value_is(value, "chunked"))
        return bad("the only Transfer-Encoding understood is chunked");
    if (r->minor == 0)
        return bad("Transfer-Encoding has no meaning in HTTP/1.0");
    r->chunked = true;
    return fine;
}

static struct refusal check_expect(struct request *r, struct str value)
{
    if (!value_is(value, "100-continue"))
        return (struct refusal){.status = 417, .detail = "the only expectation understood is 100-continue"};
    r->expects_continue = r->minor > 0;
    return fine;
}

/* Headers that may come once only: for these, which one counts would be a matter of taste. */
enum { HOST, CONTENT_LENGTH, TRANSFER_ENCODING };
static const struct {
    const char *name, *repeated;
    struct refusal (*check)(struct request *r, struct str value);
} singletons[] = {
    [HOST] = {"Host", "Host is given more than once", check_host},
    [CONTENT_LENGTH] = {"Content-Length", "Content-Length is given more than once", check_content_length},
    [TRANSFER_ENCODING] = {"Transfer-Encoding", "Transfer-Encoding is given more than once", check_transfer_encoding},
    {"Expect", "Expect is given more than once", check_expect},
    {"Content-Type", "Content-Type is given more than once", NULL},
    {"Content-Encoding", "Content-Encoding is given more than once", NULL},
    {"Authorization", "Authorization is given more than once", NULL},
    {"Idempotency-Key", "Idempotency-Key is given more than once", NULL},
    {"Last-Event-ID", "Last-Event-ID is given more than once", NULL},
};

struct refusal guard_headers(struct request *r)
{
    bool seen[ARRAY_LEN(singletons)] = {0};
    for (size_t i = 0; i < r->header_count; i++) {
        for (size_t k = 0; k < ARRAY_LEN(singletons); k++) {
            if (!name_is(r->headers[i].name, singletons[k].name))
                continue;
            if (seen[k])
                return bad(singletons[k].repeated);
            seen[k] = true;
            struct refusal no = singletons[k].check ? singletons[k].check(r, r->headers[i].value) : fine;
            if (no.status)
                return no;
        }
    }
    if (seen[CONTENT_LENGTH] && seen[TRANSFER_ENCODING])
        return bad("Content-Length and Transfer-Encoding exclude each other");
    if (r->minor > 0 && !seen[HOST])
        return bad("Host is missing");
    return fine;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Appends text with its percent-encoding undone; false for a broken escape or an encoded NUL. */
static bool decode(struct str text, bool plus_is_blank, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 1 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        buf_append_char(out, c);
    }
    return true;
}

struct refusal guard_path(struct str path)
{
    _cleanup_(buf_release) struct buf plain = BUF_INIT;
    if (!decode(path, false, &plain))
        return bad("the path holds a broken percent-encoding or an encoded NUL");
    if (plain.len == 0 || plain.data[0] != '/')
        return bad("the path must begin with a slash");
    for (size_t at = 1, end; at <= plain.len; at = end + 1) {
        const char *slash = memchr(plain.data + at, '/', plain.len - at);
        end = slash ? (size_t)(slash - plain.data) : plain.len;
        struct str segment = {plain.data + at, end - at};
        if ((segment.len == 0 && slash) || str_is(segment, ".") || str_is(segment, ".."))
            return bad("the path holds an empty, \".\" or \"..\" segment");
    }
    return fine;
}

struct refusal guard_query(struct request *r)
{
    const char *at = r->query.data, *end = at + r->query.len;
    while (at && at < end) {
        const char *and = memchr(at, '&', (size_t)(end - at));
        const char *stop = and? and : end;
        if (stop == at) { /* nothing between two "&": no parameter */
            at++;
            continue;
        }
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals ? equals : stop, *value = equals ? equals + 1 : stop;
        bool ok = decode((struct str){at, (size_t)(name_end - at)}, true, &r->pairs);
        buf_append_char(&r->pairs, '\0');
        ok = ok && decode((struct str){value, (size_t)(stop - value)}, true, &r->pairs);
        buf_append_char(&r->pairs, '\0');
        if (!ok)
            return bad("the query holds a broken percent-encoding or an encoded NUL");
        at = stop + 1;
    }
    return fine;
}
