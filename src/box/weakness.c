/* SPDX-License-Identifier: Apache-2.0 */
/* weakness.c: what it means that a sandbox is weaker than it should be, in words. One line a bit of enum jail_weakness. */
#include "box/box_internal.h"

static const struct weakness weaknesses[JAIL_WEAKNESSES] = {
    {"no user of its own",
     "programs run as evalx's own user, in every slot the same: only namespaces and the system call filter keep them "
     "from evalx and from each "
     "other, and they share what the kernel grants that user (pipes, watched descriptors, pending signals)",
     true},
    {"groups are kept",
     "programs keep the other groups of evalx's user, and can read what those may read of the folders shown in the box",
     true},
    {"no control group",
     "memory is looked at every 10 ms instead of limited by the kernel, and memory outside of processes (pipes, "
     "sockets) is not seen; CPU time is "
     "told 20 ms late, and that of processes nobody waits for is not counted; refused forks are not told; boxes do not "
     "share the processor evenly; "
     "memfd_create and shmget are refused",
     true},
    {"no precedence",
     "on a busy machine limits are kept later, because programs run at the same priority as what watches them", true},
    {"no user namespace", "programs run in the machine's own user namespace, without any capability: one wall less",
     false},
};

bool jail_weakness(const struct jail *jail, unsigned index, struct weakness *ret)
{
    for (unsigned bit = 0; bit < JAIL_WEAKNESSES; bit++)
        if ((jail->weaker >> bit & 1) != 0 && index-- == 0) {
            *ret = weaknesses[bit];
            return true;
        }
    return false;
}

const char *jail_uncounted(const struct jail *jail)
{
    return jail->uncounted;
}
