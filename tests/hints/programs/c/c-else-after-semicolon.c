#include <stdio.h>

int main(void)
{
    int mark;
    scanf("%d", &mark);
    if (mark >= 50);
        printf("pass\n");
    else
        printf("fail\n");
    return 0;
}
