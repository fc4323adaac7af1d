#include "hostile.h"
/* Children offer themselves to the OOM killer so that the one with the memory lives on. */
int main(void)
{
    static char block[1 << 20];
    for (int i = 0; i < 50; i++)
        if (fork() == 0) {
            int fd = open("/proc/self/oom_score_adj", O_WRONLY);
            (void)!write(fd, "1000", 4);
            for (;;)
                pause();
        }
    nap(0.1);
    long held = 0;
    for (int n = 0; n < 40; n++) {
        int fd = memfd_create("evalx-hostile", 0);
        for (int i = 0; i < 15; i++)
            held += write(fd, block, sizeof block);
    }
    HOLDS("the memory limit, by sacrifices", held < 70L << 20);
    return done();
}
