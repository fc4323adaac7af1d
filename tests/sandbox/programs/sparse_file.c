#include "hostile.h"
int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    int fd = open("evalx-hostile-sparse", O_CREAT | O_RDWR, 0600);
    REFUSED("a file of 8 TiB", ftruncate(fd, 8L << 40));
    REFUSED("a byte far behind", pwrite(fd, "x", 1, 1L << 40));
    REFUSED("room for 1 TiB", fallocate(fd, 0, 0, 1L << 40));
    return done();
}
