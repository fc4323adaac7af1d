/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c: see guard.h. The tables are the IANA registries of special-purpose addresses, and what stands for them in IPv6. */
#include "webhook/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct closed {
    const char *range;
    const char *what;
};

static const struct closed closed_v4[] = {
    {"0.0.0.0/8", "this network"},          {"10.0.0.0/8", "private network"},
    {"100.64.0.0/10", "carrier-grade NAT"}, {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},       {"172.16.0.0/12", "private network"},
    {"192.0.0.0/24", "reserved"},           {"192.0.2.0/24", "documentation"},
    {"192.31.196.0/24", "reserved"},        {"192.52.193.0/24", "reserved"},
    {"192.88.99.0/24", "6to4 relay"},       {"192.168.0.0/16", "private network"},
    {"192.175.48.0/24", "reserved"},        {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"},   {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},           {"240.0.0.0/4", "reserved"},
    {"168.63.129.16/32", "cloud metadata"},
};

static const struct closed closed_v6[] = {
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"64:ff9b:1::/48", "local NAT64"},
    {"100::/64", "discard"},
    {"100:0:0:1::/64", "dummy"},
    {"2001::/23", "protocol assignments"}, /* Teredo, ORCHID, benchmarking among them */
    {"2001:db8::/32", "documentation"},
    {"2620:4f:8000::/48", "reserved"},
    {"3fff::/20", "documentation"},
    {"5f00::/16", "segment routing"},
    {"fc00::/7", "private network"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
};

/* IPv6 ranges that lead to an IPv4 address, which lies at this offset: closed, and where they are allowed that one decides. */
static const struct carrier {
    const char *range;
    size_t offset;
    const char *what;
} carriers[] = {
    {"::/96", 12, "IPv4-compatible"},
    {"::ffff:0:0:0/96", 12, "IPv4-translated"},
    {"64:ff9b::/96", 12, "NAT64"},
    {"2002::/16", 2, "6to4"},
};

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static int parse_range(const char *text, struct range *ret)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchrnul(text, '/');
    if ((size_t)(slash - text) >= sizeof(address))
        return -EINVAL;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    struct range range = {.bits = 128};
    unsigned most = 128, base = 0;
    if (inet_pton(AF_INET, address, range.prefix + 12) == 1) {
        memcpy(range.prefix, mapped_prefix, sizeof(mapped_prefix));
        most = 32;
        base = 96;
    } else if (inet_pton(AF_INET6, address, range.prefix) != 1) {
        return -EINVAL;
    }
    if (*slash) {
        char *end;
        unsigned long bits = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end || bits > most)
            return -EINVAL;
        range.bits = base + (unsigned)bits;
    }
    *ret = range;
    return 0;
}

static bool within(const unsigned char address[16], const struct range *range)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    if (memcmp(address, range->prefix, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ range->prefix[whole]) >> (8 - rest)) == 0;
}

static bool within_text(const unsigned char address[16], const char *text)
{
    struct range range;
    return parse_range(text, &range) == 0 && within(address, &range);
}

int guard_allow(struct guard *guard, const char *cidr, struct error *err)
{
    struct range range;
    if (parse_range(cidr, &range) < 0)
        return error_set(err, -EINVAL, "\"%s\" is no range of addresses such as 10.0.0.0/8 or fd00::/8", cidr);
    for (unsigned bit = range.bits; bit < 128; bit++)
        if (range.prefix[bit / 8] & (0x80 >> bit % 8))
            return error_set(err, -EINVAL, "\"%s\" has bits set behind its prefix", cidr);
    guard->allowed = xrealloc(guard->allowed, (guard->count + 1) * sizeof(*guard->allowed));
    guard->allowed[guard->count++] = range;
    return 0;
}

void guard_release(struct guard *guard)
{
    free(guard->allowed);
    *guard = (struct guard){0};
}

static bool is_allowed(const struct guard *guard, const unsigned char address[16])
{
    for (size_t i = 0; i < guard->count; i++)
        if (within(address, &guard->allowed[i]))
            return true;
    return false;
}

static const char *look_up(const struct closed *table, size_t count, const unsigned char address[16])
{
    for (size_t i = 0; i < count; i++)
        if (within_text(address, table[i].range))
            return table[i].what;
    return NULL;
}

static void map_v4(const unsigned char v4[4], unsigned char ret[16])
{
    memcpy(ret, mapped_prefix, sizeof(mapped_prefix));
    memcpy(ret + 12, v4, 4);
}

static const char *refusal_v4(const struct guard *guard, const unsigned char mapped[16])
{
    return is_allowed(guard, mapped) ? NULL : look_up(closed_v4, ARRAY_LEN(closed_v4), mapped);
}

static const struct carrier *carrier_of(const unsigned char address[16])
{
    for (size_t i = 0; i < ARRAY_LEN(carriers); i++)
        if (within_text(address, carriers[i].range))
            return &carriers[i];
    return NULL;
}

static const char *refusal_v6(const struct guard *guard, const unsigned char address[16])
{
    if (memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0)
        return refusal_v4(guard, address);
    const char *what = look_up(closed_v6, ARRAY_LEN(closed_v6), address);
    const struct carrier *carrier = what ? NULL : carrier_of(address);
    if (is_allowed(guard, address)) {
        if (!carrier)
            return NULL;
        unsigned char mapped[16];
        map_v4(address + carrier->offset, mapped);
        return refusal_v4(guard, mapped);
    }
    if (carrier)
        return carrier->what;
    /* Of the rest only 2000::/3 has been given to anybody. */
    return what || within_text(address, "2000::/3") ? what : "not a public address";
}

const char *guard_refusal(const struct guard *guard, const struct sockaddr *address, socklen_t len)
{
    unsigned char bytes[16];
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        unsigned char four[4];
        memcpy(four, &v4.sin_addr, sizeof(four));
        map_v4(four, bytes);
        return refusal_v4(guard, bytes);
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        memcpy(bytes, &v6.sin6_addr, sizeof(bytes));
        return refusal_v6(guard, bytes);
    }
    return "not an Internet address";
}
