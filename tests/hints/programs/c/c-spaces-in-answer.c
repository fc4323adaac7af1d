#include <stdio.h>

int main(void)
{
    int n[3];
    for (int i = 0; i < 3; i++)
        scanf("%d", &n[i]);
    printf("%d, %d, %d\n", n[0], n[1], n[2]);
    return 0;
}
