#include "hostile.h"
/* Little user time, much system time. */
int main(void)
{
    char block[65536];
    int fd = open("/dev/urandom", O_RDONLY);
    for (double end = now() + 20; now() < end;) {
        for (int i = 0; i < 20; i++)
            (void)!read(fd, block, sizeof block);
        void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        munmap(p, 1 << 20);
    }
    return 0;
}
