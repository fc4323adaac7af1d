/* SPDX-License-Identifier: Apache-2.0 */
/* weakness.c: what it means that a sandbox is weaker than it should be, in words. One line a bit of enum jail_weakness. */
#include "box/box_internal.h"

static const char as_root[] = "run evalx as root; or accept it with sandbox.allow_degraded: true";

static const struct weakness weaknesses[JAIL_WEAKNESSES] = {
    {.name = "no user of its own",
     .text =
         "programs run as evalx's own user, in every slot the same: only namespaces and the system call filter keep "
         "them from evalx and from each other, and they share what the kernel grants that user (pipes, watched "
         "descriptors, pending signals)",
     .mend = as_root,
     .refuse = true},
    {.name = "groups are kept",
     .text =
         "programs keep the other groups of evalx's user, and can read what those may read of the folders shown in the "
         "box",
     .mend = as_root,
     .refuse = true},
    {.name = "no control group",
     .text =
         "memory is looked at every 10 ms instead of limited by the kernel, and memory outside of processes (pipes, "
         "sockets) is not seen; CPU time is told 20 ms late, and that of processes nobody waits for is not counted; "
         "refused forks are not told; boxes do not share the processor evenly; memfd_create and shmget are refused",
     .mend = as_root,
     .refuse = true},
    {.name = "no precedence",
     .text = "on a busy machine limits are kept later, because programs run at the same priority as what watches them",
     .mend =
         "run evalx as root with the capability SYS_NICE (docker run --cap-add SYS_NICE), or give its user the right "
         "(systemd: LimitNICE=-20)"},
    {.name = "no user namespace",
     .text = "programs run in the machine's own user namespace, without any capability: one wall less",
     .mend = "sysctl -w user.max_user_namespaces=15000; in a container: a seccomp profile that allows unshare with "
             "CLONE_NEWUSER"},
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
