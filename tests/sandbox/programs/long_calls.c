#include <sys/sendfile.h>
#include <sys/uio.h>
#include "hostile.h"
/* Each system call as long as it can be made: they must see that they are killed. */
int main(void)
{
    static char block[1 << 20];
    struct iovec io[1024];
    for (int i = 0; i < 1024; i++)
        io[i] = (struct iovec){block, sizeof block};
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY), random = open("/dev/urandom", O_RDONLY), file = memfd_create("x", 0);
    (void)!ftruncate(file, 16 << 20);
    for (int i = 0;; i++) {
        (void)!readv(i % 2 ? zero : random, io, 1024);
        (void)!sendfile(null, zero, NULL, 0x7ffff000);
        (void)!preadv(file, io, 16, 0);
        (void)!pwritev(file, io, 16, 0);
        (void)!syscall(SYS_getrandom, block, sizeof block, 0);
    }
}
