#include "hostile.h"
int main(void)
{
    char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REFUSED("locking 16 MiB", mlock(p, 16 << 20));
    REFUSED("locking everything", mlockall(MCL_CURRENT | MCL_FUTURE));
    REFUSED("secret memory", syscall(SYS_memfd_secret, 0));
    REFUSED("huge pages for one's own", mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0) == MAP_FAILED ? -1 : 0);
    return done();
}
