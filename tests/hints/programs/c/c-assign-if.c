#include <stdio.h>
int main(void) {
    int n;
    scanf("%d", &n);
    if (n = 5) printf("five\n");
    else printf("other\n");
    return 0;
}
