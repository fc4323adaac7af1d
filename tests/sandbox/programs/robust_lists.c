#include <linux/futex.h>
#include <pthread.h>
#include "hostile.h"
/* What the kernel walks when a thread ends, made endless, unmapped and pointing at what is not ours. */
static struct robust_list_head head;
static struct robust_list loop[2];
static void *end_badly(void *kind)
{
    head.list.next = kind == 0 ? &loop[0] : kind == (void *)1 ? (struct robust_list *)0x10 : (struct robust_list *)-8L;
    head.futex_offset = kind == (void *)2 ? (long)0x7fffffffffff : 8;
    head.list_op_pending = &loop[1];
    syscall(SYS_set_robust_list, &head, sizeof head);
    syscall(SYS_set_tid_address, kind == 0 ? (void *)1 : (void *)&head);
    syscall(SYS_exit, 0);
    return NULL;
}
int main(void)
{
    loop[0].next = &loop[1], loop[1].next = &loop[0];
    for (long i = 0; i < 30; i++)
        if (fork() == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, end_badly, (void *)(i % 3));
            nap(0.02);
            end_badly((void *)(i % 3));
        }
    void *list;
    size_t len;
    errno = 0;
    HOLDS("the robust list of process 1", syscall(SYS_get_robust_list, 1, &list, &len) < 0);
    nap(0.1);
    return done();
}
