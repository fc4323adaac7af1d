/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slot.c: the slot process: root (or root of a user namespace, rootless.c), single-threaded, in the box's mount namespace but outside its process namespace.
 *
 *   evalx ──JAIL_RUN──▶ slot ──forwarded──▶ launcher (process 1 of the box) ──vfork, exec──▶ program
 *         ◀─JAIL_REPORT─     ◀─result──────          ◀──wait, until nothing is left────────
 *
 * A run is one message in each direction. Before it the slot checks the request, sets the leaf's limits (every time) and takes the
 * baseline of its counters; during it, it sleeps until the earliest moment at which a limit can be crossed; after it, it reads the
 * counters and answers. Only then, off the way of the result, the box is made clean for the next run and that is proven:
 *   processes   the launcher waited until it had no child; the leaf counts the launcher only
 *   files       the scratch tmpfs is untouched, or is replaced (root.c)
 *   IPC         no System V object was made (their numbers go on counting); queues and keyrings cannot be made (policy.def)
 *   network     no packet has gone over the loopback (else ports in TIME_WAIT, counters and the like would be left)
 *   sockets     none is left: sockets that were sent over each other live, with their names and ports, until the kernel looks for them
 *   counters    no high peak that the kernel cannot reset (cgroup_v2.c)
 * What fails the IPC, network or counters' proof gets a new launcher with new namespaces; what fails any other ends the slot process, and the
 * jail builds another. A slot that could not be proven clean never runs again.
 *
 * A crash at any line loses one run, which evalx then does again: the jail notices, says JAIL_LOST and builds the slot anew.
 */
#include "jail/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "jail/launcher.h"
#include "jail/request.h"
#include "jail/root.h"
#include "jail/wire.h"

enum {
    NET_TEXT_MAX = 1024,
    SOCKET_LINES_MAX = 512, /* bytes of net/unix that are read: the headings, and more if there is a socket */
    RESIDENT = 1,           /* processes of the leaf that are not the program's: the launcher */
};
#define CPU_CHECK_LEAST_NS    (1 * NS_PER_MS) /* how often the CPU time is read at most, near the limit */
#define KILL_AGAIN_NS         (10 * NS_PER_MS)
#define KILL_GIVE_UP_NS       (5 * NS_PER_S)
#define EMPTY_WAIT_NS         (200 * NS_PER_MS)
#define SOCKETS_WAIT_NS       (20 * NS_PER_MS)
#define DEFAULT_SCRATCH_BYTES (64 * 1024 * 1024LL)

struct slot {
    const struct slot_config *config;
    struct cgroup_leaf *leaf;
    struct launcher launcher;
    struct root root;
    int64_t cpus;
    uint32_t weaker; /* enum jail_weakness, but for what the launcher says */
    char net_before[NET_TEXT_MAX];
    size_t net_before_len;
    struct error error;
};

/* One run, from request to report. */
struct run {
    const struct jail_request *request;
    struct jail_report report;
    struct launch_result result;
    int64_t started_ns, killed_ns; /* monotonic; killed_ns 0 = not */
    int64_t next_cpu_check_ns;
    bool abandoned; /* evalx waits for another run already, or is gone */
};

/* ---- talking to evalx ---- */

static void notify(const struct slot *slot, enum jail_message type, const char *text)
{
    struct jail_notice notice = {
        .header = {.magic = JAIL_MAGIC, .type = type},
        .cgroup_version = cgroup_tree_version(slot->config->tree),
        .user_namespace = slot->launcher.user_namespace,
        .weaker = slot->weaker | (slot->launcher.user_namespace ? 0U : JAIL_WEAK_USER_NAMESPACE),
    };
    snprintf(notice.text, sizeof notice.text, "%s", text);
    fd_send(slot->config->socket, &notice, sizeof notice, NULL, 0); /* nobody left to tell: the next receive says so */
}

/* ---- building ---- */

static size_t read_net(const struct slot *slot, char out[NET_TEXT_MAX])
{
    ssize_t n = pread(slot->launcher.net_counters, out, NET_TEXT_MAX, 0);
    return n > 0 ? (size_t)n : 0;
}

static int start_launcher(struct slot *slot)
{
    struct launcher_config config = {
        .leaf = slot->leaf,
        .root = &slot->root,
        .host_proc = slot->config->host_proc,
        .owner = slot->config->owner,
        .rootless = slot->config->rootless,
        .is_counted = cgroup_tree_version(slot->config->tree) != 0,
    };
    int r = launcher_start(&slot->launcher, &config, &slot->error);
    if (r == 0)
        slot->net_before_len = read_net(slot, slot->net_before);
    return r;
}

