#include <dirent.h>
#include "hostile.h"
/* Reads far more of the image than its memory limit: that is no crime. */
int main(void)
{
    static char block[1 << 20];
    static const char *const files[] = {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", "/usr/lib/gcc/x86_64-linux-gnu/12/lto1",
                                        "/usr/bin/x86_64-linux-gnu-ld.bfd", "/usr/bin/python3.11", "/usr/bin/perl", "/usr/bin/bash"};
    long total = 0;
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        int fd = open(files[i], O_RDONLY);
        for (ssize_t n; fd >= 0 && (n = read(fd, block, sizeof block)) > 0;)
            total += n;
        close(fd);
    }
    fprintf(stderr, "%ld MiB\n", total >> 20);
    return done();
}
