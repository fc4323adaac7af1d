#include <stdio.h>

int main(void)
{
    int n;
    scanf("%d", &n);
    printf("You typed %d\n, n);
    return 0;
}
