#include "hostile.h"
/* A daemon that keeps the standard streams open and would write for ever. */
int main(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int i = 0; i < 200; i++) {
                nap(0.1);
                if (i > 2)
                    puts("ESCAPED the daemon lives");
                fflush(stdout);
            }
        }
        _exit(0);
    }
    return done();
}
