#include <stdio.h>

int main(void)
{
    int n;
    scanf("%d", &n);
    fprintf(stderr, "avoiding Segmentation fault at index %d\n", n);
    printf("%d\n", n * n * n * n + 3);
    return 0;
}
