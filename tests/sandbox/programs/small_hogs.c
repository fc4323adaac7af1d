#include "hostile.h"
/* Each child is small; together they are not. */
int main(void)
{
    for (int i = 0; i < 40; i++)
        if (fork() == 0) {
            char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (int at = 0; at < 16 << 20; at += 4096)
                *(volatile char *)(p + at) = 1;
            nap(3);
            _exit(0);
        }
    int good = 0;
    for (int status; wait(&status) > 0;)
        good += WIFEXITED(status);
    HOLDS("the memory limit, by many", good < 40);
    return 0;
}
