#include <stdio.h>

int main(void)
{
    int a, b, total = 0;
    scanf("%d %d", &a, &b);
    totla = a + b;
    printf("%d\n", total);
    return 0;
}
