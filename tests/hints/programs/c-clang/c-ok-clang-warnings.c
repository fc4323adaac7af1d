#include <stdio.h>

int main(void)
{
    int n, r;
    scanf("%d", &n);
    if (r = n % 2)
        printf("%d is odd\n", n);
    else
        printf("%d is even\n", n);
    n == 3;
    return 0;
}
