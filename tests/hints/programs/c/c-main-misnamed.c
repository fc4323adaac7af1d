#include <stdio.h>

int mian(void)
{
    puts("ready");
    return 0;
}
