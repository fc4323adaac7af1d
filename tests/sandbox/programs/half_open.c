#include <netinet/in.h>
#include "hostile.h"
/* Connections in every state that TCP has, left to themselves. */
int main(void)
{
    for (int i = 0; i < 40; i++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(40000 + i)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        int l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        struct linger hard = {1, i % 3 == 0 ? 0 : 100};
        bind(l, (struct sockaddr *)&at, sizeof at);
        listen(l, i % 2);
        (void)!connect(c, (struct sockaddr *)&at, sizeof at);
        (void)!send(c, "left", 4, MSG_DONTWAIT | MSG_NOSIGNAL);
        setsockopt(c, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        int a = i % 4 ? accept(l, NULL, NULL) : -1;
        if (i % 5 == 0)
            shutdown(c, SHUT_WR);
        if (i % 7 == 0)
            shutdown(a, SHUT_RD);
        if (i % 2)
            close(l);
    }
    return done();
}
