#include "hostile.h"
/* mincore() of 4 TiB: one call of a second that hears no signal, by 8 processes. (110 TiB would be half a minute each.) */
int main(void)
{
    const size_t size = 4UL << 40, answer = size >> 12, unit = 8UL << 20;
    int fd = memfd_create("x", 0);
    (void)!ftruncate(fd, (off_t)unit);
    void *space = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    unsigned char *out = mmap(NULL, answer, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 0; i < answer; i += unit)
        mmap(out + i, unit, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    for (int i = 0; i < 7; i++)
        if (fork() == 0)
            break;
    for (;;)
        mincore(space, size, out);
}
