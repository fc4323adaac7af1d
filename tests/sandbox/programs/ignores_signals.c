#include "hostile.h"
static void again(int s) { signal(s, again); }
int main(void)
{
    for (int i = 1; i < 65; i++)
        signal(i, i % 2 ? SIG_IGN : again);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    spin(20);
    return 0;
}
