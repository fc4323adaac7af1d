#include "hostile.h"
/* As many mappings as there may be, times forks, times one page of aliases each: freeing them takes the kernel's time, not ours. */
int main(void)
{
    int fd = memfd_create("x", 0), made = 0;
    (void)!ftruncate(fd, 8192);
    for (; made < 60000; made++)
        if (mmap(NULL, 4096, made % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, made % 2 ? 4096 : 0) == MAP_FAILED)
            break;
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            for (;;)
                pause();
    printf("%d mappings\n", made);
    return done();
}
