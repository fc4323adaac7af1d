#include <sys/shm.h>
#include "hostile.h"
int main(void)
{
    for (int i = 0; i < 512; i++) {
        int id = shmget(IPC_PRIVATE, 1 << 20, 0600);
        char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
        if (p == (char *)-1)
            return 3;
        memset(p, 1, 1 << 20);
        shmdt(p); /* still there, though nobody holds it */
    }
    puts("ESCAPED the memory limit, by shared memory");
    return 0;
}
