#include "hostile.h"
/* 48 of 64 MiB, for a moment only: the peak is told all the same. */
int main(void)
{
    char *p = mmap(NULL, 48 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 1, 48 << 20);
    munmap(p, 48 << 20);
    return done();
}
