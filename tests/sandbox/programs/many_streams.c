#include "hostile.h"
/* A child keeps each stream open and full while the program ends: who waits for the end of the streams waits long. */
int main(void)
{
    done();
    if (fork() == 0) {
        setsid();
        fcntl(1, F_SETFL, O_NONBLOCK);
        for (int i = 0; i < 300; i++) {
            (void)!write(2, "x", 1);
            nap(0.1);
        }
    }
    return 0;
}
