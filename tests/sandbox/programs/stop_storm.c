#include "hostile.h"
/* Children that stop and continue each other and themselves, in groups that lose their leader: all of it must die. */
int main(void)
{
    for (int i = 0; i < 30; i++)
        if (fork() == 0) {
            if (i % 3 == 0)
                setsid();
            if (i % 3 == 1)
                setpgid(0, 0);
            if (fork() == 0 && fork() == 0) {
                raise(SIGSTOP);
                for (;;)
                    pause();
            }
            for (;;) {
                kill(0, i % 2 ? SIGCONT : SIGTSTP);
                kill(-1, SIGCONT);
                kill(-1, SIGTTOU);
            }
        }
    for (double end = now() + 0.2; now() < end;)
        kill(getpid(), SIGCONT);
    return done();
}
