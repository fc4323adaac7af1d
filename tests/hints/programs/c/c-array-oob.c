#include <stdio.h>
int main(void) {
    int a[4] = {1, 2, 3, 4}, s = 0;
    for (int i = 0; i <= 4; i++) s += a[i];
    printf("%d\n", s);
    return 0;
}
