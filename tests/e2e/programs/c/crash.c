#include <stdio.h>
int main(void)
{
    volatile int *nowhere = 0;
    printf("before\n");
    fflush(stdout);
    *nowhere = 1;
}
