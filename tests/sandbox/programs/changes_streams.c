#include <sys/ioctl.h>
#include "hostile.h"
/* Whatever it does to its streams is done to its own ends only. */
int main(void)
{
    signal(SIGIO, SIG_IGN);
    for (int fd = 0; fd < 3; fd++) {
        fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC | O_APPEND);
        fcntl(fd, F_SETOWN, getpid());
        fcntl(fd, F_SETPIPE_SZ, 4096);
        int on = 1;
        ioctl(fd, FIONBIO, &on);
    }
    REFUSED("seeking in the output", lseek(1, 0, SEEK_SET));
    REFUSED("cutting the output", ftruncate(1, 0));
    REFUSED("growing the input", ftruncate(0, 1 << 20));
    REFUSED("writing to the input", write(0, "x", 1));
    REFUSED("mapping the input to write", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0) == MAP_FAILED ? -1 : 0);
    int again = open("/proc/self/fd/0", O_WRONLY);
    HOLDS("writing to the input opened anew", again < 0 || (write(again, "x", 1) < 0 && ftruncate(again, 0) < 0));
    char c;
    int own = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    HOLDS("reading what somebody else would read", own < 0 || read(own, &c, 1) <= 0);
    fcntl(1, F_SETFL, 0);
    return done();
}
