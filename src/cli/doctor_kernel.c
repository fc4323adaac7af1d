/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_kernel.c: what evalx needs of the kernel, but for what evalx-jail tries itself (doctor_jail.c). */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "cli/doctor.h"

enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 12, DESCRIPTORS_LEAST = 4096 };

static void check_version(struct checks *checks)
{
    struct utsname name = {0};
    char *rest = name.release;

    uname(&name);
    unsigned long major = strtoul(rest, &rest, 10);
    unsigned long minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    bool enough = major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR);
    checks_add(
        checks, "kernel", enough ? CHECK_OK : CHECK_FAILED,
        xasprintf("Linux %s, at least %d.%d is needed (mount_setattr)", name.release, KERNEL_MAJOR, KERNEL_MINOR),
        "apt-get install -y linux-image-amd64 && reboot");
}

static void check_descriptors(struct checks *checks)
{
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    checks_add(checks, "descriptors", limit.rlim_max >= DESCRIPTORS_LEAST ? CHECK_OK : CHECK_WARNING,
               xasprintf("%llu allowed, %d make room for the default number of connections",
                         (unsigned long long)limit.rlim_max, DESCRIPTORS_LEAST),
               "ulimit -Hn 65536");
}

void doctor_kernel(struct checks *checks)
{
    check_version(checks);
    check_descriptors(checks);
}
