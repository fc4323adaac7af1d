#include "hostile.h"
/* The input is a file of the engine's: opened again, written, cut, sealed, mapped, run, renamed by its magic link. */
int main(void)
{
    const char *in = "/proc/self/fd/0";
    char c = 0;
    for (int flags = O_WRONLY; flags <= O_RDWR; flags++)
        for (int more = 0; more < 2; more++) {
            int fd = open(in, flags | (more ? O_TRUNC : 0));
            HOLDS("writing the input", fd < 0 || write(fd, "x", 1) < 0);
            HOLDS("cutting the input", fd < 0 || ftruncate(fd, 1) < 0);
            HOLDS("a longer input", fd < 0 || fallocate(fd, 0, 0, 1 << 20) < 0);
            HOLDS("a hole in the input", fd < 0 || fallocate(fd, 3, 0, 4096) < 0);
            HOLDS("mapping the input for writing", fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
            HOLDS("a seal of the input", fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) < 0 || fcntl(0, F_GET_SEALS) > 0);
            close(fd);
        }
    REFUSED("running the input", execve(in, (char *[]){"x", NULL}, NULL));
    char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, 0, 0);
    HOLDS("making a mapping of the input writable", map == MAP_FAILED || mprotect(map, 4096, PROT_READ | PROT_WRITE) < 0);
    for (int stream = 1; stream <= 2; stream++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", stream);
        REFUSED("reading one's own output", open(path, O_RDONLY | O_NONBLOCK));
        REFUSED("reading from the output", read(stream, &c, 1));
    }
    HOLDS("the input", read(0, &c, 1) == 1 && c == 'i');
    return done();
}
