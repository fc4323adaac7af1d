/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h: which URLs a webhook may have: the check at submission, which looks at the text alone. What its host resolves to is
 * the guard's matter, when it is dialled.
 */
#ifndef EVALX_WEBHOOK_POLICY_H
#define EVALX_WEBHOOK_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "webhook/guard.h"

struct webhook_policy {
    struct guard guard;
    const char *const *hosts; /* "hooks.example.com", "*.example.com"; borrowed */
    size_t host_count;        /* 0: any host */
};

/* Whether text can be an entry of hosts: a host's name or address, or "*." and the end of names. */
bool webhook_host_pattern_valid(const char *text);

/* NULL: it may be used. Otherwise what is wrong with it: completes "webhook_url …". */
const char *webhook_policy_mistake(const struct webhook_policy *policy, const char *url);

/*
 * Appends the host of url, in one spelling: what per-host limits go by. Not the port: whoever has a machine has all of its ports, and
 * must not get the room of 65,535 hosts. -EINVAL when it is no URL.
 */
int webhook_host_key(const char *url, struct buf *ret);

#endif
