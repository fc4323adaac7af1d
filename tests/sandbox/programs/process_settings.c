#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include "hostile.h"
/* Settings of a process that reach further than itself: filters of one's own, core scheduling, machine checks, dispatch of system calls. */
int main(void)
{
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog filter = {1, allow};
    REFUSED("a filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0));
    REFUSED("a strict filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
    for (unsigned flags = 0; flags < 64; flags++)
        REFUSED("a filter by seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter));
    REFUSED("a filter's actions", syscall(SYS_seccomp, 3, 0, &filter));
    static const int options[] = {4 /* SET_DUMPABLE comes last */, 8, 24, 26, 28, 31, 32, 33, 35, 47, 57, 59, 62, 64, 65, 67, 69, 71, 0x59616d61};
    for (unsigned i = 1; i < sizeof options / sizeof *options; i++)
        REFUSED("a setting of prctl", prctl(options[i], 1, 1, 0, 0));
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
    prctl(PR_SET_TIMERSLACK, 1UL << 40, 0, 0, 0);
    prctl(PR_SET_NAME, "evalx-jail", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(0777);
    (void)!chdir("/");
    if (fork() == 0)
        for (;;)
            pause();
    return done();
}
