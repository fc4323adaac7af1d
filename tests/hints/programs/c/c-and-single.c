#include <stdio.h>
int main(void) {
    int n;
    scanf("%d", &n);
    if (0 < n < 3) printf("no\n");
    else printf("yes\n");
    return 0;
}
