#include <stdio.h>
#define N 10;
int main(void) {
    int a[N];
    a[0] = 1;
    printf("%d\n", a[0]);
    return 0;
}
