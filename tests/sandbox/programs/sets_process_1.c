#include "hostile.h"
/* Process 1 has the same user and hands what is set on it to every later run. */
int main(void)
{
    struct rlimit none = {0};
    struct sched_param usual = {0};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        REFUSED("a resource limit of process 1", prlimit(1, i, &none, NULL));
    REFUSED("a resource limit of process 1, hidden above", syscall(SYS_prlimit64, 1L << 32 | 1, RLIMIT_AS, &none, NULL));
    REFUSED("the priority of process 1", setpriority(PRIO_PROCESS, 1, 7));
    REFUSED("the priority of the user's processes", setpriority(PRIO_USER, 0, 7));
    REFUSED("the priority of group 1", setpriority(PRIO_PGRP, 1, 7));
    REFUSED("the processors of process 1", sched_setaffinity(1, sizeof one, &one));
    REFUSED("the scheduling class of process 1", sched_setscheduler(1, SCHED_IDLE, &usual));
    REFUSED("the parameters of process 1", sched_setparam(1, &usual));
    int group = open("/proc/self/autogroup", O_WRONLY);
    if (group >= 0)
        (void)!write(group, "7", 1);
    return done();
}
