#include <dirent.h>
#include "hostile.h"
int main(void)
{
    static const char *const known = " null zero full random urandom fd stdin stdout stderr shm . .. ";
    char word[300];
    DIR *dir = opendir("/dev");
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(word, sizeof word, " %s ", e->d_name);
        if (!strstr(known, word))
            printf("ESCAPED /dev/%s\n", e->d_name);
    }
    static const char *const wanted[] = {"/dev/ptmx", "/dev/pts/0", "/dev/tty", "/dev/fuse", "/dev/kvm", "/dev/userfaultfd", "/dev/dri/card0", "/dev/net/tun", "/dev/vhost-net",
                                         "/dev/loop-control", "/dev/mem", "/dev/kmsg", "/dev/rtc0", "/dev/uinput", "/dev/snd/timer", "/dev/vsock", "/dev/hwrng", "/dev/cuse"};
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
        REFUSED(wanted[i], open(wanted[i], O_RDONLY | O_NONBLOCK));
    for (int major = 0; major < 260; major++)
        if (mknod("node", S_IFCHR | 0666, (dev_t)major << 8) == 0 || mknod("node", S_IFBLK | 0666, (dev_t)major << 8) == 0)
            printf("ESCAPED a node for device %d\n", major);
    return done();
}
