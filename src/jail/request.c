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
    char *at = request->strings, *end = request->strings + request->strings_len;
    size_t slot = 0, words = (size_t)request->argc + request->envc;
    for (size_t i = 0; i < words; i++) {
        char *nul = memchr(at, '\0', (size_t)(end - at));
        if (!nul)
            return false;
        if (i == request->argc)
            ret->argv[slot++] = NULL;
        ret->argv[slot++] = at;
        at = nul + 1;
    }
    if (request->envc == 0)
        ret->argv[slot++] = NULL;
    ret->argv[slot] = NULL;
    ret->envp = ret->argv + request->argc + 1;
    return at == end && ret->argv[0][0] != '\0';
}

int request_check(void *message, size_t len, struct checked_request *ret)
{
    struct jail_request *request = message;
    if (len < sizeof *request || request->header.magic != JAIL_MAGIC || request->header.type != JAIL_RUN)
        return -EPROTO;
    if (request->strings_len > JAIL_STRINGS_MAX || len != sizeof *request + request->strings_len)
        return -EPROTO;
    if (request->argc < 1 || request->argc > JAIL_WORDS_MAX || request->envc > JAIL_WORDS_MAX - request->argc)
        return -EPROTO;
    if ((request->flags & ~(uint32_t)JAIL_FLAGS_ALL) != 0 || request->reserved != 0)
        return -EPROTO;
    if ((request->flags & JAIL_LINK_ARTIFACT) && !(request->flags & JAIL_HAS_ARTIFACT))
        return -EPROTO;
    if (!in_range(request) || !split(request, ret))
        return -EPROTO;
    ret->wire = request;
    ret->fds_expected = 3 + !!(request->flags & JAIL_HAS_ARTIFACT) + !!(request->flags & JAIL_COLLECT);
    return 0;
}
