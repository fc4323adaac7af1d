#include "hostile.h"
/* Fills every place that can be written, a file after the other. */
int main(void)
{
    static char block[1 << 20];
    static const char *const places[] = {"/tmp", "/dev/shm", "/box/work", "/var/tmp"};
    long written = 0;
    memset(block, 1, sizeof block);
    for (int i = 0; i < 400; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/evalx-hostile-%d", places[i % 4], i);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        ssize_t n = write(fd, block, sizeof block);
        written += n > 0 ? n : 0;
        close(fd);
    }
    HOLDS("files without end", written < 300L << 20);
    return done();
}
