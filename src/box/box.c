/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box.c: one run, as the caller sees it: a request with descriptors goes to the slot, the program's output comes back through two
 * pipes, the report through the slot's socket.
 *
 * Output is read here, not in the jail: the privileged side never touches what a program wrote. A stream may carry exactly its limit; the first byte more is an
 * overflow, and the run is cancelled. The verdict's cause is decided here, from facts, by one table of priorities.
 *
 * Runs are numbered. A report whose number is not this run's belongs to one that was given up (its slot died) and is passed over.
 */
#include "box/box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "box/box_internal.h"

enum { READ_CHUNK = 65536, DEFAULT_TMPFS_KB = 65536 };

/* The descriptors of one run, ours and the program's. */
struct run {
    struct box *box;
    uint64_t number;
    struct stream out, err;
    struct collector collector;
    int given[FD_MESSAGE_MAX_FDS];  /* stdin, stdout, stderr, extra ones, [artifact], [collect socket], as sent */
    bool owned[FD_MESSAGE_MAX_FDS]; /* close after sending */
    size_t given_count;
    bool cancel_sent;
};

/* ---- the request ---- */

static int append_words(char *strings, size_t *len, uint32_t *count, const char *const *words)
{
    for (; words && *words; words++) {
        size_t n = strlen(*words) + 1;
        if (n > JAIL_STRINGS_MAX - *len || *count >= JAIL_WORDS_MAX)
            return -E2BIG;
        memcpy(strings + *len, *words, n);
        *len += n;
        ++*count;
    }
    return 0;
}

static bool collects(const struct box_spec *spec)
{
    return spec->collect_fd >= 0 || (spec->collect_names && spec->collect_names[0]);
}

static int write_request(struct box *box, const struct box_spec *spec, uint64_t number, size_t *ret_len,
                         struct error *err)
{
    struct jail_request *request = (struct jail_request *)(void *)box->message;
    int64_t tmpfs_kb = spec->tmpfs_kb > 0 ? spec->tmpfs_kb : DEFAULT_TMPFS_KB;
    *request = (struct jail_request){
        .header = {.magic = JAIL_MAGIC, .type = JAIL_RUN, .number = number},
        .cpu_ns = spec->limits.cpu_time_ms * NS_PER_MS,
        .wall_ns = spec->limits.wall_time_ms * NS_PER_MS,
        .memory_bytes = spec->limits.memory_kb * 1024,
        .stack_bytes = spec->limits.stack_kb * 1024,
        .file_bytes = spec->limits.file_kb * 1024,
        .tmpfs_bytes = tmpfs_kb * 1024,
        .processes = (uint32_t)spec->limits.processes,
        .flags = (spec->artifact_fd >= 0 ? JAIL_HAS_ARTIFACT : 0U) |
                 (spec->artifact_fd >= 0 && spec->link_artifact ? JAIL_LINK_ARTIFACT : 0U) |
                 (collects(spec) ? JAIL_COLLECT : 0U),
        .extra = spec->extra_count,
        .cpu_plus = spec->pinned ? spec->cpu + 1 : 0,
    };
    size_t len = 0;
    int r = append_words(request->strings, &len, &request->argc, spec->argv);
    if (r == 0)
        r = append_words(request->strings, &len, &request->envc, spec->envp);
    if (r == 0)
        r = append_words(request->strings, &len, &request->namec, spec->collect_names);
    if (r < 0 || request->argc + request->envc + request->namec > JAIL_WORDS_MAX)
        return error_set(err, -E2BIG, "arguments and environment are too long");
    request->strings_len = (uint32_t)len;
    *ret_len = sizeof *request + len;
    return 0;
}

/* ---- descriptors ---- */

static void give(struct run *run, int fd, bool owned)
{
    run->given[run->given_count] = fd;
    run->owned[run->given_count++] = owned;
}

static int give_pipe(struct run *run, struct stream *stream)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK); /* of our end's own description: the program cannot reach it */
    fchmod(ends[1], 0222);               /* /dev/stdout may be opened, by the program's user, for writing */
    stream->fd = ends[0];
    give(run, ends[1], true);
    return 0;
}

/* No input: the end of a pipe to which nobody writes. Not /dev/null, which all boxes would share (anybody may set its times). */
static int ended_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    close(ends[1]);
    fchmod(ends[0], 0444); /* /dev/stdin may be opened by the program's user */
    return ends[0];
}

