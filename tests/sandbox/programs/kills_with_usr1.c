#include "hostile.h"
/* The signal by which the slot tells process 1 to end the programs: from a program it does nothing. */
int main(void)
{
    for (int i = 0; i < 100; i++)
        if (kill(1, SIGUSR1) < 0)
            puts("ESCAPED process 1 has gone");
    sigqueue(1, SIGUSR1, (union sigval){.sival_int = 1});
    nap(0.2);
    return done();
}
