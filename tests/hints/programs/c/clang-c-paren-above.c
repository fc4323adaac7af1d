#include <stdio.h>
int main(void) {
    int a = 3, b = 2;
    if ((a > b) && (a > 0)
        printf("x\n");
    return 0;
}
