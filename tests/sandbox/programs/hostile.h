/* hostile.h: goes along with every C and C++ program here. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What must not work: says ESCAPED when it does. */
#define REFUSED(what, call)                                                        \
    do {                                                                           \
        errno = 0;                                                                 \
        if ((long)(call) >= 0)                                                     \
            printf("ESCAPED %s\n", what);                                          \
        else                                                                       \
            printf("refused %s: %s\n", what, strerror(errno));                     \
        fflush(stdout);                                                            \
    } while (0)

/* What must hold. */
#define HOLDS(what, condition)                                                     \
    do {                                                                           \
        if (!(condition))                                                          \
            printf("ESCAPED %s\n", what);                                          \
        fflush(stdout);                                                            \
    } while (0)

static inline double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void spin(double seconds)
{
    for (double end = now() + seconds; now() < end;)
        ;
}

static inline void nap(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static inline int done(void)
{
    puts("done");
    return fflush(stdout);
}
#endif
