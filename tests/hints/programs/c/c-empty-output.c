#include <stdio.h>

int largest(int a, int b, int c)
{
    int best = a;
    if (b > best)
        best = b;
    if (c > best)
        best = c;
    return best;
}

int main(void)
{
    int a, b, c;
    scanf("%d %d %d", &a, &b, &c);
    largest(a, b, c);
    return 0;
}
