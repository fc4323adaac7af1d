/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: see request.h. The ranges are the machine's sanity, not the operator's caps (those are checked by the API). */
#include "jail/request.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MS  1000000LL
#define MIB (1024LL * 1024)

static const struct {
    size_t offset;
    int64_t least, most;
} ranges[] = {
    {offsetof(struct jail_request, cpu_ns), MS, 3600000 * MS},
    {offsetof(struct jail_request, wall_ns), MS, 3600000 * MS},
    {offsetof(struct jail_request, memory_bytes), MIB, 1024 * 1024 * MIB},
    {offsetof(struct jail_request, stack_bytes), 16384, 1024 * 1024 * MIB},
    {offsetof(struct jail_request, file_bytes), 1, 1024 * 1024 * MIB},
    {offsetof(struct jail_request, tmpfs_bytes), 65536, 1024 * 1024 * MIB},
};

static bool in_range(const struct jail_request *request)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        int64_t value;
        memcpy(&value, (const char *)request + ranges[i].offset, sizeof value);
        if (value < ranges[i].least || value > ranges[i].most)
            return false;
    }
    return request->processes >= 1 && request->processes <= 100000;
}

/* Splits strings into words: exactly as many NUL-terminated ones as announced, to the last byte. */
static bool split(struct jail_request *request, struct checked_request *ret)
{
    const uint32_t counts[] = {request->argc, request->envc, request->namec};
    char ***const lists[] = {NULL, &ret->envp, &ret->names};
    char *at = request->strings, *end = request->strings + request->strings_len;
    char **slot = ret->argv;
    for (size_t list = 0; list < sizeof counts / sizeof counts[0]; list++) {
        if (lists[list])
            *lists[list] = slot;
        for (uint32_t i = 0; i < counts[list]; i++) {
            char *nul = memchr(at, '\0', (size_t)(end - at));
            if (!nul)
                return false;
            *slot++ = at;
            at = nul + 1;
        }
        *slot++ = NULL;
    }
    return at == end && ret->argv[0][0] != '\0';
}

/* argc + envc + namec fit, without overflow. */
static bool countable(const struct jail_request *request)
{
    uint64_t words = (uint64_t)request->argc + request->envc + request->namec;
    return request->argc >= 1 && words <= JAIL_WORDS_MAX;
}

/* Flags are known and agree with each other and with the counts. */
static bool consistent(const struct jail_request *request)
{
    uint32_t flags = request->flags;
    return (flags & ~(uint32_t)JAIL_FLAGS_ALL) == 0 && request->extra <= JAIL_EXTRA_MAX &&
           request->cpu_plus <= JAIL_CPUS_MAX && (!(flags & JAIL_LINK_ARTIFACT) || (flags & JAIL_HAS_ARTIFACT)) &&
           (request->namec == 0 || (flags & JAIL_COLLECT));
}

int request_check(void *message, size_t len, struct checked_request *ret)
{
    struct jail_request *request = message;
    if (len < sizeof *request || request->header.magic != JAIL_MAGIC || request->header.type != JAIL_RUN)
        return -EPROTO;
    if (request->strings_len > JAIL_STRINGS_MAX || len != sizeof *request + request->strings_len)
        return -EPROTO;
    if (!countable(request) || !consistent(request))
        return -EPROTO;
    if (!in_range(request) || !split(request, ret))
        return -EPROTO;
    ret->wire = request;
    ret->fds_expected = 3 + request->extra + !!(request->flags & JAIL_HAS_ARTIFACT) + !!(request->flags & JAIL_COLLECT);
    return 0;
}
