#include "hostile.h"
int main(void)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 20000; i++)
        if (write(1 + i % 2, block, sizeof block) < 0)
            return 3;
    return 0;
}
