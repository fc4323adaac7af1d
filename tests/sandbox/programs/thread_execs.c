#include <pthread.h>
#include "hostile.h"
/* A thread that is not the first becomes another program while the others end the process: which exit code, and who is left? */
static char *self;
static void *become(void *argument)
{
    if (argument)
        execl(self, self, "again", (char *)NULL);
    for (;;)
        sched_yield();
    return NULL;
}
int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1)
        return done();
    pthread_t thread;
    for (long i = 0; i < 40; i++)
        pthread_create(&thread, NULL, become, (void *)(i == 39));
    if (fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    syscall(SYS_exit, 3);
    return 1;
}
