#include <stdio.h>
int main(void) {
    char s[10];
    scanf("%s", s);
    if (s == "yes") printf("ok\n");
    return 0;
}
