#include <stdio.h>

int main(void)
{
    int n;
    bool prime = 1;
    scanf("%d", &n);
    for (int d = 2; d * d <= n; d++)
        if (n % d == 0)
            prime = 0;
    puts(prime ? "prime" : "composite");
    return 0;
}
