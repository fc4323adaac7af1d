#include "hostile.h"
int main(void)
{
    long r = syscall(0x40000000L + SYS_ptrace, 0, 0, 0, 0);
    printf("ESCAPED by x32: %ld\n", r);
    return 0;
}