static int build(struct slot *slot)
{
    slot->cpus = MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
    int r = cgroup_leaf_open(slot->config->tree, slot->config->number, &slot->leaf, &slot->error);
    if (r == 0)
        r = root_build(&slot->root, slot->config->mounts, slot->config->host_proc, slot->config->owner, &slot->error);
    if (r == 0)
        r = root_fresh_scratch(&slot->root, DEFAULT_SCRATCH_BYTES, &slot->error);
    return r == 0 ? start_launcher(slot) : r;
}

/* ---- making clean, and the proof ---- */

static bool network_untouched(const struct slot *slot)
{
    char now[NET_TEXT_MAX];
    size_t len = read_net(slot, now);
    return len > 0 && len == slot->net_before_len && memcmp(now, slot->net_before, len) == 0;
}

/* /proc/PID/net/unix holds its headings alone, one line. Sockets in the queue of one that was closed go a moment after it. */
static bool no_socket_left(const struct slot *slot)
{
    char text[SOCKET_LINES_MAX];
    int64_t deadline = clock_monotonic_ns() + SOCKETS_WAIT_NS;
    for (;;) {
        ssize_t n = pread(slot->launcher.net_sockets, text, sizeof text, 0);
        if (n > 0 && memchr(text, '\n', (size_t)n) == text + n - 1)
            return true;
        if (n <= 0 || clock_monotonic_ns() > deadline)
            return false;
        poll(NULL, 0, 1);
    }
}

/* The last thread of a reaped process leaves the count a moment after wait returned. */
static bool leaf_empty(const struct slot *slot)
{
    int64_t deadline = clock_monotonic_ns() + EMPTY_WAIT_NS;
    while (cgroup_population(slot->leaf) != RESIDENT) {
        if (clock_monotonic_ns() > deadline)
            return false;
        poll(NULL, 0, 1);
    }
    return true;
}

static int new_leaf(struct slot *slot)
{
    const struct slot_config *config = slot->config;
    cgroup_leaf_close(STEAL(slot->leaf));
    int r = cgroup_leaf_destroy(config->tree, config->number);
    return r < 0 ? error_errno(&slot->error, r, "removing a used cgroup")
                 : cgroup_leaf_open(config->tree, config->number, &slot->leaf, &slot->error);
}

static int make_clean(struct slot *slot, const struct run *run)
{
    if (!leaf_empty(slot))
        return error_set(&slot->error, -EBUSY, "processes were left in the box");
    if (!no_socket_left(slot))
        return error_set(&slot->error, -EBUSY, "sockets were left in the box");
    bool worn = cgroup_leaf_worn(slot->leaf);
    bool renew = worn || run->result.ipc_touched != 0 || !network_untouched(slot);
    if (renew) {
        launcher_end(&slot->launcher);
        if (umount2("/proc", MNT_DETACH) < 0)
            return error_errno(&slot->error, -errno, "detaching /proc");
    }
    int r = root_fresh_scratch(&slot->root, DEFAULT_SCRATCH_BYTES, &slot->error);
    if (r == 0 && worn)
        r = new_leaf(slot);
    return r == 0 && renew ? start_launcher(slot) : r;
}

/* ---- a run ---- */

static void kill_run(struct slot *slot, struct run *run)
{
    launcher_kill_programs(&slot->launcher);
    if (run->killed_ns == 0)
        run->killed_ns = clock_monotonic_ns();
}

/*
 * JAIL_CANCEL for this run; or another request: evalx has given this run up (its slot had died); or the end of evalx. A request is
 * only looked at, it stays for later.
 */
