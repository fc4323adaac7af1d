#include "hostile.h"
int main(void)
{
    int made = 0;
    char path[64];
    for (int i = 0; i < 100000; i++) {
        snprintf(path, sizeof path, "/tmp/evalx-hostile-%d", i);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        if (fd < 0)
            break;
        close(fd);
        made++;
    }
    HOLDS("files without number", made < 50000);
    return done();
}
