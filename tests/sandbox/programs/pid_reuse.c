#include "hostile.h"
/* Children that are gone at once, by the thousand: numbers come round, and a signal sent late would meet somebody else. */
int main(void)
{
    for (int i = 0; i < 3000; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
    return done();
}
