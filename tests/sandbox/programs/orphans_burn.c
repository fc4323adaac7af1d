#include "hostile.h"
/* The CPU time is used by orphans in sessions of their own; the program itself sleeps. */
int main(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            setsid();
            if (fork() == 0)
                spin(20);
            _exit(0);
        }
    nap(20);
    return 0;
}
