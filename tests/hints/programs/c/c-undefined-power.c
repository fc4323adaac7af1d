#include <stdio.h>

long power(int base, int exponent);

int main(void)
{
    int b, e;
    scanf("%d %d", &b, &e);
    printf("%ld\n", power(b, e));
    return 0;
}
