/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: see answer.h. */
#include "http/answer.h"

#include <http_parser.h>
#include <time.h>

#include "http/guard.h"

static const char *const reasons[] = {
#define X(number, name, text) [number] = #text,
    HTTP_STATUS_MAP(X)
#undef X
};

static const char *reason(int status)
{
    const char *text = status >= 0 && (size_t)status < ARRAY_LEN(reasons) ? reasons[status] : NULL;
    return text ? text : "Unknown";
}

bool answer_header(struct buf *out, const char *name, const char *value)
{
    if (!guard_token(str_of(name)))
        return false;
    for (const char *p = value; *p; p++)
        if ((*p >= 0 && *p < ' ' && *p != '\t') || *p == 0x7f)
            return false;
    buf_printf(out, "%s: %s\r\n", name, value);
    return true;
}

static void append_date(struct buf *out)
{
    char text[64];
    struct tm tm;
    time_t now = time(NULL);
    if (gmtime_r(&now, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
        buf_printf(out, "Date: %s\r\n", text);
}

void answer_format(struct buf *out, const struct answer *a, struct str body)
{
    bool bodyless = a->status == 204 || a->status == 304;
    buf_printf(out, "HTTP/1.1 %d %s\r\n", a->status, reason(a->status));
    append_date(out);
    if (!bodyless)
        buf_printf(out, "Content-Type: %s\r\n", a->content_type ? a->content_type : "application/json");
    buf_append_str(out, "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n");
    if (a->cors)
        buf_append_str(out,
                       "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Location, Retry-After\r\n");
    buf_append(out, a->extra.data, a->extra.len);
    if (a->stream && a->minor > 0)
        buf_append_str(out, "Transfer-Encoding: chunked\r\n");
    else if (!a->stream && !bodyless)
        buf_printf(out, "Content-Length: %zu\r\n", body.len);
    if (!a->keep_alive)
        buf_append_str(out, "Connection: close\r\n");
    else if (a->minor == 0)
        buf_append_str(out, "Connection: keep-alive\r\n");
    buf_append_str(out, "\r\n");
    if (!a->head_only && !bodyless)
        buf_append(out, body.data, body.len);
}
