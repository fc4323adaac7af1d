#include <stdio.h>

static int larger(int a, int b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    unsigned count = 3;
    int a, b;
    scanf("%d %d", &a, &b);
    for (int i = 0; i < count; i++)
        a += 0;
    printf("%d\n", larger(a, b));
    return 0;
}
