#include "hostile.h"
/* Sockets sent over themselves: nobody holds them but they hold each other, and a lot of memory. */
int main(void)
{
    int sent = 0;
    for (int i = 0; i < 3000; i++) {
        int p[2], memory = memfd_create("evalx-hostile", 0);
        char control[CMSG_SPACE(3 * sizeof(int))] = {0}, c = 0, block[4096] = {1};
        struct iovec io = {&c, 1};
        struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        if (memory < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0)
            break;
        (void)!write(memory, block, sizeof block);
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(3 * sizeof(int));
        memcpy(CMSG_DATA(h), (int[]){p[0], p[1], memory}, 3 * sizeof(int));
        if (sendmsg(p[0], &m, MSG_DONTWAIT) < 0)
            break;
        sent++;
        close(p[0]), close(p[1]), close(memory);
    }
    printf("%d in flight\n", sent);
    return done();
}
