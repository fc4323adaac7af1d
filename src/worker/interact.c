/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interact.c: see interact.h.
 *
 *     program stdout ──pipe──▶ interactor stdin        the program on the slot's own thread, the interactor on one
 *     program stdin  ◀──pipe── interactor stdout       that lives as long as the test case
 *
 * All four ends belong to the runs: box_run closes ours as soon as the boxes have theirs, so that the end of one is an end of file, or a
 * SIGPIPE, for the other. Both run on one processor: the turns cost no wake-up of a second one, and neither is stopped for what the other
 * used.
 *
 * Who broke off first is not told by the reports: on a busy machine they come in any order. But the kernel puts what an epoll watches into
 * its list in the order of the events. So we keep the reading end of each pipe until the first report is there, and look which
 * pipe had lost its writer first. (Until then a SIGPIPE for writing to one who is gone has to wait.)
 *
 * Each waits for the other at most until the program's wall limit; the interactor's own is a little later, so that a dead-lock is the
 * program's. An interactor that does not wait but loops is stopped before that: it may compute for a quarter of that time. Whoever
 * ends otherwise than well ends the other: nobody waits for what cannot matter any more.
 */
#include "worker/interact.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

enum {
    INTERACTOR_LATER_MS = 2000,
    REPORT_MS = 100, /* longer than a report takes on a busy machine */
    STOP_AGAIN_MS = 10,
};

/* One of the two runs. */
struct side {
    struct box *box;
    struct box_spec spec;
    struct box_report *report;
    int result; /* of box_run, when done */
    bool done;
    bool stopped; /* by us, because of how the other ended */
};

struct pair {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct side program, interactor;
    int watch;                         /* epoll */
    int program_pipe, interactor_pipe; /* reading ends of what each writes; -1 once somebody has ended */
    const struct side *first;          /* to close its pipe; NULL until somebody has ended */
};

/* ---- the runs ---- */

/* False when ms have passed without it. With the lock. */
static bool wait_done(struct pair *pair, const struct side *side, int64_t ms)
{
    struct timespec until = clock_after_ms(ms);

    while (!side->done && pthread_cond_timedwait(&pair->changed, &pair->lock, &until) == 0)
        continue;
    return side->done;
}

/*
 * How the other ends is of interest only if it has ended already, and its report is under way: then the reports say who was first. With
 * the lock. box_cancel reaches a run only once it has begun, so it is repeated.
 */
static void stop(struct pair *pair, struct side *side)
{
    if (wait_done(pair, side, REPORT_MS))
        return;
    side->stopped = true;
    do
        box_cancel(side->box);
    while (!wait_done(pair, side, STOP_AGAIN_MS));
}

static bool ended_with_zero(const struct side *side)
{
    return side->result == 0 && side->report->cause == BOX_EXITED && side->report->exit_code == 0;
}

static bool ended_by_closed_pipe(const struct side *side)
{
    return side->result == 0 && side->report->cause == BOX_SIGNALED && side->report->signal == SIGPIPE;
}

/* Who closed first, now that side has ended, and let the pipes go. */
static void settle_first(struct pair *pair, const struct side *side)
{
    struct epoll_event event;

    if (pair->first)
        return;
    pair->first = epoll_wait(pair->watch, &event, 1, 0) == 1 ? event.data.ptr : side;
    fd_closep(&pair->program_pipe);
    fd_closep(&pair->interactor_pipe);
}

static void run_side(struct pair *pair, struct side *side, struct side *other)
{
    int r = box_run(side->box, &side->spec, side->report, NULL);

    pthread_mutex_lock(&pair->lock);
    side->result = r;
    side->done = true;
    settle_first(pair, side);
    pthread_cond_broadcast(&pair->changed);
    if (!ended_with_zero(side) && !(side == &pair->program && ended_by_closed_pipe(side)))
        stop(pair, other);
    pthread_mutex_unlock(&pair->lock);
}

