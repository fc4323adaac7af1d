#include "hostile.h"
/* Forks in a tree, 2,000 at most, each staying a while. */
int main(void)
{
    int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while (__sync_fetch_and_add(count, 1) < 2000)
        fork();
    nap(5);
    return 0;
}
