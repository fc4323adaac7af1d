#include <stdio.h>

int main(void)
{
    int n, x, total = 0, count = 0;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        scanf("%d", &x);
        if (x > 0) {
            total += x;
            count++;
        }
    }
    printf("%d\n", total / count);
    return 0;
}