static void take_message(struct slot *slot, struct run *run)
{
    struct jail_header header;
    ssize_t n = recv(slot->config->socket, &header, sizeof header, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool cancel = n == (ssize_t)sizeof header && header.magic == JAIL_MAGIC && header.type == JAIL_CANCEL;
    if (cancel && recv(slot->config->socket, &header, sizeof header, MSG_DONTWAIT) > 0 &&
        header.number != run->report.header.number)
        return; /* meant for a run that has ended */
    run->abandoned = !cancel;
    run->report.cancelled = 1;
    kill_run(slot, run);
}

/* Looks at the limits; returns how long to sleep until one can be crossed at the earliest. */
static int64_t watch_limits(struct slot *slot, struct run *run)
{
    int64_t now = clock_monotonic_ns();
    if (run->killed_ns != 0) {
        launcher_kill_programs(&slot->launcher); /* again: it may have been about to start the program */
        return KILL_AGAIN_NS;
    }
    int64_t wall_left = run->started_ns + run->request->wall_ns - now;
    if (wall_left <= 0) {
        run->report.wall_exceeded = 1;
        kill_run(slot, run);
        return KILL_AGAIN_NS;
    }
    if (now >= run->next_cpu_check_ns) {
        int64_t left = run->request->cpu_ns - cgroup_cpu_ns(slot->leaf);
        if (left <= 0) {
            run->report.cpu_exceeded = 1;
            kill_run(slot, run);
            return KILL_AGAIN_NS;
        }
        run->next_cpu_check_ns = now + MAX(left / slot->cpus, CPU_CHECK_LEAST_NS);
    }
    int64_t look_ns = cgroup_look(slot->leaf);
    if (look_ns != INT64_MAX && cgroup_oom_seen(slot->leaf)) {
        kill_run(slot, run);
        return KILL_AGAIN_NS;
    }
    return MIN(MIN(wall_left, run->next_cpu_check_ns - now), look_ns);
}

/* Returns 0 when the program has ended, -errno when the box can no longer be trusted. */
static int supervise(struct slot *slot, struct run *run)
{
    struct pollfd fds[] = {
        {.fd = slot->launcher.socket, .events = POLLIN},
        {.fd = slot->config->socket, .events = POLLIN},
        {.fd = cgroup_oom_fd(slot->leaf), .events = cgroup_tree_version(slot->config->tree) == 1 ? POLLIN : POLLPRI},
    };
    run->next_cpu_check_ns = run->started_ns + MAX(run->request->cpu_ns / slot->cpus, CPU_CHECK_LEAST_NS);
    for (;;) {
        int64_t sleep_ns = watch_limits(slot, run);
        if (run->killed_ns != 0 && clock_monotonic_ns() - run->killed_ns > KILL_GIVE_UP_NS)
            return error_set(&slot->error, -EBUSY, "the program does not die");
        struct timespec timeout = clock_timespec(sleep_ns);
        if (ppoll(fds, ARRAY_LEN(fds), &timeout, NULL) < 0 && errno != EINTR)
            return error_errno(&slot->error, -errno, "ppoll");
        if (fds[0].revents) {
            ssize_t n = fd_receive(slot->launcher.socket, &run->result, sizeof run->result, NULL, 0, NULL, 0);
            if (n == (ssize_t)sizeof run->result)
                return 0;
            return error_set(&slot->error, -EPIPE, "the launcher died");
        }
        if (fds[1].revents)
            take_message(slot, run);
        if (run->abandoned)
            fds[1].fd = -1;
        if (fds[2].revents && cgroup_oom_seen(slot->leaf))
            kill_run(slot, run);
    }
}

/* The launcher has gone, or what it should have ended has not. */
static void note_death(struct run *run)
{
    run->result.wait_status = SIGKILL;
    run->result.wall_ns = clock_monotonic_ns() - run->started_ns;
}

/* Does a limit or a cancellation explain that the run ended without the launcher's word? (The OOM killer may choose the launcher.) */
static bool explained(const struct jail_report *report)
{
    return report->oom_killed || report->cpu_exceeded || report->wall_exceeded || report->cancelled;
}

static int measure(struct slot *slot, struct run *run, int trusted)
{
    struct cgroup_usage usage;
    int r = cgroup_end(slot->leaf, &usage, &slot->error);
    if (r < 0)
        return r;
    struct jail_report *report = &run->report;
    /* Without a control group the launcher knows exactly what was looked at roughly; unless it is gone. */
    bool counted = cgroup_tree_version(slot->config->tree) != 0;
    report->cpu_ns = counted || trusted < 0 ? usage.cpu_ns : run->result.cpu_ns;
    report->wall_ns = run->result.wall_ns;
    /* The kernel counts in lots of 64 pages, so the group's peak can miss a small program altogether. */
    report->memory_bytes = MAX(usage.memory_bytes, MIN(run->result.resident_bytes, run->request->memory_bytes));
    report->wait_status = run->result.wait_status;
    report->exec_errno = run->result.exec_errno;
    report->oom_killed = usage.oom_killed;
    report->processes_limited = usage.processes_limited;
    report->collect_failed = run->result.collect_failed != 0;
    if (report->cpu_ns > run->request->cpu_ns)
        report->cpu_exceeded = 1;
    if (run->result.wall_ns > run->request->wall_ns)
        report->wall_exceeded = 1;
    /* The launcher's clock starts a moment after the slot's; what was ended for its time did take that time. */
    if (report->wall_exceeded)
        report->wall_ns = MAX(report->wall_ns, run->request->wall_ns);
    return 0;
}

static int start(struct slot *slot, struct run *run, const void *message, size_t len, const int *fds, size_t fd_count)
{
    const struct jail_request *request = run->request;
    bool has_artifact = request->flags & JAIL_HAS_ARTIFACT;
    size_t streams = 3 + request->extra;
    int r = root_fresh_scratch(&slot->root, request->tmpfs_bytes, &slot->error);
    if (r == 0)
        r = root_show_artifact(&slot->root, has_artifact ? fds[streams] : -1, &slot->error);
    if (r == 0)
        r = cgroup_begin(slot->leaf, request->memory_bytes, request->processes, RESIDENT, &slot->error);
    if (r < 0)
        return r;
    /* The launcher needs the streams and the collect socket; the artifact's descriptor stays here. */
    int forwarded[FD_MESSAGE_MAX_FDS];
    memcpy(forwarded, fds, streams * sizeof *fds);
    size_t count = streams;
    if (request->flags & JAIL_COLLECT)
        forwarded[count++] = fds[fd_count - 1];
    run->started_ns = clock_monotonic_ns();
    r = fd_send(slot->launcher.socket, message, len, forwarded, count);
    return r < 0 ? error_errno(&slot->error, r, "talking to the launcher") : 0;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* 0 to go on, else the process's exit status. */
static int serve_run(struct slot *slot, void *message, size_t len, int *fds, size_t fd_count)
{
    static struct checked_request request;
    int r = request_check(message, len, &request);
    if (r == 0 && fd_count != request.fds_expected)
        r = -EPROTO;
    if (r < 0) {
        notify(slot, JAIL_FAILED, "a request was refused: not of the agreed form");
        close_all(fds, fd_count);
        return 0;
    }
    struct run run = {
        .request = request.wire,
        .report.header = {.magic = JAIL_MAGIC, .type = JAIL_REPORT, .number = request.wire->header.number},
    };
    r = start(slot, &run, message, len, fds, fd_count);
    close_all(fds, fd_count);
    if (r < 0)
        return SLOT_EXIT_LOST;
    int trusted = supervise(slot, &run);
    if (trusted < 0)
        note_death(&run);
    /* A run whose end nothing of its own explains is not reported: that was the box's fault, and it is done again. */
    if (measure(slot, &run, trusted) < 0 || (trusted < 0 && !explained(&run.report)) ||
        fd_send(slot->config->socket, &run.report, sizeof run.report, NULL, 0) < 0)
        return SLOT_EXIT_LOST;
    if (trusted < 0)
        return SLOT_EXIT_DIRTY;
    return make_clean(slot, &run) < 0 ? SLOT_EXIT_DIRTY : 0;
}

static int serve(struct slot *slot)
{
    static _Alignas(8) char message[sizeof(struct jail_request) + JAIL_STRINGS_MAX];
    for (;;) {
        int fds[FD_MESSAGE_MAX_FDS];
        size_t fd_count = 0;
        ssize_t n = fd_receive(slot->config->socket, message, sizeof message, fds, ARRAY_LEN(fds), &fd_count, 0);
        if (n == 0 || (n < 0 && n != -EMSGSIZE))
            return SLOT_EXIT_DONE;
        const struct jail_header *header = (const void *)message;
        if (n == (ssize_t)sizeof *header && header->magic == JAIL_MAGIC && header->type == JAIL_CANCEL)
            continue; /* the run it meant has ended already */
        int r = serve_run(slot, message, n < 0 ? 0 : (size_t)n, fds, fd_count);
        if (r != 0)
            return r;
    }
}

static uint32_t what_is_weaker(const struct slot_config *config)
{
    uint32_t weaker = cgroup_tree_version(config->tree) == 0 ? JAIL_WEAK_COUNTING : 0U;
    if (config->rootless)
        weaker |= JAIL_WEAK_USER | (getgroups(0, NULL) > 0 ? JAIL_WEAK_GROUPS : 0U);
    return weaker;
}

int slot_main(const struct slot_config *config)
{
    static struct slot slot;
    slot.config = config;
    /*
     * Whoever keeps the limits goes before whoever runs into them: slot and launcher (which is born of it, and shares a control
     * group with dozens of processes that it may have to end) would else wait a tenth of a second for their turn. Programs start at
     * the usual priority. Where this is refused, limits are only kept a little later.
     */
    slot.weaker |= setpriority(PRIO_PROCESS, 0, -20) < 0 ? JAIL_WEAK_PRIORITY : 0U;
    slot.weaker |= what_is_weaker(config);
    if (build(&slot) < 0) {
        notify(&slot, JAIL_FAILED, slot.error.message);
        return SLOT_EXIT_FAILED;
    }
    notify(&slot, JAIL_READY, config->uncounted);
    int status = serve(&slot);
    if (status == SLOT_EXIT_DIRTY || status == SLOT_EXIT_LOST)
        dprintf(STDERR_FILENO, "evalx-jail: slot %u is built anew: %s\n", config->number, slot.error.message);
    launcher_end(&slot.launcher);
    return status;
}
