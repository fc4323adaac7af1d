/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: see request.h. */
#include "http/request.h"

#include <http_parser.h>
#include <stdlib.h>
#include <strings.h>

#include "http/guard.h"

void request_release(struct request *r)
{
    buf_release(&r->head);
    buf_release(&r->pairs);
    buf_release(&r->body);
    free(r->headers);
    *r = (struct request){0};
}

/* What http_parser hands out while it runs over the head: views, because the head lies in one piece. */
struct parse {
    struct request *request;
    struct str target;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t count; /* of values seen */
    struct str name;
    bool complete;
};

static int on_url(http_parser *parser, const char *at, size_t len)
{
    struct parse *p = parser->data;
    p->target = (struct str){at, len};
    return 0;
}

static int on_name(http_parser *parser, const char *at, size_t len)
{
    struct parse *p = parser->data;
    p->name = (struct str){at, len};
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
    struct parse *p = parser->data;
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    if (p->count == HTTP_HEADERS_MAX)
        return -1;
    p->headers[p->count++] = (struct http_header){.name = p->name, .value = {at, len}};
    return 0;
}

static int on_headers_complete(http_parser *parser)
{
    struct parse *p = parser->data;
    p->request->minor = parser->http_minor;
    p->request->head_only = str_is(p->request->method, "HEAD");
    p->request->keep_alive = http_should_keep_alive(parser);
    p->complete = true;
    return 1; /* the body is not this parser's business */
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

static struct refusal parser_refusal(enum http_errno why)
{
    if (why == HPE_INVALID_CONTENT_LENGTH)
        return (struct refusal){.status = 400,
                                .detail = "Content-Length is not a number, or larger than any body may be"};
    if (why == HPE_UNEXPECTED_CONTENT_LENGTH)
        return (struct refusal){.status = 400, .detail = "Content-Length is given twice, or with Transfer-Encoding"};
    return (struct refusal){.status = 400, .detail = "the request is malformed"};
}

/* "/path?query", or "http://host/path?query" as a proxy's client would say it. */
static void split_target(struct request *r, struct str target)
{
    static const struct str scheme = {"http://", 7};
    if (target.len > scheme.len && strncasecmp(target.data, scheme.data, scheme.len) == 0) {
        size_t at = scheme.len;
        while (at < target.len && target.data[at] != '/' && target.data[at] != '?')
            at++;
        target = (struct str){target.data + at, target.len - at};
        if (target.len == 0)
            target = STR("/");
    }
    const char *mark = memchr(target.data, '?', target.len);
    r->path = (struct str){target.data, mark ? (size_t)(mark - target.data) : target.len};
    if (mark)
        r->query = (struct str){mark + 1, target.len - r->path.len - 1};
}

struct refusal request_parse(struct request *r)
{
    struct refusal no = guard_lines(r->head.data, r->head.len);
    if (no.status)
        return no;
    const char *blank = r->head.len > 0 ? memchr(r->head.data, ' ', r->head.len) : NULL;
    if (!blank)
        return (struct refusal){.status = 400,
                                .detail = "the request is malformed"}; /* nothing before the blank line */
    r->method = (struct str){r->head.data, (size_t)(blank - r->head.data)};

    struct parse p = {.request = r};
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &p;
    /* The parser refuses methods that are not in its list. Which are known is for the routes to say: it sees a GET always. */
    http_parser_execute(&parser, &settings, "GET", 3);
    http_parser_execute(&parser, &settings, blank, r->head.len - r->method.len);
    if (!p.complete || !p.target.data)
        return parser_refusal(HTTP_PARSER_ERRNO(&parser));

    r->headers = xcalloc(p.count, sizeof *r->headers);
    r->header_count = p.count;
    if (p.count > 0)
        memcpy(r->headers, p.headers, p.count * sizeof *r->headers);
    no = guard_headers(r);
    if (no.status)
        return no;
    split_target(r, p.target);
    if (str_is(r->path, "*") && str_is(r->method, "OPTIONS"))
        return no;
    no = guard_path(r->path);
    return no.status ? no : guard_query(r);
}

bool request_header(const struct request *r, const char *name, struct str *ret)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < r->header_count; i++) {
        const struct http_header *h = &r->headers[i];
        if (h->name.len == len && strncasecmp(h->name.data, name, len) == 0) {
            *ret = h->value;
            return true;
        }
    }
    return false;
}

bool request_query_next(const struct request *r, size_t *at, struct str *ret_name, struct str *ret_value)
{
    if (*at >= r->pairs.len)
        return false;
    *ret_name = str_of(r->pairs.data + *at);
    *ret_value = str_of(ret_name->data + ret_name->len + 1);
    *at += ret_name->len + 1 + ret_value->len + 1;
    return true;
}

bool request_query(const struct request *r, const char *name, struct str *ret)
{
    struct str found, value;
    for (size_t at = 0; request_query_next(r, &at, &found, &value);) {
        if (str_is(found, name)) {
            *ret = value;
            return true;
        }
    }
    return false;
}
