#include "hostile.h"
/* Every family, type and many protocols: local, TCP and UDP alone can be made. */
int main(void)
{
    for (int family = 0; family < 64; family++)
        for (int type = 0; type < 16; type++) {
            int good = family == AF_UNIX || ((family == AF_INET || family == AF_INET6) && (type == SOCK_STREAM || type == SOCK_DGRAM));
            int fd = socket(family, type, 0);
            if (fd >= 0 && !good)
                printf("ESCAPED family %d, type %d\n", family, type);
            close(fd);
            fd = (int)syscall(SYS_socket, 1L << 32 | family, 1L << 32 | type, 1L << 32);
            if (fd >= 0 && !good)
                printf("ESCAPED family %d, type %d, hidden above\n", family, type);
            close(fd);
        }
    for (int protocol = 0; protocol < 512; protocol++)
        for (int type = 1; type < 11; type++)
            for (int family = AF_INET; family <= AF_INET6; family += AF_INET6 - AF_INET) {
                int fd = socket(family, type, protocol);
                if (fd >= 0 && protocol != 0 && protocol != 6 && protocol != 17)
                    printf("ESCAPED family %d, type %d, protocol %d\n", family, type, protocol);
                close(fd);
            }
    return done();
}
