/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.h: a wire between store and server that fails on request. It runs in threads of the test and listens on a loopback port. */
#ifndef EVALX_TESTS_STORE_PROXY_H
#define EVALX_TESTS_STORE_PROXY_H

#include <pthread.h>

enum { PROXY_LINKS_MAX = 64, PROXY_NEEDLE_MAX = 64 };

enum proxy_fault {
    PROXY_NONE,
    PROXY_LOSE_COMMAND, /* the command with the needle is not passed on, and its connection is cut */
    PROXY_LOSE_REPLY,   /* it is passed on, and its connection is cut when the reply comes */
    PROXY_LOSE_REPLIES, /* likewise, and not once but until another fault is armed */
};

struct proxy {
    int listen_fd, port, target_port;
    pthread_t thread;
    pthread_mutex_t lock; /* everything below */
    enum proxy_fault fault;
    char needle[PROXY_NEEDLE_MAX];
    int struck; /* faults that happened */
    struct proxy_link *links[PROXY_LINKS_MAX];
};

void proxy_start(struct proxy *proxy, int target_port);
void proxy_stop(struct proxy *proxy);

/* The next command that contains needle meets this fault; once, but for PROXY_LOSE_REPLIES. */
void proxy_arm(struct proxy *proxy, enum proxy_fault fault, const char *needle);
int proxy_struck(struct proxy *proxy);

#endif
