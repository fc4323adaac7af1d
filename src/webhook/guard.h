/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h: which network addresses a webhook may go to. Decided on the very address that is about to be dialled, after every name has
 * been resolved and every odd spelling read, so that neither can get around it. No I/O.
 *
 * What is not the public Internet is refused: this machine, private and link-local networks, carrier-grade NAT, multicast, what is
 * reserved or for documentation, cloud metadata. Of the IPv6 forms that lead to IPv4, a mapped address counts as the IPv4 address that it
 * is; all others (compatible, translated, NAT64, 6to4, Teredo) are refused whatever is inside.
 *
 * webhook.allow opens ranges again. Where it opens one that leads to IPv4, such as 64:ff9b::/96 in a network that has NAT64, the
 * address inside is judged like any other IPv4 address.
 */
#ifndef EVALX_WEBHOOK_GUARD_H
#define EVALX_WEBHOOK_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

/* A range of addresses: IPv4 as IPv4-mapped IPv6, so that both are 16 bytes. */
struct range {
    unsigned char prefix[16];
    unsigned bits;
};

struct guard {
    struct range *allowed;
    size_t count;
};

/* "10.0.0.0/8", "fd00::/8", or a single address. -EINVAL with a message. */
int guard_allow(struct guard *guard, const char *cidr, struct error *err);
void guard_release(struct guard *guard);

/* NULL: address may be dialled. Otherwise what it is, for people: "loopback", "private network", … */
const char *guard_refusal(const struct guard *guard, const struct sockaddr *address, socklen_t len);

#endif
