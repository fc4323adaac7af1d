#include "hostile.h"
int main(void)
{
    int seen = 0;
    for (pid_t pid = 2; pid < 70000; pid++)
        if (pid != getpid() && kill(pid, 0) == 0)
            seen++;
    HOLDS("other processes can be signalled", seen == 0);
    for (pid_t pid = 2; pid < 70000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    REFUSED("kill(-1)", kill(-1, SIGKILL));
    for (int s = 1; s < 32; s++)
        if (s != SIGUSR1)
            kill(1, s);
    HOLDS("process 1 is gone", kill(1, 0) == 0);
    kill(0, SIGURG);
    return done();
}
