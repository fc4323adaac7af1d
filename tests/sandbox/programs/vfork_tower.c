#include "hostile.h"
/* Each waits for the one above it, without being able to hear anything; the top one does not come down. */
static volatile int height;
int main(void)
{
    while (height < 50) {
        pid_t pid = vfork();
        if (pid != 0)
            break;
        height++;
    }
    if (height == 50)
        for (;;)
            pause();
    for (;;)
        ;
}
