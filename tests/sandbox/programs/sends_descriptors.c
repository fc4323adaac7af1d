#include <sys/un.h>
#include "hostile.h"
/* Looks for a socket of the judge's to send descriptors over. */
int main(void)
{
    char control[CMSG_SPACE(sizeof(int))] = {0}, c = 'x';
    struct iovec io = {&c, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), (int[]){open("/", O_PATH)}, sizeof(int));
    for (int fd = 0; fd < 1024; fd++)
        if (sendmsg(fd, &m, MSG_DONTWAIT) >= 0)
            printf("ESCAPED descriptor %d is a socket\n", fd);
    static const char *const names[] = {"evalx", "/var/lib/evalx/socket", "/run/evalx.sock", "/tmp/.X11-unix/X0"};
    for (unsigned i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        snprintf(at.sun_path + i % 2, sizeof at.sun_path - 1, "%s", names[i / 2]);
        REFUSED("a local socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at));
    }
    return done();
}
