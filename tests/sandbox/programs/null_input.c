#include "hostile.h"
/* No input was sent: what is standard input then? Nothing of the machine's, whose times could be set for all boxes to see. */
int main(void)
{
    struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    struct stat before, after;
    stat("/dev/null", &before);
    futimens(0, NULL), futimens(0, long_ago);
    utimensat(AT_FDCWD, "/proc/self/fd/0", NULL, 0);
    for (int flags = O_WRONLY; flags <= O_RDWR; flags++)
        futimens(open("/proc/self/fd/0", flags), NULL);
    stat("/dev/null", &after);
    HOLDS("the times of /dev/null", memcmp(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim) == 0);
    fchmod(0, 0600);
    char c;
    HOLDS("no input", read(0, &c, 1) == 0);
    return done();
}
