#include "hostile.h"
/* One byte each 2 MiB of 200 GiB: little memory, but a page table for each. */
int main(void)
{
    const size_t step = 2UL << 20, size = 200UL << 30;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return 3;
    for (size_t at = 0; at < size; at += step)
        p[at] = 1;
    puts("ESCAPED the memory limit, by page tables");
    return 0;
}
