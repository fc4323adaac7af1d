#include <stdio.h>

int main(void)
{
    int n;
    long product;
    scanf("%d", &n);
    for (int i = 2; i <= n; i++)
    {
        product = 1;
        product = product * i;
    }
    printf("%ld\n", product);
    return 0;
}
