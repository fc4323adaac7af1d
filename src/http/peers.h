/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h: how many connections each address holds. An IPv6 address counts as its /64, which is what one customer gets. */
#ifndef EVALX_HTTP_PEERS_H
#define EVALX_HTTP_PEERS_H

#include <stdint.h>
#include <sys/socket.h>

struct peers;
struct peer;

struct peers *peers_new(void);
void peers_free(struct peers *p);

/* One connection more from that address: NULL when it holds max already. */
struct peer *peers_enter(struct peers *p, const struct sockaddr *address, unsigned max);

/* One less; peer may be NULL. */
void peers_leave(struct peers *p, struct peer *peer);

#endif
