#include "hostile.h"
int main(void)
{
    static char block[1 << 20];
    memset(block, 1, sizeof block);
    int fd = memfd_create("evalx-hostile", 0);
    for (int i = 0; i < 15; i++)
        (void)!write(fd, block, sizeof block);
    for (int n = 0; n < 40; n++) {
        fd = memfd_create("evalx-hostile", 0);
        for (int i = 0; i < 15; i++)
            if (write(fd, block, sizeof block) < 0)
                return 3;
    }
    puts("ESCAPED the memory limit, by memfd");
    return 0;
}
