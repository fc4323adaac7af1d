#include <stdio.h>

int main(void)
{
    int n, x, total = 0;
    double average;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        scanf("%d", &x);
        total += x;
    }
    average = (double)total / n;
    printf("%.2f\n", averge);
    return 0;
}
