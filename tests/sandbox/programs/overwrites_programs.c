#include "hostile.h"
/* The way out of runc in 2019: the program that runs oneself, written through /proc. */
static int opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd >= 0 && write(fd, "#!", 2) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}
int main(void)
{
    REFUSED("its own program", opens("/proc/self/exe", O_RDWR));
    REFUSED("its own program, cut", opens("/proc/self/exe", O_WRONLY | O_TRUNC));
    REFUSED("the artifact", opens("/artifact/main", O_RDWR));
    REFUSED("another artifact", opens("/artifact/evalx-hostile", O_RDWR | O_CREAT));
    REFUSED("removing the artifact", unlink("/artifact/main"));
    REFUSED("replacing the artifact", rename("/artifact/main", "/artifact/other"));
    REFUSED("the artifact's mode", chmod("/artifact/main", 0777));
    REFUSED("the launcher", opens("/proc/1/exe", O_RDWR));
    REFUSED("the shell", opens("/bin/sh", O_RDWR));
    REFUSED("the dynamic linker", opens("/lib64/ld-linux-x86-64.so.2", O_RDWR));
    REFUSED("the C library", opens("/usr/lib/x86_64-linux-gnu/libc.so.6", O_RDWR));
    char *image = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, open("/bin/sh", O_RDONLY), 0);
    HOLDS("a shared map of the shell", image == MAP_FAILED);
    /* /proc/self/mem writes what is mapped, whatever its protection: to one's own copy. */
    int fd = open("/usr/bin/env", O_RDONLY), mem = open("/proc/self/mem", O_RDWR);
    char *copy = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), first = 0;
    if (copy != MAP_FAILED && mem >= 0)
        (void)!pwrite(mem, "EVIL", 4, (off_t)(uintptr_t)copy);
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED && mem >= 0)
        REFUSED("a shared read-only map, through /proc/self/mem", pwrite(mem, "EVIL", 4, (off_t)(uintptr_t)shared));
    HOLDS("a read-only file was changed", pread(fd, &first, 1, 0) == 1 && first == 0x7f);
    return done();
}
