#include <sys/time.h>
#include "hostile.h"
int main(void)
{
    struct sched_param p = {.sched_priority = 50};
    struct timespec t = {0};
    struct timeval v = {0};
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    cpu_set_t own;
    REFUSED("SCHED_FIFO", sched_setscheduler(0, SCHED_FIFO, &p));
    REFUSED("SCHED_RR", sched_setscheduler(0, SCHED_RR, &p));
    REFUSED("SCHED_DEADLINE", syscall(SYS_sched_setattr, 0, NULL, 0));
    REFUSED("a better priority", setpriority(PRIO_PROCESS, 0, -20));
    REFUSED("input/output priority", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
    REFUSED("the clock", clock_settime(CLOCK_REALTIME, &t));
    REFUSED("the clock, the old way", settimeofday(&v, NULL));
    REFUSED("the clock's speed", syscall(SYS_adjtimex, NULL));
    const int hard[] = {RLIMIT_NOFILE, RLIMIT_STACK, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_CORE};
    for (unsigned i = 0; i < sizeof hard / sizeof *hard; i++)
        REFUSED("a higher limit", setrlimit(hard[i], &more));
    HOLDS("own processors may be chosen", sched_getaffinity(0, sizeof own, &own) == 0 && sched_setaffinity(0, sizeof own, &own) == 0);
    return done();
}
