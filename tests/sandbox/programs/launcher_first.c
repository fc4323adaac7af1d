#include "hostile.h"
/* Much memory that belongs to no process: the largest process in the group is then the box's process 1. */
int main(void)
{
    for (int n = 0; n < 60; n++) {
        int fd = memfd_create("evalx-hostile", 0);
        if (fd < 0 || fallocate(fd, 0, 0, 15 << 20) < 0)
            return 3;
    }
    puts("ESCAPED the memory limit, by fallocate");
    return 0;
}
