#include <pty.h>
#include <sys/ioctl.h>
#include "hostile.h"
int main(void)
{
    for (int fd = 0; fd < 3; fd++) {
        REFUSED("typing into the terminal", ioctl(fd, TIOCSTI, "x"));
        REFUSED("typing, hidden above", syscall(SYS_ioctl, fd, 1L << 32 | TIOCSTI, "x"));
        REFUSED("pasting into the console", ioctl(fd, TIOCLINUX, "\2"));
        REFUSED("taking a terminal", ioctl(fd, TIOCSCTTY, 1));
        HOLDS("a stream is a terminal", !isatty(fd));
    }
    REFUSED("the terminal", open("/dev/tty", O_RDWR));
    REFUSED("a new terminal", posix_openpt(O_RDWR));
    REFUSED("a console", open("/dev/console", O_RDWR));
    return done();
}
