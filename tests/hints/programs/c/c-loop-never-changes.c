#include <stdio.h>

int main(void)
{
    int n, i = 1, total = 0;
    scanf("%d", &n);
    while (i <= n) {
        total += i;
    }
    printf("%d\n", total);
    return 0;
}
