#include <stdio.h>

int main(void)
{
    int cakes, people;
    scanf("%d %d", &cakes, &people);
    printf("%d each\n", cakes / people);
    printf("%d left\n", cakes % people);
    return 0;
}
