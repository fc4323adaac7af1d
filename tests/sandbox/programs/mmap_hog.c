#include "hostile.h"
int main(void)
{
    for (int i = 0; i < 1024; i++) {
        void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            return 3;
        memset(p, 1, 1 << 20);
    }
    puts("ESCAPED the memory limit");
    return 0;
}
