#include <stdio.h>
int main(void) {
    unsigned i;
    int s = 0;
    for (i = 10; i >= 0; i--) s++;
    printf("%d\n", s);
    return 0;
}
