#include <stdio.h>

int main(void)
{
    for (i = 1; i <= 5; i++)
        printf("%d ", i);
    printf("\n");
    return 0;
}
