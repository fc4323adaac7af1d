#include <stdio.h>

int square(int x, int unused)
{
    unsigned limit = 1000;
    if (x < limit)
        return x * x;
    return 0;
}

int main(void)
{
    int n, spare = 3;
    scanf("%d", &n);
    printf("%d squared is %d\n", n, square(n, 1));
    return 0;
}
