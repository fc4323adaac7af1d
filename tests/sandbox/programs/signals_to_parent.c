#include "hostile.h"
/* Floods process 1 with queued and real-time signals, and has the kernel send it some. */
int main(void)
{
    union sigval value = {.sival_int = 1};
    for (int i = 0; i < 20000; i++) {
        sigqueue(getppid(), SIGRTMIN + i % 30, value);
        sigqueue(getppid(), SIGCHLD, value);
    }
    int p[2];
    if (pipe(p) == 0) {
        fcntl(p[0], F_SETOWN, 1);
        fcntl(p[0], F_SETSIG, SIGKILL);
        fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK);
        (void)!write(p[1], "x", 1);
    }
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            _exit(i);
    HOLDS("process 1 is gone", kill(1, 0) == 0);
    return done();
}
