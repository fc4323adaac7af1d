#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include "hostile.h"
/* As many of each kind of kernel object as there may be. */
int main(void)
{
    int made[4] = {0}, ep = epoll_create1(0);
    for (int i = 0; i < 10000; i++) {
        made[0] += eventfd(0, 0) >= 0;
        made[1] += timerfd_create(CLOCK_MONOTONIC, 0) >= 0;
        int fd = epoll_create1(0);
        made[2] += fd >= 0;
        struct epoll_event e = {.events = EPOLLIN};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
        made[3] += inotify_init1(0) >= 0;
    }
    HOLDS("descriptors without end", made[0] + made[1] + made[2] < 4096);
    HOLDS("inotify", made[3] == 0);
    return done();
}
