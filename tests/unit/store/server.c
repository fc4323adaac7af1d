/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: see server.h. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum { ARGUMENTS_MAX = 64 };

int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void run_server(const struct redis_server *server, int out, pid_t parent)
{
    char port[16], sock[128];
    snprintf(port, sizeof(port), "%d", server->port);
    snprintf(sock, sizeof(sock), "%s/redis.sock", server->dir);
    const char *argv[ARGUMENTS_MAX] = {"redis-server",
                                       "--dir",
                                       server->dir,
                                       "--port",
                                       port,
                                       "--bind",
                                       "127.0.0.1",
                                       "--unixsocket",
                                       sock,
                                       "--appendonly",
                                       "yes",
                                       "--appendfsync",
                                       "always",
                                       "--save",
                                       "",
                                       "--maxmemory-policy",
                                       "noeviction",
                                       "--daemonize",
                                       "no",
                                       "--logfile",
                                       ""};
    size_t count = 0;
    while (argv[count])
        count++;
    for (size_t i = 0; i < SERVER_OPTIONS_MAX && server->options[i]; i++)
        argv[count++] = server->options[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(126);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* Reads the log until it says that it serves. */
static bool await_ready(int fd)
{
    char log[16384];
    size_t len = 0;
    ssize_t got;
    while (len + 1 < sizeof(log) && (got = read(fd, log + len, sizeof(log) - len - 1)) > 0) {
        len += (size_t)got;
        log[len] = '\0';
        if (strstr(log, "ready to accept connections at") || strstr(log, "Ready to accept connections"))
            return true;
    }
    print_message("redis-server said:\n%.*s\n", (int)len, log);
    return false;
}

void server_start(struct redis_server *server)
{
    int ends[2];
    assert_int_equal(server->pid, 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t self = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_server(server, ends[1], self);
    close(ends[1]);
    server->pid = pid;
    bool ready = await_ready(ends[0]);
    close(ends[0]);
    assert_true(ready);
}

void server_kill(struct redis_server *server)
{
    if (server->pid == 0)
        return;
    kill(server->pid, SIGKILL);
    while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    server->pid = 0;
}

void server_pause(struct redis_server *server)
{
    int status;
    assert_int_equal(kill(server->pid, SIGSTOP), 0);
    assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
}

void server_resume(struct redis_server *server)
{
    assert_int_equal(kill(server->pid, SIGCONT), 0);
}

int server_ask(const struct redis_server *server, const char *command, char *out, size_t size)
{
    char line[512];
    snprintf(line, sizeof(line), "redis-cli -s %s/redis.sock %s", server->dir, command);
    FILE *from = popen(line, "re");
    assert_non_null(from);
    size_t len = fread(out, 1, size - 1, from);
    out[len] = '\0';
    return pclose(from);
}
