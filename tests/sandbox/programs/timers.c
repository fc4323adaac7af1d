#include "hostile.h"
int main(void)
{
    int made = 0, refused = 0;
    for (int i = 0; i < 5000; i++) {
        timer_t t;
        struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
        if (timer_create(CLOCK_MONOTONIC, &e, &t) == 0)
            made++;
        else
            refused++;
    }
    HOLDS("timers without end", refused > 0 && made <= 1024);
    return done();
}
