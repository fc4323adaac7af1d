#include <sys/mount.h>
#include "hostile.h"
/* Names that make the kernel look for a module. */
int main(void)
{
    static const int families[] = {AF_AX25, AF_IPX, AF_APPLETALK, AF_NETROM, AF_X25, AF_KEY, AF_NETLINK, AF_PACKET, AF_RDS, AF_LLC, AF_CAN, AF_TIPC, AF_BLUETOOTH,
                                   AF_ALG, AF_NFC, AF_VSOCK, AF_KCM, 42, 43, 44, 45};
    for (unsigned i = 0; i < sizeof families / sizeof *families; i++)
        for (int type = 1; type < 6; type++)
            REFUSED("a family", socket(families[i], type, 0));
    static const int protocols[] = {132, 33, 115, 136, 256, 262, 103, 47};
    for (unsigned i = 0; i < sizeof protocols / sizeof *protocols; i++)
        for (int type = 1; type < 6; type++)
            REFUSED("a protocol", socket(AF_INET, type, protocols[i]));
    REFUSED("a file system", mount("x", "/tmp", "evalx_hostile_fs", 0, NULL));
    REFUSED("a file system, the new way", syscall(430, "evalx_hostile_fs", 0));
    int fd = open("/tmp/evalx-hostile-odd", O_CREAT | O_WRONLY, 0700);
    (void)!write(fd, "\x01\x02\x03\x04 no known binary format", 30);
    close(fd);
    REFUSED("an unknown binary format", execl("/tmp/evalx-hostile-odd", "odd", NULL));
    return done();
}
