#include "hostile.h"
/* Blocked in the kernel: opening FIFOs that nobody else opens, reading from a pipe, waiting for a lock. */
int main(void)
{
    mkfifo("/tmp/evalx-hostile-fifo", 0666);
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            if (i % 2)
                open("/tmp/evalx-hostile-fifo", O_WRONLY);
            else
                open("/tmp/evalx-hostile-fifo", O_RDONLY | O_CLOEXEC);
            _exit(0);
        }
    int p[2];
    char c;
    if (pipe(p) == 0)
        (void)!read(p[0], &c, 1);
    return 0;
}
