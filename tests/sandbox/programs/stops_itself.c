#include "hostile.h"
int main(void)
{
    if (fork() == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    raise(SIGSTOP);
    return 0;
}
