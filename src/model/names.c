/* SPDX-License-Identifier: Apache-2.0 */
/* names.c: which paths a submitted file may have, and which web addresses a result may be sent to. */
#include "model/names.h"

#include <string.h>
#include <strings.h>

#include "model/submission.h"

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static const char *component_mistake(struct str part)
{
    if (part.len == 0)
        return "must not have an empty part (\"//\", or a '/' at its end)";
    if (str_is(part, ".") || str_is(part, ".."))
        return "must not have the part \".\" or \"..\"";
    return NULL;
}

const char *source_name_mistake(struct str name)
{
    if (name.len == 0)
        return "must not be empty";
    if (name.len > SUBMISSION_NAME_MAX)
        return "must be at most 255 bytes long";
    for (size_t i = 0; i < name.len; i++)
        if (is_control(name.data[i]))
            return "must not hold a NUL or another control character";
    if (memchr(name.data, '\\', name.len))
        return "must not hold a backslash; folders are separated by '/'";
    if (name.data[0] == '/')
        return "must be a relative path";
    if (name.data[0] == '-' || name.data[0] == '@')
        return "must not start with '-' or '@': a compiler would take it for an option";
    for (size_t start = 0; start <= name.len;) {
        const char *slash = memchr(name.data + start, '/', name.len - start);
        size_t end = slash ? (size_t)(slash - name.data) : name.len;
        const char *mistake = component_mistake((struct str){name.data + start, end - start});
        if (mistake)
            return mistake;
        start = end + 1;
    }
    if (str_is(name, "out") || (name.len > 4 && memcmp(name.data, "out/", 4) == 0))
        return "must not be \"out\" or in it: that folder is the compiler's";
    return NULL;
}

bool source_names_collide(const char *a, const char *b)
{
    size_t len_a = strlen(a), len_b = strlen(b), shorter = MIN(len_a, len_b);
    if (memcmp(a, b, shorter) != 0)
        return false;
    return len_a == len_b || (len_a > len_b ? a : b)[shorter] == '/';
}

/* host, host:port, [v6] or [v6]:port. */
static const char *authority_mistake(struct str authority)
{
    if (memchr(authority.data, '@', authority.len))
        return "must not hold a user name or password";
    const char *end = authority.data + authority.len, *host_end;
    if (authority.len > 0 && authority.data[0] == '[') {
        host_end = memchr(authority.data, ']', authority.len);
        if (!host_end || host_end == authority.data + 1)
            return "has no valid host";
        host_end++;
    } else {
        host_end = memchr(authority.data, ':', authority.len);
        host_end = host_end ? host_end : end;
        if (host_end == authority.data)
            return "has no host";
    }
    if (host_end == end)
        return NULL;
    if (*host_end != ':' || end - host_end > 6 || end - host_end < 2)
        return "has no valid port";
    unsigned port = 0;
    for (const char *c = host_end + 1; c < end; c++) {
        if (*c < '0' || *c > '9')
            return "has no valid port";
        port = port * 10 + (unsigned)(*c - '0');
    }
    return port >= 1 && port <= 65535 ? NULL : "has no valid port";
}

const char *webhook_url_mistake(struct str url)
{
    if (url.len > SUBMISSION_WEBHOOK_URL_MAX)
        return "must be at most 2048 bytes long";
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.data[i] <= ' ' || (unsigned char)url.data[i] >= 0x7f || url.data[i] == '\\')
            return "must be plain ASCII without blanks, control characters and backslashes";
    size_t scheme = 0;
    if (url.len >= 7 && strncasecmp(url.data, "http://", 7) == 0)
        scheme = 7;
    else if (url.len >= 8 && strncasecmp(url.data, "https://", 8) == 0)
        scheme = 8;
    else
        return "must be an http:// or https:// address";
    size_t end = scheme;
    while (end < url.len && !strchr("/?#", url.data[end]))
        end++;
    return authority_mistake((struct str){url.data + scheme, end - scheme});
}
