/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: see policy.h. URLs are read by libcurl's parser, which is the one that will dial them. */
#include "webhook/policy.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum { HOST_MAX = 253 };

struct parts {
    CURLU *url;
    char *scheme, *host, *port, *user, *password;
};

static void parts_release(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->user);
    curl_free(parts->password);
    curl_url_cleanup(parts->url);
}

static int parts_read(const char *text, struct parts *ret)
{
    ret->url = curl_url();
    if (!ret->url)
        return -ENOMEM;
    if (curl_url_set(ret->url, CURLUPART_URL, text, CURLU_PATH_AS_IS) != CURLUE_OK ||
        curl_url_get(ret->url, CURLUPART_SCHEME, &ret->scheme, 0) != CURLUE_OK ||
        curl_url_get(ret->url, CURLUPART_HOST, &ret->host, 0) != CURLUE_OK ||
        curl_url_get(ret->url, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return -EINVAL;
    /* Absent in a good URL: then they stay NULL. */
    curl_url_get(ret->url, CURLUPART_USER, &ret->user, 0);
    curl_url_get(ret->url, CURLUPART_PASSWORD, &ret->password, 0);
    return 0;
}

static bool host_matches(const char *pattern, const char *host)
{
    if (strncmp(pattern, "*.", 2) != 0)
        return strcasecmp(pattern, host) == 0;
    size_t tail = strlen(pattern + 1), len = strlen(host);
    return len > tail && strcasecmp(host + len - tail, pattern + 1) == 0;
}

/* It is one if a URL made of it has this very host, and nothing but that. */
bool webhook_host_pattern_valid(const char *text)
{
    const char *name = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
    size_t len = strlen(name);
    if (len == 0 || len > HOST_MAX || strpbrk(name, "*/@?#\\ ") != NULL)
        return false;
    _cleanup_(freep) char *url = xasprintf("http://%s/", name);
    _cleanup_(parts_release) struct parts parts = {0};
    return parts_read(url, &parts) == 0 && strcasecmp(parts.host, name) == 0;
}

static bool host_listed(const struct webhook_policy *policy, const char *host)
{
    for (size_t i = 0; i < policy->host_count; i++)
        if (host_matches(policy->hosts[i], host))
            return true;
    return policy->host_count == 0;
}

const char *webhook_policy_mistake(const struct webhook_policy *policy, const char *url)
{
    _cleanup_(parts_release) struct parts parts = {0};
    if (parts_read(url, &parts) < 0)
        return "is not an address that can be sent to";
    if (strcmp(parts.scheme, "http") != 0 && strcmp(parts.scheme, "https") != 0)
        return "must be an http:// or https:// address";
    if (parts.user || parts.password)
        return "must not hold a user name or password";
    if (strlen(parts.host) > HOST_MAX)
        return "has a host that is too long";
    if (!host_listed(policy, parts.host))
        return "names a host that this server sends nothing to";
    return NULL;
}

int webhook_host_key(const char *url, struct buf *ret)
{
    _cleanup_(parts_release) struct parts parts = {0};
    int r = parts_read(url, &parts);
    if (r < 0)
        return r;
    for (char *c = parts.host; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 'a' - 'A');
    size_t len = strlen(parts.host);
    while (len > 1 && parts.host[len - 1] == '.')
        len--;
    buf_append(ret, parts.host, len);
    return 0;
}
