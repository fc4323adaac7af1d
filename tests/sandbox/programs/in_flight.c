#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>
#include "hostile.h"
/*
 * Sockets that hold each other after their program, until the kernel collects them: with names, ports, memory, and a signal for process 1 when
 * they go. The input says: "leave" them, or "look" for them.
 */
enum { COUNT = 800 };
static socklen_t name_of(struct sockaddr_un *at, int i)
{
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)snprintf(at->sun_path + 1, 100, "evalx-hostile-%d", i));
}
static void bind_port(int fd, int i)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(40000 + i))};
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        printf("ESCAPED a port of the run before: %d\n", 40000 + i);
}
static void leave(int i)
{
    static char block[16384];
    struct sockaddr_un at;
    int fds[4] = {-1, -1, socket(AF_UNIX, SOCK_STREAM, 0), socket(AF_INET, SOCK_STREAM, 0)};
    char control[CMSG_SPACE(sizeof fds)] = {0}, c = 0;
    struct iovec io = {&c, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return;
    bind(fds[2], (struct sockaddr *)&at, name_of(&at, i));
    listen(fds[2], 1);
    if (i < 50)
        bind_port(fds[3], i);
    for (int k = 0; k < 3; k++)
        (void)!send(fds[0], block, sizeof block, MSG_DONTWAIT);
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(h), fds, sizeof fds);
    (void)!sendmsg(fds[1], &m, MSG_DONTWAIT);
    for (int k = 0; k < 2; k++) {
        fcntl(fds[k], F_SETOWN, 1);
        fcntl(fds[k], F_SETSIG, SIGUSR1);
        fcntl(fds[k], F_SETFL, O_RDWR | O_ASYNC);
    }
    for (int k = 0; k < 4; k++)
        close(fds[k]);
}
int main(void)
{
    char how[16] = "";
    struct sockaddr_un at;
    int names = 0;
    if (!fgets(how, sizeof how, stdin))
        return 1;
    if (strncmp(how, "leave", 5) == 0) {
        for (int i = 0; i < COUNT; i++)
            leave(i);
        return done();
    }
    for (int i = 0; i < COUNT; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        names += bind(fd, (struct sockaddr *)&at, name_of(&at, i)) < 0;
        close(fd);
    }
    if (names)
        printf("ESCAPED %d names of the run before\n", names);
    for (int i = 0; i < 50; i++)
        bind_port(socket(AF_INET, SOCK_STREAM, 0), i);
    char *p = mmap(NULL, 48 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(p, 1, 48 << 20); /* of 64 MiB */
    nap(0.1);
    return done();
}
