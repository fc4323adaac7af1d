#include <poll.h>
#include "hostile.h"
/* What a pidfd of process 1 is good for: nothing. */
int main(void)
{
    int init = (int)syscall(SYS_pidfd_open, 1, 0);
    for (int s = 1; s < 65; s++)
        if (s != SIGUSR1)
            syscall(SYS_pidfd_send_signal, init, s, NULL, 0);
    REFUSED("a descriptor of process 1", syscall(SYS_pidfd_getfd, init, 3, 0));
    REFUSED("the namespaces of process 1", syscall(SYS_setns, init, 0x2c020000));
    for (unsigned long request = 0xff00; request < 0xff10; request++) /* PIDFD_GET_…_NAMESPACE, PIDFD_GET_INFO */
        REFUSED("an ioctl of a pidfd", syscall(SYS_ioctl, init, request, 0));
    REFUSED("advice for process 1", syscall(440, init, NULL, 0, 20, 0));
    REFUSED("the memory of process 1", syscall(448, init, 0));
    siginfo_t info;
    REFUSED("waiting for process 1", waitid(3, (id_t)init, &info, WEXITED | WNOHANG));
    struct pollfd p = {.fd = init, .events = POLLIN};
    HOLDS("process 1 lives", poll(&p, 1, 50) == 0);
    for (int pid = 2; pid < 400; pid++)
        if (pid != getpid())
            REFUSED("a pidfd of somebody", syscall(SYS_pidfd_open, pid, 0));
    return done();
}
