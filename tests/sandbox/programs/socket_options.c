#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include "hostile.h"
/* Options that are code which nothing else reaches, or state that stays. */
int main(void)
{
    struct sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, 0xffff}};
    struct sock_fprog filter = {1, code};
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), six = socket(AF_INET6, SOCK_DGRAM, 0), one = 1, two = 2;
    int sockets[] = {tcp, udp, local};
    for (int i = 0; i < 3; i++) {
        REFUSED("a filter", setsockopt(sockets[i], SOL_SOCKET, 26, &filter, sizeof filter));
        REFUSED("a filter, hidden above", syscall(SYS_setsockopt, sockets[i], 1L << 32 | SOL_SOCKET, 1L << 32 | 26, &filter, sizeof filter));
        REFUSED("a group's filter", setsockopt(sockets[i], SOL_SOCKET, 51, &filter, sizeof filter));
        REFUSED("an eBPF filter", setsockopt(sockets[i], SOL_SOCKET, 50, &one, sizeof one));
        REFUSED("a mark", setsockopt(sockets[i], SOL_SOCKET, SO_MARK, &one, sizeof one));
        REFUSED("a buffer by force", setsockopt(sockets[i], SOL_SOCKET, SO_SNDBUFFORCE, &one, sizeof one));
    }
    REFUSED("TLS in the kernel", setsockopt(tcp, IPPROTO_TCP, 31, "tls", 3));
    REFUSED("a repaired connection", setsockopt(tcp, IPPROTO_TCP, 19, &one, sizeof one));
    REFUSED("an MD5 key", setsockopt(tcp, IPPROTO_TCP, 14, code, sizeof code));
    REFUSED("a tunnel", setsockopt(udp, IPPROTO_UDP, 100, &two, sizeof two));
    REFUSED("IPsec", setsockopt(udp, IPPROTO_IP, 16, code, sizeof code));
    REFUSED("tables", setsockopt(udp, IPPROTO_IP, 64, code, sizeof code));
    REFUSED("a flow label", setsockopt(six, IPPROTO_IPV6, 32, code, sizeof code));
    HOLDS("usual options work", setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 && setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 &&
                                    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &one, sizeof one) == 0 && setsockopt(udp, IPPROTO_IP, IP_TTL, &one, sizeof one) == 0);
    return done();
}
