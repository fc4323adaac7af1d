#include <netinet/in.h>
#include "hostile.h"
/* Memory in the buffers of TCP and UDP, by the box's own loopback. */
int main(void)
{
    static char block[60000];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(40000), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int size = 16 << 20, l = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0);
    long held = 0;
    bind(l, (struct sockaddr *)&at, sizeof at);
    listen(l, 400);
    double end = now() + 2;
    for (int i = 0; i < 200 && held < 160L << 20 && now() < end; i++) {
        int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        setsockopt(c, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        (void)!connect(c, (struct sockaddr *)&at, sizeof at);
        for (ssize_t n; held < 160L << 20 && (n = send(c, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0;)
            held += n;
    }
    HOLDS("the memory limit, by TCP", held < 100L << 20);
    held = 0;
    for (int i = 0; i < 40 && held < 160L << 20 && now() < end; i++) {
        int r = socket(AF_INET, SOCK_DGRAM, 0), queued = 0;
        at.sin_port = htons((uint16_t)(40001 + i));
        setsockopt(r, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        bind(r, (struct sockaddr *)&at, sizeof at);
        for (; queued < 200 && sendto(u, block, sizeof block, MSG_DONTWAIT, (struct sockaddr *)&at, sizeof at) > 0; queued++)
            ;
        for (char c; recv(r, &c, 1, MSG_DONTWAIT | (queued ? MSG_PEEK : 0)) >= 0 && queued; queued = 0)
            held += 4L << 20; /* at the least, of what was sent to it */
    }
    HOLDS("the memory limit, by UDP", held < 100L << 20);
    return done();
}
