#include "hostile.h"
/* Pipes, each as large as allowed and full. */
int main(void)
{
    static char block[1 << 20];
    long held = 0;
    for (int i = 0; i < 2000; i++) {
        int p[2];
        if (pipe2(p, O_NONBLOCK) < 0)
            break;
        fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
        for (ssize_t n; (n = write(p[1], block, sizeof block)) > 0;)
            held += n;
    }
    HOLDS("the memory limit, by pipes", held < 200L << 20);
    return done();
}
