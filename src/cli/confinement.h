/* SPDX-License-Identifier: Apache-2.0 */
/* confinement.h: what a container has taken from this process, and which of its settings gives a refused step back. */
#ifndef EVALX_CLI_CONFINEMENT_H
#define EVALX_CLI_CONFINEMENT_H

#include <stdbool.h>
#include <stdint.h>

struct confinement {
    const char *container; /* "docker", "podman", "kubernetes", "a container"; NULL: none was noticed */
    bool root;
    bool rootless; /* set by the caller: the steps were tried inside a user namespace, where no capability is missing */
    bool filtered; /* runs under a seccomp filter */
    char profile[128]; /* AppArmor's; "" when there is none, or it forbids nothing */
    bool mapped;       /* in a user namespace that is not the machine's */
    uint64_t capabilities;
};

/* Looks at /proc/self and at what runtimes leave behind. */
void confinement_look(struct confinement *ret);

/* One line for people: "docker; seccomp filter; AppArmor docker-default; without sys_admin". The caller frees. */
char *confinement_describe(const struct confinement *confinement);

/* What gives the step (a name that evalx-jail --check prints) that failed with this errno. The caller frees; never NULL. */
char *confinement_mend(const struct confinement *confinement, const char *step, int error);

#endif
