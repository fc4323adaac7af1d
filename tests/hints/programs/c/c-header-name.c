#include <stdoi.h>

int main(void)
{
    printf("start\n");
    return 0;
}
