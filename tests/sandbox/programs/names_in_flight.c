#include "hostile.h"
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/un.h>
/*
 * leave: sockets with names and ports, sent over themselves and closed: nobody holds them any more, and they live until the kernel
 * looks for such. look: the next run, which must be able to have the same names and ports, and object numbers from the start.
 */
enum { NAMES = 200, PORTS = 20, FIRST_PORT = 40000 };

static int named(int i)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int len = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "evalx-hostile-flight-%d", i), fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return bind(fd, (void *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0 ? (close(fd), -1) : fd;
}

static int ported(int i)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + i))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return bind(fd, (void *)&a, sizeof a) < 0 ? (close(fd), -1) : fd;
}

static void cast_off(const int *fds, int count)
{
    char control[CMSG_SPACE(4 * sizeof(int))] = {0}, c = 0;
    struct iovec io = {&c, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(h), fds, (size_t)count * sizeof(int));
    if (sendmsg(fds[0], &m, MSG_DONTWAIT) < 0)
        perror("sendmsg");
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static int next_queue(void)
{
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    msgctl(id, IPC_RMID, 0);
    return id;
}

int main(void)
{
    char how[16] = "";
    (void)!fgets(how, sizeof how, stdin);
    if (strcmp(how, "leave") == 0) {
        for (int i = 0; i < NAMES; i++) {
            int fds[4];
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 || (fds[2] = named(i)) < 0)
                return 3;
            fds[3] = i < PORTS ? ported(i) : -1;
            cast_off(fds, fds[3] >= 0 ? 4 : 3);
        }
        for (int i = 0; i < 77; i++)
            next_queue();
        return done();
    }
    int lost = 0;
    for (int i = 0; i < NAMES; i++)
        lost += named(i) < 0;
    for (int i = 0; i < PORTS; i++)
        lost += ported(i) < 0;
    HOLDS("sockets of the run before have gone", lost == 0);
    int first = next_queue(), second = next_queue();
    printf("numbers %d %d\n", first, second);
    HOLDS("message queues are numbered from the start", first < 8 * (second - first));
    return done();
}