static void *interactor_main(void *argument)
{
    struct pair *pair = argument;
    run_side(pair, &pair->interactor, &pair->program);
    return NULL;
}

static int run_both(struct pair *pair)
{
    pthread_condattr_t attr;
    pthread_t thread;

    pthread_mutex_init(&pair->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pair->changed, &attr);
    pthread_condattr_destroy(&attr);
    int r = pthread_create(&thread, NULL, interactor_main, pair);
    if (r == 0) {
        run_side(pair, &pair->program, &pair->interactor);
        pthread_join(thread, NULL);
    }
    pthread_cond_destroy(&pair->changed);
    pthread_mutex_destroy(&pair->lock);
    return -r;
}

static bool was_stopped(const struct side *side)
{
    return side->stopped && side->report->cause == BOX_CANCELLED;
}

/* ---- what they are given ---- */

struct ends {
    int program_in, program_out, interactor_in, interactor_out;
};

static void close_ends(struct ends *ends)
{
    fd_closep(&ends->program_in);
    fd_closep(&ends->program_out);
    fd_closep(&ends->interactor_in);
    fd_closep(&ends->interactor_out);
}

static int open_ends(struct ends *ret)
{
    int there[2], back[2];

    if (pipe2(there, O_CLOEXEC) < 0)
        return -errno;
    if (pipe2(back, O_CLOEXEC) < 0) {
        int r = -errno;
        close(there[0]);
        close(there[1]);
        return r;
    }
    fchmod(there[1], 0222); /* the program may open /dev/stdout; nobody may open what the interactor writes to it */
    *ret = (struct ends){
        .program_out = there[1], .interactor_in = there[0], .interactor_out = back[1], .program_in = back[0]};
    return 0;
}