static int open_streams(struct run *run, const struct box_spec *spec)
{
    if (spec->stdin_fd >= 0) {
        give(run, spec->stdin_fd, spec->hand_over);
    } else {
        int end = ended_pipe();
        if (end < 0)
            return end;
        give(run, end, true);
    }
    int r = 0;
    if (spec->stdout_to > 0)
        give(run, spec->stdout_to, spec->hand_over);
    else
        r = give_pipe(run, &run->out);
    if (r == 0)
        r = give_pipe(run, &run->err);
    for (unsigned i = 0; r == 0 && i < spec->extra_count; i++)
        give(run, spec->extra_fds[i], false);
    if (r == 0 && spec->artifact_fd >= 0)
        give(run, spec->artifact_fd, false);
    if (r == 0 && collects(spec)) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
            return -errno;
        run->collector.socket = pair[0];
        give(run, pair[1], true);
    }
    return r;
}

static void close_given(struct run *run)
{
    for (size_t i = 0; i < run->given_count; i++)
        if (run->owned[i])
            fd_closep(&run->given[i]);
    run->given_count = 0;
}

void stream_read(struct stream *stream)
{
    struct buf *out = stream->out;
    for (;;) {
        size_t want = MIN(stream->limit - out->len + 1,
                          (size_t)READ_CHUNK); /* one byte more tells an overflow from a full stream */
        buf_reserve(out, want);
        ssize_t n = read(stream->fd, out->data + out->len, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0)
            break;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        if (out->len > stream->limit) {
            buf_truncate(out, stream->limit);
            stream->overflow = true;
            break;
        }
        if ((size_t)n < want)
            return; /* empty now: poll says when there is more */
    }
    fd_closep(&stream->fd);
}

/* ---- while it runs ---- */

static void send_cancel(struct run *run)
{
    struct jail_header cancel = {.magic = JAIL_MAGIC, .type = JAIL_CANCEL, .number = run->number};
    if (!run->cancel_sent)
        fd_send(run->box->socket, &cancel, sizeof cancel, NULL, 0);
    run->cancel_sent = true;
}

/* 1: the report of this run; 0: nothing of interest; -errno: the run is lost. */
static int take_message(struct run *run, struct jail_report *report, struct error *err)
{
    union {
        struct jail_header header;
        struct jail_report report;
        struct jail_notice notice;
    } message;
    ssize_t n = fd_receive(run->box->socket, &message, sizeof message, NULL, 0, NULL, MSG_DONTWAIT);
    if (n == -EAGAIN)
        return 0;
    if (n < (ssize_t)sizeof message.header || message.header.magic != JAIL_MAGIC)
        return error_set(err, -EPIPE, "evalx-jail has ended");
    switch (message.header.type) {
    case JAIL_REPORT:
        if (n != (ssize_t)sizeof message.report || message.header.number != run->number)
            return 0;
        *report = message.report;
        return 1;
    case JAIL_LOST:
        return error_set(err, -EIO, "slot %u died", run->box->slot);
    case JAIL_FAILED:
        message.notice.text[sizeof message.notice.text - 1] = '\0';
        return error_set(err, -EPROTO, "%s", message.notice.text);
    case JAIL_READY: /* it was built anew */
        atomic_fetch_add(&run->box->jail->rebuilt, 1);
        return 0;
    default:
        return 0;
    }
}

/* Reads until the report is there; then everything the program wrote is in the pipes, and its ends are closed. */
static int wait_for_report(struct run *run, struct jail_report *report, struct error *err)
{
    for (;;) {
        struct pollfd fds[] = {
            {.fd = run->box->socket, .events = POLLIN},
            {.fd = run->out.fd, .events = POLLIN},
            {.fd = run->err.fd, .events = POLLIN},
            {.fd = run->collector.socket, .events = POLLIN},
        };
        if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
            return error_errno(err, -errno, "poll");
        if (fds[1].revents)
            stream_read(&run->out);
        if (fds[2].revents)
            stream_read(&run->err);
        if (fds[3].revents)
            collector_receive(&run->collector);
        if (run->out.overflow || run->err.overflow)
            send_cancel(run);
        if (fds[0].revents) {
            int r = take_message(run, report, err);
            if (r != 0)
                return r < 0 ? r : 0;
        }
    }
}

static void drain(struct run *run)
{
    if (run->out.fd >= 0)
        stream_read(&run->out);
    if (run->err.fd >= 0)
        stream_read(&run->err);
    while (run->collector.socket >= 0) {
        struct pollfd ready = {.fd = run->collector.socket, .events = POLLIN};
        if (poll(&ready, 1, 0) <= 0)
            break;
        collector_receive(&run->collector);
    }
}

/* ---- the verdict's cause ---- */

static enum box_cause decide(const struct run *run, const struct jail_report *report, bool cancelled)
{
    /* Priority when several hold: memory, output, CPU time, wall time, signal, exit code. */
    const struct {
        bool holds;
        enum box_cause cause;
    } causes[] = {
        {report->exec_errno != 0, BOX_EXEC_FAILED},
        {report->oom_killed, BOX_MEMORY_LIMIT},
        {run->out.overflow || run->err.overflow, BOX_OUTPUT_LIMIT},
        {cancelled, BOX_CANCELLED},
        {report->cpu_exceeded, BOX_CPU_LIMIT},
        {report->wall_exceeded, BOX_WALL_LIMIT},
        {WIFSIGNALED(report->wait_status), BOX_SIGNALED},
    };
    for (size_t i = 0; i < ARRAY_LEN(causes); i++)
        if (causes[i].holds)
            return causes[i].cause;
    return BOX_EXITED;
}

