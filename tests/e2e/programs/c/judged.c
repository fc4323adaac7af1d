#include <stdio.h>
int main(void)
{
#ifndef ONLINE_JUDGE
    if (!freopen("input.txt", "r", stdin) || !freopen("output.txt", "w", stdout))
        return 1;
#endif
    int n;
    if (scanf("%d", &n) != 1)
        return 2;
    printf("%d\n", n * n);
    return 0;
}
