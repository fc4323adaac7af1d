#include <sys/sysmacros.h>
#include <sys/un.h>
#include <stddef.h>
#include "hostile.h"
/* Deep, locked, looping, oddly named: what a cleaner that follows names stumbles over. */
int main(void)
{
    static const char *const names[] = {"-rf", "--", "a\nb", "a;b", "$(reboot)", "\xff\xfe", " ", "\\", "*", "..a", "evalx\thostile"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        close(open(names[i], O_CREAT | O_WRONLY, 0));
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = '\0';
    mkdir(longest, 0);
    (void)!symlink("/", "root");
    (void)!symlink("loop", "loop");
    (void)!symlink("/proc/1/root", "evalx-hostile-root");
    (void)!symlink("/etc/shadow", "out.txt");
    (void)!link("loop", "hard");
    mkfifo("fifo", 0666);
    REFUSED("a device", mknod("device", S_IFCHR | 0666, makedev(1, 1)));
    REFUSED("a disk", mknod("disk", S_IFBLK | 0666, makedev(254, 0)));
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "socket"};
    HOLDS("sockets can be made", bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at) == 0);
    chmod("/tmp", 0);
    for (int i = 0; i < 2000; i++)
        if (mkdir("d", 0700) < 0 || chdir("d") < 0)
            break;
    mkdir("locked", 0);
    chmod(".", 0);
    chmod("/box/work", 0);
    return done();
}
