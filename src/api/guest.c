/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c: see guest.h. */
#include "api/guest.h"

#include <errno.h>
#include <strings.h>

#include "base/clock.h"
#include "base/random.h"

/* The key in the request; empty when there is none. */
static struct str presented_key(const struct http_exchange *x)
{
    static const char scheme[] = "Bearer ";
    struct str header = http_header(x, "Authorization");
    if (header.len >= sizeof scheme - 1 && strncasecmp(header.data, scheme, sizeof scheme - 1) == 0) {
        struct str key = {header.data + sizeof scheme - 1, header.len - (sizeof scheme - 1)};
        while (key.len > 0 && *key.data == ' ')
            key = (struct str){key.data + 1, key.len - 1};
        return key;
    }
    return http_header(x, "X-Auth-Token");
}

int guest_of(const struct api *api, const struct http_exchange *x, struct guest *ret, struct complaint *c)
{
    *ret = (struct guest){0};
    if (!api->config.keys)
        return 0;
    struct str key = presented_key(x);
    if (key.len == 0)
        return complain(c, 401,
                        "an API key is needed here: send it as \"Authorization: Bearer KEY\" or \"X-Auth-Token: KEY\"");
    ret->known = keys_check(api->config.keys, key, &ret->grant);
    return ret->known ? 0 : complain(c, 401, "this API key is not known here");
}

int guest_sees(const struct api *api, const struct guest *guest, struct str token, struct complaint *c)
{
    char text[TOKEN_LEN + 1];
    if (!guest->known || !token_valid(token.data, token.len))
        return 0; /* the handler has its own word for what is no token */
    memcpy(text, token.data, TOKEN_LEN);
    text[TOKEN_LEN] = '\0';
    _cleanup_(store_record_release) struct store_record record = {0};
    int r = store_get(api->config.store, text, &record);
    if (r < 0)
        return complain_store(c, r);
    bool nobodys = !record.owner || !*record.owner;
    return nobodys || strcmp(record.owner, guest->grant.name) == 0 ? 0 : complain_store(c, -ENOENT);
}

int guest_spends(const struct api *api, const struct guest *guest, struct complaint *c)
{
    if (!guest->known)
        return 0;
    int64_t wait_ms = keys_spend(api->config.keys, &guest->grant, clock_monotonic_ns() / NS_PER_MS);
    if (wait_ms == 0)
        return 0;
    c->retry_s = (wait_ms + 999) / 1000;
    return complain(c, 429, "%s may submit %g a minute; try again later", guest->grant.name, guest->grant.rate * 60);
}

int guest_may_ask(const struct guest *guest, const struct submission *sub, struct complaint *c)
{
    const struct key_grant *grant = &guest->grant;
    if (!guest->known || (sub->priority >= grant->priority_least && sub->priority <= grant->priority_most))
        return 0;
    field_errors_add(&c->fields, sub->array_form ? "[0].priority" : "priority", "this API key may ask for %d to %d",
                     grant->priority_least, grant->priority_most);
    c->status = 403;
    return -1;
}
