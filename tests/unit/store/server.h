/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: a Redis server of the test's own: Debian's, with its files in the test's folder and every answer synced. */
#ifndef EVALX_TESTS_STORE_SERVER_H
#define EVALX_TESTS_STORE_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

enum { SERVER_OPTIONS_MAX = 16 };

struct redis_server {
    char dir[96];
    pid_t pid;                               /* 0: not running */
    int port;                                /* 0: only the socket DIR/redis.sock */
    const char *options[SERVER_OPTIONS_MAX]; /* further "--name", "value", …; NULL at the end */
};

/* Returns when it takes connections. Asserts that it does. It dies with this process. */
void server_start(struct redis_server *server);
void server_kill(struct redis_server *server); /* SIGKILL, and waits */
void server_pause(struct redis_server *server);
void server_resume(struct redis_server *server);
int free_port(void);

/* The server's own clients, for what tests need besides: prints the answer's lines into out; its exit status. */
int server_ask(const struct redis_server *server, const char *command, char *out, size_t size);

#endif
