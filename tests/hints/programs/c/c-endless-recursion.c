#include <stdio.h>

int sum_to(int n)
{
    int rest = sum_to(n - 1);
    printf("up to %d: %d\n", n, n + rest);
    return n + rest;
}

int main(void)
{
    int n;
    scanf("%d", &n);
    printf("%d\n", sum_to(n));
    return 0;
}
