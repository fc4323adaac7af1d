#include "hostile.h"
int main(void)
{
    for (int i = 0; i < 3; i++)
        close(i);
    nap(20);
    return 0;
}