/* Only the end of a pipe's writers is an event, not what they write. */
static int watch_one(int watch, int pipe, struct side *side, int *ret)
{
    struct epoll_event event = {.events = EPOLLHUP, .data.ptr = side};
    int fd = fcntl(pipe, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return -errno;
    *ret = fd;
    return epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int watch_pipes(struct pair *pair, const struct ends *ends)
{
    pair->watch = epoll_create1(EPOLL_CLOEXEC);
    if (pair->watch < 0)
        return -errno;
    int r = watch_one(pair->watch, ends->interactor_in, &pair->program, &pair->program_pipe);
    return r < 0 ? r : watch_one(pair->watch, ends->program_in, &pair->interactor, &pair->interactor_pipe);
}

static struct side interactor_side(const struct judge *judge, const struct lane *lane, const struct limits *program,
                                   const struct ends *ends, const int *files, struct box_report *report)
{
    struct side side = {
        .box = lane->companion,
        .report = report,
        .spec = {.argv = (const char *const *)judge->command.argv,
                 .envp = (const char *const *)judge->command.envp,
                 .stdin_fd = ends->interactor_in,
                 .stdout_to = ends->interactor_out,
                 .hand_over = true,
                 .artifact_fd = artifact_dirfd(judge->artifact),
                 .link_artifact = judge->source->file_count > 0,
                 .limits = judge->limits,
                 .output_keep = JUDGE_MESSAGE_MAX + 4, /* so that the message is cut between two characters */
                 .collect_fd = -1,
                 .extra_fds = files,
                 .extra_count = 3,
                 .pinned = true,
                 .cpu = lane->cpu},
    };
    side.spec.limits.wall_time_ms = program->wall_time_ms + INTERACTOR_LATER_MS;
    side.spec.limits.cpu_time_ms = MIN(side.spec.limits.cpu_time_ms, MAX(program->wall_time_ms / 4, (int64_t)1));
    return side;
}

static struct side program_side(const struct lane *lane, const struct box_spec *spec, const struct ends *ends,
                                struct box_report *report)
{
    struct side side = {.box = lane->box, .report = report, .spec = *spec};
    side.spec.stdin_fd = ends->program_in;
    side.spec.stdout_to = ends->program_out;
    side.spec.hand_over = true;
    side.spec.pinned = true;
    side.spec.cpu = lane->cpu;
    return side;
}

/* The interactor broke off, and the program was still there. */
static bool interactor_first(const struct pair *pair)
{
    if (was_stopped(&pair->interactor) || ended_with_zero(&pair->interactor))
        return false;
    return was_stopped(&pair->program) || pair->first == &pair->interactor;
}

/* 0 when both were run to an end that means something. */
static int check(const struct side *side)
{
    if (side->result < 0)
        return side->result;
    return side->report->cause == BOX_CANCELLED && !side->stopped ? -ECANCELED : 0;
}

int interact_run(const struct judge *judge, const struct lane *lane, const struct box_spec *spec,
                 const struct test_case *given, struct interaction *ret)
{
    _cleanup_(fd_closep) int input = fd_sealed_memfd("input", buf_str(&given->stdin_data), given->stdin_data.len);
    _cleanup_(fd_closep) int answer = fd_sealed_memfd("answer", buf_str(&given->expected), given->expected.len);
    _cleanup_(fd_closep) int output = memfd_create("output", MFD_CLOEXEC);
    const int files[] = {input, output, answer};
    struct interaction interaction = {0};
    struct ends ends = {.program_in = -1, .program_out = -1, .interactor_in = -1, .interactor_out = -1};

    if (!lane->companion)
        return -EOPNOTSUPP;
    if (input < 0 || answer < 0 || output < 0)
        return -ENFILE;
    int r = open_ends(&ends);
    if (r < 0)
        return r;
    struct pair pair = {
        .program = program_side(lane, spec, &ends, &interaction.program),
        .interactor = interactor_side(judge, lane, &spec->limits, &ends, files, &interaction.interactor),
        .watch = -1,
        .program_pipe = -1,
        .interactor_pipe = -1,
    };
    r = watch_pipes(&pair, &ends);
    if (r == 0)
        r = run_both(&pair);
    fd_closep(&pair.watch);
    fd_closep(&pair.program_pipe);
    fd_closep(&pair.interactor_pipe);
    if (r < 0) {
        close_ends(&ends); /* nobody has run */
        return r;
    }
    interaction.interactor_first = interactor_first(&pair);
    interaction.interactor_limits = pair.interactor.spec.limits;
    r = check(&pair.program);
    if (r == 0 || r == -ECANCELED) {
        int other = check(&pair.interactor);
        r = other < 0 ? other : r;
    }
    if (r == 0) {
        *ret = interaction;
        return 0;
    }
    box_report_release(&interaction.program);
    box_report_release(&interaction.interactor);
    return r;
}

/* ---- whose fault ---- */

/* The interactor was left alone: what it made of that is none of testlib's codes (0 to 3, 7), or it died of writing to nobody. */
static bool was_left(const struct interaction *interaction)
{
    const struct box_report *interactor = &interaction->interactor;

    if (interaction->interactor_first)
        return false;
    if (interactor->cause == BOX_SIGNALED)
        return interactor->signal == SIGPIPE;
    return interactor->cause == BOX_EXITED && interactor->exit_code > 3 && interactor->exit_code != 7;
}

void interact_conclude(const struct judge *judge, const struct interaction *interaction, struct test_result *test)
{
    bool closed = interaction->program.cause == BOX_SIGNALED && interaction->program.signal == SIGPIPE;

    if (test->verdict == VERDICT_ACCEPTED && was_left(interaction)) {
        test->verdict = VERDICT_WRONG_ANSWER;
        free(test->message);
        test->message = xstrdup("the program ended before the interactor was done with it");
    } else if (interaction->interactor_first || closed || test->verdict == VERDICT_ACCEPTED)
        judge_conclude(judge_name(judge), &interaction->interactor, &interaction->interactor_limits, test);
}
