#include <stdio.h>
int add(int a, int b) {
    int c = a + b;
    if (c > 100) return 0;
}
int main(void) {
    int r = add(3, 4);
    printf("%d\n", r * 3);
    return 0;
}
