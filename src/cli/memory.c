/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c: the allocator's settings.
 *
 * What a large request took goes back to the system when it is freed: a fixed threshold keeps glibc from raising it to the largest
 * block ever freed. (Fewer arenas were measured to cost memory: long-lived blocks then pin short-lived ones.)
 *
 * Every thread keeps freed blocks for itself, seven of each size up to 1 KiB. A server's two dozen threads fill these over hours, which looks
 * like a leak and is none: 11 % more private memory after 5,000 submissions through `evalx api`, and 1 % with the caches limited to
 * blocks of up to 128 bytes, at the same speed. That limit is a tunable, and those are read only when a program starts.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/memory.h"

static const char tunables_name[] = "GLIBC_TUNABLES", tunables[] = "glibc.malloc.tcache_max=128";

/* Returns where it could not, or need not: the caches then are as they are. */
static void start_again(char **argv)
{
    char self[4096];
    const char *set = getenv(tunables_name);
    if (set) {
        if (strcmp(set, tunables) == 0)
            unsetenv(tunables_name); /* not for those that this process starts */
        return;
    }
    ssize_t len =
        readlink("/proc/self/exe", self, sizeof(self) - 1); /* by its name: it is what the process is called */
    if (len <= 0)
        return;
    self[len] = '\0';
    if (setenv(tunables_name, tunables, 1) < 0)
        return;
    execv(self, argv);
    unsetenv(tunables_name);
}

void keep_memory_small(bool for_long, char **argv)
{
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (for_long)
        start_again(argv);
#else
    (void)start_again, (void)for_long, (void)argv;
#endif
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 10);
}
