#include "hostile.h"
/* Every system call with arguments at random (the same each time), many times, by children that do not last: nothing is to show outside. */
static uint64_t state = 0x9e3779b97f4a7c15;
static uint64_t any(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}
static long argument(void)
{
    static char block[65536];
    static const long odd[] = {0, 1, 2, 3, -1, -100, 0x7fffffff, 0x80000000, 1L << 32, -4096, 0x1000, 0xffffffff};
    switch (any() % 4) {
    case 0:
        return (long)(block + any() % sizeof block);
    case 1:
        return (long)(any() % 64);
    case 2:
        return odd[any() % 12];
    default:
        return (long)any();
    }
}
int main(void)
{
    for (int round = 0; round < 60; round++) {
        any();
        if (fork() == 0) {
            alarm(1);
            (void)!chdir("/tmp");
            for (int i = 0; i < 300; i++) {
                long call = (long)(any() % 470);
                if (call == SYS_exit || call == SYS_exit_group || call == SYS_pause || call == SYS_rt_sigsuspend || call == SYS_fork || call == SYS_vfork || call == SYS_clone || call == SYS_kill ||
                    call == SYS_alarm || call == SYS_write || call == SYS_writev || call == SYS_pwritev || call == SYS_pwritev2 || call == SYS_close_range)
                    continue;
                syscall(call, argument(), argument(), argument(), argument(), argument(), argument());
            }
            _exit(0);
        }
        if (round % 20 == 19)
            while (waitpid(-1, NULL, WNOHANG) > 0)
                ;
    }
    nap(0.3);
    kill(-1, SIGKILL);
    return done();
}
