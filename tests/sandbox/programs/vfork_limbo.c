#include "hostile.h"
/* A parent that waits for a vforked child that waits for ever; both ignore what can be ignored. */
int main(void)
{
    for (int i = 1; i < 32; i++)
        signal(i, SIG_IGN);
    for (int i = 0; i < 5; i++)
        if (fork() == 0) {
            if (vfork() == 0)
                for (;;)
                    pause();
            _exit(0);
        }
    if (vfork() == 0)
        for (;;)
            pause();
    return 0;
}
