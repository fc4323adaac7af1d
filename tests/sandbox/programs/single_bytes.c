#include "hostile.h"
int main(void)
{
    for (int i = 0; i < 10000000; i++)
        if (write(1, "x", 1) < 0)
            return 3;
    return 0;
}
