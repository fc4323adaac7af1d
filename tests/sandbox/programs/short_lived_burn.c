#include "hostile.h"
/* Never the same process for more than 5 ms: who looks at processes one by one sees none that used much. */
int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (double end = now() + 20; now() < end;) {
        pid_t pid = fork();
        if (pid == 0) {
            spin(0.005);
            _exit(0);
        }
        wait(NULL);
    }
    return 0;
}
