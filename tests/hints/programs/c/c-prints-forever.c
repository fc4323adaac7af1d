#include <stdio.h>

int main(void)
{
    int i;
    scanf("%d", &i);
    while (i != 0) {
        printf("%d\n", i);
        i = i + 1;
        if (i > 1000000000)
            i = 1;
    }
    return 0;
}
