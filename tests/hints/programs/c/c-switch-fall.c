#include <stdio.h>
int main(void) {
    int n;
    scanf("%d", &n);
    switch (n) {
    case 1: printf("one\n");
    case 2: printf("two\n");
    }
    return 0;
}
