/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.c: see proxy.h. One thread accepts; one thread a connection passes bytes both ways. */
#include "proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

struct proxy_link {
    struct proxy *proxy;
    pthread_t thread;
    int client_fd, server_fd;
    bool doomed; /* cut it when the next reply comes */
};

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* What the fault says of these bytes from the client: false when they are not to be passed on. */
static bool examine(struct proxy_link *link, const char *data, size_t len)
{
    struct proxy *proxy = link->proxy;
    bool pass = true;
    pthread_mutex_lock(&proxy->lock);
    if (proxy->fault != PROXY_NONE && memmem(data, len, proxy->needle, strlen(proxy->needle))) {
        pass = proxy->fault != PROXY_LOSE_COMMAND;
        link->doomed = pass;
        proxy->struck += !pass;
        if (proxy->fault != PROXY_LOSE_REPLIES)
            proxy->fault = PROXY_NONE;
    }
    pthread_mutex_unlock(&proxy->lock);
    return pass;
}

static bool reply_is_lost(struct proxy_link *link)
{
    if (!link->doomed)
        return false;
    pthread_mutex_lock(&link->proxy->lock);
    link->proxy->struck++;
    pthread_mutex_unlock(&link->proxy->lock);
    return true;
}

static bool pass_on(int from, int to, char *data, size_t size, struct proxy_link *link, bool from_client)
{
    ssize_t len = read(from, data, size);
    if (len <= 0)
        return false;
    if (from_client ? !examine(link, data, (size_t)len) : reply_is_lost(link))
        return false;
    for (ssize_t done = 0, step; done < len; done += step)
        if ((step = send(to, data + done, (size_t)(len - done), MSG_NOSIGNAL)) <= 0)
            return false;
    return true;
}

static void *link_main(void *argument)
{
    static _Thread_local char data[1 << 16];
    struct proxy_link *link = argument;
    struct pollfd fds[] = {{.fd = link->client_fd, .events = POLLIN}, {.fd = link->server_fd, .events = POLLIN}};
    bool going_on = true;
    while (going_on && poll(fds, 2, -1) > 0) {
        if (fds[0].revents)
            going_on = pass_on(link->client_fd, link->server_fd, data, sizeof(data), link, true);
        if (going_on && fds[1].revents)
            going_on = pass_on(link->server_fd, link->client_fd, data, sizeof(data), link, false);
    }
    shutdown(link->client_fd, SHUT_RDWR);
    shutdown(link->server_fd, SHUT_RDWR);
    return NULL;
}

static void end_link(struct proxy_link *link)
{
    shutdown(link->client_fd, SHUT_RDWR);
    shutdown(link->server_fd, SHUT_RDWR);
    pthread_join(link->thread, NULL);
    close(link->client_fd);
    close(link->server_fd);
    free(link);
}

/* A place for another link: the oldest goes when there is none. */
static void keep(struct proxy *proxy, struct proxy_link *link)
{
    pthread_mutex_lock(&proxy->lock);
    struct proxy_link *oldest = proxy->links[0];
    for (size_t i = 0; i + 1 < PROXY_LINKS_MAX; i++)
        proxy->links[i] = proxy->links[i + 1];
    proxy->links[PROXY_LINKS_MAX - 1] = link;
    pthread_mutex_unlock(&proxy->lock);
    if (oldest)
        end_link(oldest);
}

static void *accept_main(void *argument)
{
    struct proxy *proxy = argument;
    int client_fd;
    while ((client_fd = accept4(proxy->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct sockaddr_in address = loopback(proxy->target_port);
        int server_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(server_fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
            close(server_fd);
            close(client_fd);
            continue;
        }
        struct proxy_link *link = calloc(1, sizeof(*link));
        *link = (struct proxy_link){.proxy = proxy, .client_fd = client_fd, .server_fd = server_fd};
        if (pthread_create(&link->thread, NULL, link_main, link) != 0)
            abort();
        keep(proxy, link);
    }
    return NULL;
}

void proxy_start(struct proxy *proxy, int target_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    *proxy = (struct proxy){.target_port = target_port};
    pthread_mutex_init(&proxy->lock, NULL);
    proxy->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(proxy->listen_fd >= 0);
    assert_int_equal(bind(proxy->listen_fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(proxy->listen_fd, PROXY_LINKS_MAX), 0);
    assert_int_equal(getsockname(proxy->listen_fd, (struct sockaddr *)&address, &len), 0);
    proxy->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&proxy->thread, NULL, accept_main, proxy), 0);
}

void proxy_stop(struct proxy *proxy)
{
    shutdown(proxy->listen_fd, SHUT_RDWR);
    pthread_join(proxy->thread, NULL);
    close(proxy->listen_fd);
    for (size_t i = 0; i < PROXY_LINKS_MAX; i++)
        if (proxy->links[i])
            end_link(proxy->links[i]);
    pthread_mutex_destroy(&proxy->lock);
}

void proxy_arm(struct proxy *proxy, enum proxy_fault fault, const char *needle)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->fault = fault;
    snprintf(proxy->needle, sizeof(proxy->needle), "%s", needle);
    pthread_mutex_unlock(&proxy->lock);
}

int proxy_struck(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    int struck = proxy->struck;
    pthread_mutex_unlock(&proxy->lock);
    return struck;
}
