#include "hostile.h"
/* A checker that misbehaves as programs do: reads what it should not, leaves things behind, stays, and says a lot. */
int main(int argc, char **argv)
{
    for (int fd = 6; fd < 1024; fd++) /* 3 to 5 are what it is to judge by */
        HOLDS("a descriptor was left", fcntl(fd, F_GETFD) < 0);
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_WRONLY | O_TRUNC);
        HOLDS("writing what it is to judge by", fd < 0 || write(fd, "x", 1) < 0);
    }
    REFUSED("/etc/shadow", open("/etc/shadow", O_RDONLY));
    REFUSED("another run's scratch", open("/box/../proc/1/root", O_RDONLY));
    close(open("/tmp/evalx-hostile-checker", O_CREAT | O_WRONLY, 0666));
    if (fork() == 0) {
        setsid();
        nap(20);
    }
    return 0;
}
