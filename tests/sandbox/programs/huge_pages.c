#include <sys/ipc.h>
#include <sys/shm.h>
#include "hostile.h"
/* Huge pages are counted by nobody: on a machine that has some, a box must not get them. (Here there may be none; then this says little.) */
int main(void)
{
    int kinds[] = {MAP_HUGETLB, MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, MAP_HUGETLB | 30 << MAP_HUGE_SHIFT};
    for (int i = 0; i < 3; i++) {
        char *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | kinds[i], -1, 0);
        HOLDS("huge pages by mmap", p == MAP_FAILED);
    }
    REFUSED("huge pages by shmget", shmget(IPC_PRIVATE, 2 << 20, IPC_CREAT | SHM_HUGETLB | 0600));
    int fd = (int)syscall(SYS_memfd_create, "huge", MFD_HUGETLB);
    HOLDS("huge pages by memfd", fd < 0 || mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    return done();
}
