#include <stdio.h>

int main(void)
{
    char name[20];
    name = "Ada";
    printf("Hello %s\n", name);
    return 0;
}
