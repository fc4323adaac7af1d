#include <sys/ptrace.h>
#include <sys/uio.h>
#include "hostile.h"
int main(void)
{
    char block[64];
    struct iovec mine = {block, sizeof block}, theirs = {(void *)0x400000, sizeof block};
    REFUSED("PTRACE_TRACEME", ptrace(PTRACE_TRACEME, 0, 0, 0));
    REFUSED("PTRACE_ATTACH to process 1", ptrace(PTRACE_ATTACH, 1, 0, 0));
    REFUSED("PTRACE_SEIZE of process 1", ptrace(PTRACE_SEIZE, 1, 0, 0));
    pid_t child = fork();
    if (child == 0) {
        nap(2);
        _exit(0);
    }
    REFUSED("PTRACE_ATTACH to a child", ptrace(PTRACE_ATTACH, child, 0, 0));
    REFUSED("a child's memory", process_vm_readv(child, &mine, 1, &theirs, 1, 0));
    REFUSED("process 1's memory", process_vm_readv(1, &mine, 1, &theirs, 1, 0));
    REFUSED("writing process 1's memory", process_vm_writev(1, &mine, 1, &theirs, 1, 0));
    REFUSED("process 1's memory as a file", open("/proc/1/mem", O_RDWR));
    REFUSED("process 1's maps", open("/proc/1/maps", O_RDONLY));
    REFUSED("process 1's descriptors", open("/proc/1/fd/3", O_RDONLY));
    REFUSED("process 1's program", open("/proc/1/exe", O_RDONLY));
    REFUSED("process 1's thread", open("/proc/1/task/1/mem", O_RDWR));
    REFUSED("the robust list of process 1", syscall(SYS_get_robust_list, 1, &mine.iov_base, &mine.iov_len));
    kill(child, SIGKILL);
    return done();
}
