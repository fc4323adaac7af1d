#include "hostile.h"
/* The kernel remembers names that do not exist. */
int main(void)
{
    char path[128];
    struct stat st;
    for (int i = 0; i < 200000; i++) {
        snprintf(path, sizeof path, "%s/evalx-hostile-%d", i % 2 ? "/usr/share" : "/tmp", i);
        stat(path, &st);
    }
    return done();
}
