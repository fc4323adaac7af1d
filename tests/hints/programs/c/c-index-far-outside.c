#include <stdio.h>

int main(void)
{
    int votes[10] = {0};
    int n, candidate;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        scanf("%d", &candidate);
        votes[candidate]++;
    }
    printf("%d %d\n", votes[1], votes[2]);
    return 0;
}
