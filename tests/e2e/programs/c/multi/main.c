#include "lib/triple.h"
#include <stdio.h>
int main(void)
{
    int x;
    scanf("%d", &x);
    printf("%d\n", triple(x));
}
