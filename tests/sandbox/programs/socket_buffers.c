#include "hostile.h"
int main(void)
{
    static char block[65536];
    long held = 0;
    for (int i = 0; i < 2000; i++) {
        int p[2], size = 8 << 20;
        if (socketpair(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_DGRAM, 0, p) < 0)
            break;
        setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        for (ssize_t n; (n = send(p[0], block, sizeof block, MSG_DONTWAIT)) > 0;)
            held += n;
    }
    HOLDS("the memory limit, by sockets", held < 400L << 20);
    return done();
}
