#include "hostile.h"
/* The signal that process 1 answers: it ends whoever sends it, and nobody else. */
int main(void)
{
    for (int i = 0; i < 100; i++)
        kill(1, SIGUSR1);
    nap(1);
    puts("ESCAPED it goes on");
    return 0;
}
