#include <stdio.h>
int main(void) {
    long long x = 3000000000LL;
    printf("%d\n", x);
    return 0;
}
