#include <stdio.h>

int main(void)
{
    int count = 0;
    scanf("%d", count);
    printf("%d\n", count * count);
    return 0;
}
