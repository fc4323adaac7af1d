#include <sys/prctl.h>
#include "hostile.h"
/* Those who must be ended are the last that the scheduler lets run. */
int main(void)
{
    struct sched_param none = {0};
    for (int i = 0; i < 50; i++)
        if (fork() == 0)
            break;
    for (int s = 1; s < 65; s++)
        signal(s, SIG_IGN);
    setpriority(PRIO_PROCESS, 0, 19);
    sched_setscheduler(0, SCHED_IDLE, &none);
    prctl(PR_SET_TIMERSLACK, 1UL << 40, 0, 0, 0);
    for (;;)
        ;
}
