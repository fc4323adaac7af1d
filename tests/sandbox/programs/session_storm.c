#include "hostile.h"
/* A chain of forks, each in a new session and group, the parent gone: who kills by group or by parent never gets there. */
int main(void)
{
    puts("done");
    fflush(stdout);
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            for (double end = now() + 20; now() < end;) {
                setsid();
                setpgid(0, 0);
                if (fork() != 0)
                    _exit(0);
            }
    return 0;
}
