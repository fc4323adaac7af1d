#include <stdio.h>
int main(void) {
    float x;
    scanf("%d", &x);
    printf("%.1f\n", x);
    return 0;
}
