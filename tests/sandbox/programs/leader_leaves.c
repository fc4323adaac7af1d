#include <pthread.h>
#include "hostile.h"
/* The first thread goes and is a zombie; the others go on burning. */
static void *burn(void *argument)
{
    for (;;)
        ;
    return argument;
}
int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, burn, NULL);
    syscall(SYS_exit, 0);
    return 1;
}
