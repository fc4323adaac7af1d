/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c: see listen.h. */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"

/* A socket file that nobody listens on is left over from a crash and is removed; anything else in the way is left alone. */
static int remove_stale(const struct sockaddr_un *un, struct error *err)
{
    struct stat st;
    if (lstat(un->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : error_errno(err, -errno, "looking at %s", un->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, -EEXIST, "%s is there already and is not a socket", un->sun_path);
    _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_errno(err, -errno, "making a socket");
    if (connect(fd, (const struct sockaddr *)un, sizeof *un) == 0 || errno != ECONNREFUSED)
        return error_set(err, -EADDRINUSE, "another server listens on %s", un->sun_path);
    if (unlink(un->sun_path) < 0)
        return error_errno(err, -errno, "removing the stale socket %s", un->sun_path);
    return 0;
}

static int listen_unix(const char *path, struct listening *ret, struct error *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof un.sun_path)
        return error_set(err, -EINVAL, "the path of a Unix socket must have 1 to %zu bytes", sizeof un.sun_path - 1);
    memcpy(un.sun_path, path, len);
    int r = remove_stale(&un, err);
    if (r < 0)
        return r;
    _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_errno(err, -errno, "making a socket");
    /* The file gets this mode (less the umask) at bind: it is never open to others, not even for a moment. */
    if (fchmod(fd, 0660) < 0 || bind(fd, (struct sockaddr *)&un, sizeof un) < 0)
        return error_errno(err, -errno, "binding %s", path);
    *ret = (struct listening){.fd = fd_steal(&fd), .address = xasprintf("unix:%s", path), .path = xstrdup(path)};
    return 0;
}

/* Splits "host:port" or "[host]:port"; host is on the heap. */
static int split(const char *text, char **ret_host, const char **ret_port, struct error *err)
{
    const char *colon = strrchr(text, ':');
    const char *host = text, *end = colon;
    if (text[0] == '[') {
        host = text + 1;
        end = strchr(text, ']');
        if (!end || end + 1 != colon)
            colon = NULL;
    }
    if (!colon || end == host || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strlen(colon + 1) > 5 || strtol(colon + 1, NULL, 10) > 65535)
        return error_set(err, -EINVAL, "\"%s\" is not HOST:PORT, [IPV6]:PORT or unix:PATH", text);
    *ret_host = str_dup((struct str){host, (size_t)(end - host)});
    *ret_port = colon + 1;
    return 0;
}

static int bind_first(const struct addrinfo *a)
{
    _cleanup_(fd_closep) int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int one = 1;
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
    if (bind(fd, a->ai_addr, a->ai_addrlen) < 0)
        return -errno;
    return fd_steal(&fd);
}

static char *name_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return xstrdup("?");
    return xasprintf(address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static int listen_tcp(const char *text, struct listening *ret, struct error *err)
{
    _cleanup_(freep) char *host = NULL;
    const char *port = NULL;
    int r = split(text, &host, &port, err);
    if (r < 0)
        return r;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed)
        return error_set(err, -EADDRNOTAVAIL, "%s: %s", host, gai_strerror(failed));
    int fd = bind_first(found);
    freeaddrinfo(found);
    if (fd < 0)
        return error_errno(err, fd, "binding %s", text);
    *ret = (struct listening){.fd = fd, .tcp = true, .address = name_of(fd)};
    return 0;
}

int listen_open(const char *text, struct listening *ret, struct error *err)
{
    static const char scheme[] = "unix:";
    if (strncmp(text, scheme, sizeof scheme - 1) == 0)
        return listen_unix(text + sizeof scheme - 1, ret, err);
    return listen_tcp(text, ret, err);
}
