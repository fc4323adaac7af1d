#include <stdio.h>
int main(void)
{
    volatile int a = 1, zero = 0;
    printf("%d\n", a / zero);
}
