/* SPDX-License-Identifier: Apache-2.0 */
/* jail.c: starting and ending the evalx-jail process, and what its slots say before the first run. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "box/box_internal.h"

enum { SLOTS_MAX = 256, HIGH_FD = 1000 };
#define READY_TIMEOUT_NS (30 * NS_PER_S)

/* argv of evalx-jail; the strings belong to the configuration or to numbers. */
struct arguments {
    const char **items;
    char slots[16], uid_base[16];
};

static void build_arguments(const struct jail_config *config, struct arguments *args)
{
    size_t mounts = 0;
    while (config->mounts && config->mounts[mounts])
        mounts++;
    args->items = xcalloc(7 + 2 * mounts, sizeof *args->items);
    snprintf(args->slots, sizeof args->slots, "%u", config->slots);
    snprintf(args->uid_base, sizeof args->uid_base, "%u", config->uid_base);
    const char *const head[] = {"evalx-jail", "--rootless", "--slots", args->slots, "--uid-base", args->uid_base};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        if (i != 1 || config->rootless)
            args->items[n++] = head[i];
    for (size_t i = 0; i < mounts; i++) {
        args->items[n++] = "--mount";
        args->items[n++] = config->mounts[i];
    }
}

/*
 * In the forked child: puts the sockets where the jail looks for them and becomes it. All descriptors are first moved out of the
 * way, so that none is overwritten before it is placed. The environment is empty: the jail reads none.
 */
static void become_jail(const char *program, const struct arguments *args, int control, const int *sockets,
                        unsigned count)
{
    int moved[SLOTS_MAX + 1];
    for (unsigned i = 0; i <= count; i++) {
        moved[i] = fcntl(i == 0 ? control : sockets[i - 1], F_DUPFD, HIGH_FD);
        if (moved[i] < 0)
            _exit(126);
    }
    for (unsigned i = 0; i <= count; i++)
        if (dup2(moved[i], JAIL_CONTROL_FD + (int)i) < 0)
            _exit(126);
    if (close_range((unsigned)JAIL_FIRST_SLOT_FD + count, ~0U, 0) < 0)
        _exit(126);
    char *const no_environment[] = {NULL};
    execve(program, (char *const *)(uintptr_t)args->items, no_environment);
    _exit(127);
}

static int make_sockets(struct jail *jail, int *ret_control, int *sockets)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    jail->control = pair[0];
    *ret_control = pair[1];
    for (unsigned i = 0; i < jail->count; i++) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
            return -errno;
        jail->boxes[i].socket = pair[0];
        sockets[i] = pair[1];
    }
    return 0;
}

/* Waits for one slot's JAIL_READY. */
static int await_ready(struct jail *jail, struct box *box, int64_t deadline, struct error *err)
{
    struct jail_notice notice;
    for (;;) {
        struct pollfd fds[] = {{.fd = box->socket, .events = POLLIN}, {.fd = jail->control, .events = POLLIN}};
        int64_t left_ms = (deadline - clock_monotonic_ns()) / NS_PER_MS;
        int n = poll(fds, ARRAY_LEN(fds), (int)MAX(left_ms, (int64_t)0));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            return error_set(err, -ETIMEDOUT, "slot %u was not ready in time", box->slot);
        if (fds[0].revents &&
            fd_receive(box->socket, &notice, sizeof notice, NULL, 0, NULL, 0) == (ssize_t)sizeof notice) {
            notice.text[sizeof notice.text - 1] = '\0';
            if (notice.header.type == JAIL_READY)
                break;
            if (notice.header.type == JAIL_FAILED)
                return error_set(err, -EPERM, "%s", notice.text);
        } else if (fds[1].revents || (fds[0].revents & POLLHUP)) {
            return error_set(err, -EPIPE, "evalx-jail ended before its slots were ready");
        }
    }
    jail->cgroup_version = notice.cgroup_version;
    jail->user_namespace = notice.user_namespace != 0;
    jail->weaker |= notice.weaker;
    snprintf(jail->uncounted, sizeof jail->uncounted, "%s", notice.text);
    return 0;
}

static struct jail *jail_new(unsigned slots)
{
    struct jail *jail = xcalloc(1, sizeof *jail + slots * sizeof jail->boxes[0]);
    jail->count = slots;
    jail->control = -1;
    for (unsigned i = 0; i < slots; i++) {
        jail->boxes[i].slot = i;
        jail->boxes[i].jail = jail;
        jail->boxes[i].socket = -1;
        jail->boxes[i].message = xmalloc(sizeof(struct jail_request) + JAIL_STRINGS_MAX);
        pthread_mutex_init(&jail->boxes[i].lock, NULL);
    }
    return jail;
}

static int spawn(struct jail *jail, const struct jail_config *config, struct error *err)
{
    int control = -1, sockets[SLOTS_MAX];
    memset(sockets, 0xff, sizeof sockets);
    struct arguments args;
    build_arguments(config, &args);
    int r = make_sockets(jail, &control, sockets);
    if (r == 0) {
        jail->pid = fork();
        if (jail->pid == 0)
            become_jail(config->program, &args, control, sockets, jail->count);
        r = jail->pid < 0 ? -errno : 0;
    }
    fd_closep(&control);
    for (unsigned i = 0; i < jail->count; i++)
        fd_closep(&sockets[i]);
    free(args.items);
    return r < 0 ? error_errno(err, r, "starting evalx-jail") : 0;
}

int jail_start(const struct jail_config *config, struct jail **ret, struct error *err)
{
    if (config->slots < 1 || config->slots > SLOTS_MAX)
        return error_set(err, -EINVAL, "slots must be 1 to %d", SLOTS_MAX);
    if (access(config->program, X_OK) < 0)
        return error_errno(err, -errno, "%s", config->program);
    struct jail *jail = jail_new(config->slots);
    int r = spawn(jail, config, err);
    int64_t deadline = clock_monotonic_ns() + READY_TIMEOUT_NS;
    for (unsigned i = 0; r == 0 && i < jail->count; i++)
        r = await_ready(jail, &jail->boxes[i], deadline, err);
    if (r < 0) {
        jail_stop(jail);
        return error_wrap(err, r, "sandbox");
    }
    *ret = jail;
    return 0;
}

void jail_stop(struct jail *jail)
{
    if (!jail)
        return;
    fd_closep(&jail->control); /* evalx-jail sees the end of it, kills what runs and removes its cgroups */
    for (unsigned i = 0; i < jail->count; i++)
        fd_closep(&jail->boxes[i].socket);
    if (jail->pid > 0)
        while (waitpid(jail->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    for (unsigned i = 0; i < jail->count; i++) {
        free(jail->boxes[i].message);
        pthread_mutex_destroy(&jail->boxes[i].lock);
    }
    free(jail);
}

struct box *jail_box(struct jail *jail, unsigned slot)
{
    return slot < jail->count ? &jail->boxes[slot] : NULL;
}

unsigned jail_slots(const struct jail *jail)
{
    return jail->count;
}

unsigned jail_cgroup_version(const struct jail *jail)
{
    return jail->cgroup_version;
}

bool jail_user_namespace(const struct jail *jail)
{
    return jail->user_namespace;
}

unsigned long jail_rebuilt(const struct jail *jail)
{
    return atomic_load(&jail->rebuilt);
}

pid_t jail_process(const struct jail *jail)
{
    return jail->pid;
}

int jail_death_fd(const struct jail *jail)
{
    return jail->control;
}
