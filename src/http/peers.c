/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c: see peers.h. A chained hash table with a random seed, so that nobody can aim at one chain. */
#include "http/peers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/random.h"

enum { BUCKETS = 1024 };

struct peer {
    struct peer *next;
    uint64_t key;
    unsigned count;
};

struct peers {
    uint64_t seed;
    struct peer *buckets[BUCKETS];
};

struct peers *peers_new(void)
{
    struct peers *p = xcalloc(1, sizeof *p);
    random_bytes(&p->seed, sizeof p->seed);
    return p;
}

void peers_free(struct peers *p)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (p->buckets[i]) {
            struct peer *next = p->buckets[i]->next;
            free(p->buckets[i]);
            p->buckets[i] = next;
        }
    }
    free(p);
}

/* IPv4 is below 2^32 (also when it comes mapped into IPv6); IPv6 is its upper half, with the top bit set to keep the two apart. */
static uint64_t key_of(const struct sockaddr *address)
{
    uint32_t v4 = 0;
    uint64_t v6 = 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return in.sin_addr.s_addr;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    memcpy(&v4, in6.sin6_addr.s6_addr + 12, sizeof v4);
    memcpy(&v6, in6.sin6_addr.s6_addr, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return v4;
    return v6 | 1ULL << 63;
}

static struct peer **bucket_of(struct peers *p, uint64_t key)
{
    uint64_t h = (key ^ p->seed) * 0x9e3779b97f4a7c15ULL;
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93ULL;
    return &p->buckets[(h >> 32) % BUCKETS];
}

struct peer *peers_enter(struct peers *p, const struct sockaddr *address, unsigned max)
{
    uint64_t key = key_of(address);
    struct peer **bucket = bucket_of(p, key);
    struct peer *peer = *bucket;
    while (peer && peer->key != key)
        peer = peer->next;
    if (!peer) {
        peer = xcalloc(1, sizeof *peer);
        peer->key = key;
        peer->next = *bucket;
        *bucket = peer;
    }
    if (peer->count >= max && peer->count > 0)
        return NULL;
    peer->count++;
    return peer;
}

void peers_leave(struct peers *p, struct peer *peer)
{
    if (!peer || --peer->count > 0)
        return;
    struct peer **at = bucket_of(p, peer->key);
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    free(peer);
}
