#include "hostile.h"
/* Memory without a size of its own: process 1 of the box is larger, and the OOM killer's first choice. Again and again: nothing but this ends. */
int main(void)
{
    for (int n = 0; n < 40; n++)
        if (fallocate(memfd_create("evalx-hostile", 0), 0, 0, 15 << 20) < 0)
            return 3;
    puts("ESCAPED the memory limit, by fallocate");
    return 0;
}
