#include "hostile.h"
/* Children that process 1 gets, by CLONE_PARENT and by adoption, which end with every signal there is instead of SIGCHLD. */
static long child(unsigned long flags)
{
    return syscall(SYS_clone, flags, 0, 0, 0, 0);
}
int main(void)
{
    for (int s = 0; s < 65; s++)
        if (fork() == 0) { /* such a child's end is a signal to its parent: that is not to be the program itself */
            for (int i = 0; i < 4; i++)
                if (child((unsigned long)s | (i % 2 ? CLONE_PARENT : 0)) == 0) {
                    nap(0.01 * i);
                    _exit(s);
                }
            _exit(s);
        }
    if (child(CLONE_PARENT | SIGUSR1) == 0) /* the launcher's child: outlives the program, if it may */
        for (;;)
            pause();
    nap(0.1);
    return done();
}