static void fill_report(const struct run *run, const struct jail_report *from, bool cancelled, struct box_report *to)
{
    to->cause = decide(run, from, cancelled);
    to->exec_errno = from->exec_errno;
    to->exit_code = from->exec_errno == 0 && WIFEXITED(from->wait_status) ? WEXITSTATUS(from->wait_status) : -1;
    to->signal = from->exec_errno == 0 && WIFSIGNALED(from->wait_status) ? WTERMSIG(from->wait_status) : 0;
    to->cpu_ns = from->cpu_ns;
    to->wall_ns = from->wall_ns;
    to->memory_kb = (from->memory_bytes + 1023) / 1024;
    to->oom_killed = from->oom_killed;
    to->processes_limited = from->processes_limited;
    to->collect_failed = from->collect_failed || run->collector.failed;
    to->truncated = run->out.overflow || run->err.overflow;
}

static void cut(struct buf *out, int64_t keep, bool *truncated)
{
    if (keep > 0 && out->len > (size_t)keep) {
        buf_truncate(out, (size_t)keep);
        *truncated = true;
    }
}

/* ---- the verbs ---- */

static uint64_t begin_run(struct box *box)
{
    pthread_mutex_lock(&box->lock);
    uint64_t number = ++box->last_number;
    box->number = number;
    box->cancelled = false;
    pthread_mutex_unlock(&box->lock);
    return number;
}

static bool end_run(struct box *box)
{
    pthread_mutex_lock(&box->lock);
    box->number = 0;
    bool cancelled = box->cancelled;
    pthread_mutex_unlock(&box->lock);
    return cancelled;
}

static int execute(struct run *run, const struct box_spec *spec, struct jail_report *report, struct error *err)
{
    size_t len = 0;
    if (spec->extra_count > JAIL_EXTRA_MAX)
        return error_set(err, -EINVAL, "more than %d extra descriptors", JAIL_EXTRA_MAX);
    int r = open_streams(run, spec);
    int refused = r == 0 ? write_request(run->box, spec, run->number, &len, err) : 0;
    if (r == 0 && refused == 0)
        r = fd_send(run->box->socket, run->box->message, len, run->given, run->given_count);
    close_given(run);
    if (refused < 0)
        return refused;
    if (r < 0)
        return error_errno(err, r, "handing a run to the sandbox");
    r = wait_for_report(run, report, err);
    if (r == 0)
        drain(run);
    return r;
}

int box_run(struct box *box, const struct box_spec *spec, struct box_report *ret, struct error *err)
{
    struct box_report report = {.exit_code = -1};
    size_t limit = (size_t)spec->limits.output_kb * 1024;
    struct run run = {
        .box = box,
        .number = begin_run(box),
        .out = {.fd = -1, .out = &report.out, .limit = limit},
        .err = {.fd = -1, .out = &report.err, .limit = limit},
        .collector = {.socket = -1,
                      .folder = spec->collect_names ? -1 : spec->collect_fd,
                      .report = &report,
                      .room = spec->collect_max > 0 ? spec->collect_max : spec->limits.file_kb * 1024},
    };
    struct jail_report facts = {0};
    int r = execute(&run, spec, &facts, err);
    bool cancelled = end_run(box);
    fd_closep(&run.out.fd);
    fd_closep(&run.err.fd);
    fd_closep(&run.collector.socket);
    if (r < 0) {
        box_report_release(&report);
        return r;
    }
    fill_report(&run, &facts, cancelled, &report);
    cut(&report.out, spec->output_keep, &report.truncated);
    cut(&report.err, spec->output_keep, &report.truncated);
    *ret = report;
    return 0;
}

void box_report_release(struct box_report *report)
{
    buf_release(&report->out);
    buf_release(&report->err);
    for (size_t i = 0; i < report->file_count; i++) {
        free(report->files[i].name);
        buf_release(&report->files[i].content);
    }
    free(report->files);
    report->files = NULL;
    report->file_count = 0;
}

void box_cancel(struct box *box)
{
    pthread_mutex_lock(&box->lock);
    if (box->number != 0) {
        struct jail_header cancel = {.magic = JAIL_MAGIC, .type = JAIL_CANCEL, .number = box->number};
        box->cancelled = true;
        /* A slot that is gone has nothing left to cancel, and one that does not read has enough of these waiting: nobody waits for it. */
        (void)send(box->socket, &cancel, sizeof cancel, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    pthread_mutex_unlock(&box->lock);
}
