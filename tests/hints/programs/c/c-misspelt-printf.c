#include <stdio.h>

int main(void)
{
    prinft("Hello, World!\n");
    return 0;
}
