#include <stdio.h>

int main(void)
{
    int n, unused = 3;
    if ((scanf("%d", &n)) == 1)
        switch (n) {
        case 1: n = 10;
        case 2: n += 1;
        }
    printf("%d\n", n);
    return 0;
}
