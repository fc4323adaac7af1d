/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.c: the embedded store: one file, one process. This file has the verbs; the others are named in sqlite_store.h.
 *
 * Threads. One writer (sqlite_writer.c) owns the writing connection. Callers hand operations in and wait; the writer runs all
 * that is there in one transaction, commits (WAL, synchronous=FULL: one sync of the log), and only then answers all of them. A
 * second connection, under a lock of its own, reads meanwhile. Progress and renewals touch only memory.
 *
 * What lies where. The file has every submission with its request, state, attempts and result. Memory (live.c) has an entry of
 * some 200 bytes for each that is queued or running: the order of the queue, who holds the lease, the progress so far.
 *
 * Why a crash at any line loses nothing. An answer follows its commit, so what was acknowledged is in the file. A claim is
 * committed, with its attempt counted, before the worker sees it, so a submission that kills the process with it ends failed
 * after STORE_ATTEMPTS_MAX times. Memory is derived: a start reads it back from the file, where every `running` row is a
 * lease of the process that died, and is queued again. PATH.lock (flock) makes sure that it did die. What a failed transaction
 * did to memory is undone by live_settle.
 *
 * Handing over. A claim that waits is served in the very transaction that stores the submission: its durable attempt costs
 * no second sync, and the request goes to the worker without being read back.
 *
 * Locks. `lock` before nothing; `read_lock` before `lock`, never the other way; watchers are called with neither, except
 * progress, which holds none.
 */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "store/sqlite_store.h"

/* Requests handed in and not yet committed; past it submits are refused, so that a stuck disk does not fill the memory. */
enum { PENDING_BYTES_MAX = 256 << 20 };

int64_t sqlite_steady_ms(const struct sqlite_store *s)
{
    return s->opened_realtime_ms + (clock_monotonic_ns() - s->opened_monotonic_ns) / NS_PER_MS;
}

static void answer_submit(struct sqlite_store *s, struct op *op)
{
    struct submit_op *submit = (struct submit_op *)op;
    if (op->code < 0)
        submit->receipt.code = op->code;
    submit->done(submit->context, &submit->receipt);
    pthread_mutex_lock(&s->lock);
    s->pending_bytes -= submit->size;
    pthread_mutex_unlock(&s->lock);
    buf_release(&submit->request);
    free(submit->key);
    free(submit->owner);
    free(submit->webhook_url);
    free(submit);
}

/* Stands in for sqlite_run_submit when the answer is known beforehand, so that it comes from the writer all the same. */
static int run_refused(struct sqlite_store *s, struct op *op)
{
    (void)s;
    op->code = ((struct submit_op *)op)->refusal;
    return 0;
}

static int check_submission(struct sqlite_store *s, const struct store_submission *submission)
{
    int r = store_check_submission(submission);
    if (r < 0)
        return r;
    pthread_mutex_lock(&s->lock);
    bool room = s->pending_bytes + submission->request.len <= PENDING_BYTES_MAX;
    if (room)
        s->pending_bytes += submission->request.len;
    pthread_mutex_unlock(&s->lock);
    return room ? 0 : -EAGAIN;
}

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static void sqlite_submit(struct store *store, const struct store_submission *submission, store_submit_fn *done,
                          void *context)
{
    struct sqlite_store *s = sqlite_of(store);
    struct submit_op *submit = xcalloc(1, sizeof(*submit));
    submit->op.answer = answer_submit;
    submit->done = done;
    submit->context = context;
    submit->refusal = check_submission(s, submission);
    submit->op.run = submit->refusal < 0 ? run_refused : sqlite_run_submit;
    if (submit->refusal == 0) {
        submit->submission = *submission;
        submit->submission.request = (struct str){0};
        submit->submission.idempotency_key = submit->submission.owner = submit->submission.webhook_url = NULL;
        submit->size = submission->request.len;
        buf_append(&submit->request, submission->request.data, submission->request.len);
        submit->key = copy_text(submission->idempotency_key);
        submit->owner = submission->owner && *submission->owner ? xstrdup(submission->owner) : NULL;
        submit->webhook_url = copy_text(submission->webhook_url);
        if (!submit->webhook_url)
            submit->submission.webhook_events = 0;
    }
    sqlite_hand_in(s, &submit->op);
}

/* With the lock held: waits until the writer has answered, or until the claimer has to give up, which takes it off the list. */
static int wait_for_work(struct sqlite_store *s, struct claimer *claimer, const struct timespec *until)
{
    while (claimer->state != CLAIM_DONE) {
        bool waiting = claimer->state == CLAIM_WAITING;
        if (waiting && (s->interrupted || (claimer->expired && !owners_first(&s->live.owners)))) {
            TAILQ_REMOVE(&s->claimers, claimer, link);
            return s->interrupted ? -ECANCELED : -EAGAIN;
        }
        if (claimer->expired || !waiting)
            pthread_cond_wait(&claimer->cond, &s->lock);
        else if (pthread_cond_timedwait(&claimer->cond, &s->lock, until) == ETIMEDOUT)
            claimer->expired = true;
    }
    return claimer->code;
}

static int claim_once(struct sqlite_store *s, const char *worker, const struct timespec *until, struct claimer *claimer)
{
    *claimer = (struct claimer){.worker = worker, .state = CLAIM_WAITING};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&claimer->cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_lock(&s->lock);
    TAILQ_INSERT_TAIL(&s->claimers, claimer, link);
    if (owners_first(&s->live.owners))
        pthread_cond_signal(&s->work);
    int r = wait_for_work(s, claimer, until);
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&claimer->cond);
    return r;
}

static int sqlite_release(struct store *store, const char *token, uint64_t fence)
{
    struct op op = {.run = sqlite_run_release, .token = token, .fence = fence};
    return sqlite_wait(sqlite_of(store), &op);
}

static int sqlite_claim(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret)
{
    struct sqlite_store *s = sqlite_of(store);
    struct timespec until = clock_after_ms(MAX(timeout_ms, 0));
    struct claimer claimer;
    int r;
    do {
        r = claim_once(s, worker, &until, &claimer);
        if (r < 0)
            return r;
        if (!claimer.has_request)
            r = sqlite_read_request(s, claimer.id, &claimer.claim.request);
    } while (r == -ENOENT); /* cancelled and forgotten in between: there is nothing to do */
    if (r < 0)
        return r; /* its lease will lapse: a request that cannot be read ends failed instead of going round for ever */
    *ret = claimer.claim;
    return 0;
}

static void sqlite_interrupt(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    pthread_mutex_lock(&s->lock);
    s->interrupted = true;
    struct claimer *claimer;
    TAILQ_FOREACH(claimer, &s->claimers, link)
    pthread_cond_signal(&claimer->cond);
    struct dispatcher *dispatcher;
    TAILQ_FOREACH(dispatcher, &s->dispatchers, link)
    pthread_cond_signal(&dispatcher->cond);
    pthread_mutex_unlock(&s->lock);
}

/* With the lock held: the entry if this claim on it is held. */
static struct entry *held(struct sqlite_store *s, const char *token, uint64_t fence)
{
    struct entry *entry = live_find(&s->live, token);
    return entry && entry->now.status == STATUS_RUNNING && entry->now.fence == fence ? entry : NULL;
}

static int sqlite_renew(struct store *store, const char *token, uint64_t fence)
{
    struct sqlite_store *s = sqlite_of(store);
    pthread_mutex_lock(&s->lock);
    struct entry *entry = held(s, token, fence);
    if (entry)
        entry->lease_until_ms = sqlite_steady_ms(s) + s->config.lease_ms;
    pthread_mutex_unlock(&s->lock);
    return entry ? 0 : sqlite_lost_claim(s, token);
}

static int sqlite_progress(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind,
                           unsigned index, struct str data)
{
    struct sqlite_store *s = sqlite_of(store);
    pthread_mutex_lock(&s->lock);
    struct entry *entry = held(s, token, fence);
    if (entry)
        entry_add_event(entry, kind, index, data);
    bool owed = entry && kind == STORE_EVENT_TEST && (entry->webhook_events & 1u << STORE_DELIVERY_TEST);
    pthread_mutex_unlock(&s->lock);
    if (!entry)
        return sqlite_lost_claim(s, token);
    if (owed)
        sqlite_owe_progress(s, token, fence, index, data);
    watch_notify(store->watches, token);
    return 0;
}

static int sqlite_complete(struct store *store, const char *token, uint64_t fence, enum status status,
                           struct str result, int64_t hold_ms)
{
    struct op op = {.run = sqlite_run_complete,
                    .token = token,
                    .fence = fence,
                    .status = status,
                    .result = result,
                    .hold_ms = hold_ms};
    return sqlite_wait(sqlite_of(store), &op);
}

static int sqlite_annotate(struct store *store, const char *token, struct str notes, bool last)
{
    struct op op = {.run = sqlite_run_annotate, .token = token, .result = notes, .last = last};
    return sqlite_wait(sqlite_of(store), &op);
}

static int sqlite_cancel(struct store *store, const char *token)
{
    struct op op = {.run = sqlite_run_cancel, .token = token};
    return sqlite_wait(sqlite_of(store), &op);
}

static int sqlite_forget(struct store *store, const char *token)
{
    struct op op = {.run = sqlite_run_forget, .token = token};
    return sqlite_wait(sqlite_of(store), &op);
}

static int sqlite_ping(struct store *store)
{
    struct op op = {.run = sqlite_run_ping};
    return sqlite_wait(sqlite_of(store), &op);
}

static int sqlite_sweep(struct store *store, int64_t now_ms)
{
    struct op op;
    int r;
    do {
        op = (struct op){.run = sqlite_run_sweep, .lease_now_ms = now_ms, .expire_now_ms = now_ms};
        r = sqlite_wait(sqlite_of(store), &op);
    } while (r == 0 && op.more);
    return r;
}

static int sqlite_depth(struct store *store, struct store_depth *ret)
{
    struct sqlite_store *s = sqlite_of(store);
    pthread_mutex_lock(&s->lock);
    int64_t oldest = owners_oldest_ms(&s->live.owners);
    *ret = (struct store_depth){
        .waiting = s->live.waiting, .running = s->live.running_count, .finished = s->live.finished};
    pthread_mutex_unlock(&s->lock);
    if (oldest && ret->waiting)
        ret->oldest_ms = MAX(clock_realtime_ms() - oldest, 0);
    return 0;
}

static void free_store(struct sqlite_store *s)
{
    sqlite_schema_close(s);
    fd_closep(&s->lock_fd);
    live_release(&s->live);
    buf_release(&s->changed);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->read_lock);
    pthread_cond_destroy(&s->work);
    free(s->path);
    free(s);
}
DEFINE_CLEANUP(struct sqlite_store, free_store)

static void sqlite_close(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite_interrupt(store);
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->work);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->writer, NULL);
    free_store(s);
}

static const struct store_ops sqlite_ops = {
    .close = sqlite_close,
    .submit = sqlite_submit,
    .claim = sqlite_claim,
    .interrupt = sqlite_interrupt,
    .renew = sqlite_renew,
    .progress = sqlite_progress,
    .complete = sqlite_complete,
    .annotate = sqlite_annotate,
    .release = sqlite_release,
    .cancel = sqlite_cancel,
    .forget = sqlite_forget,
    .get = sqlite_get,
    .status = sqlite_status,
    .depth = sqlite_depth,
    .ping = sqlite_ping,
    .sweep = sqlite_sweep,
    .outbox_claim = sqlite_outbox_claim,
    .outbox_seal = sqlite_outbox_seal,
    .outbox_settle = sqlite_outbox_settle,
    .outbox_list = sqlite_outbox_list,
    .outbox_resend = sqlite_outbox_resend,
    .outbox_depth = sqlite_outbox_depth,
};

static struct sqlite_store *new_store(const char *path, const struct store_config *config, struct watch_table *watches)
{
    struct sqlite_store *s = xcalloc(1, sizeof(*s));
    s->base = (struct store){.ops = &sqlite_ops, .watches = watches};
    s->config = *config;
    s->path = xstrdup(path);
    s->lock_fd = -1;
    s->opened_realtime_ms = clock_realtime_ms();
    s->opened_monotonic_ns = clock_monotonic_ns();
    s->next_id = 1;
    live_init(&s->live);
    STAILQ_INIT(&s->queue);
    TAILQ_INIT(&s->claimers);
    TAILQ_INIT(&s->taken);
    TAILQ_INIT(&s->dispatchers);
    TAILQ_INIT(&s->served);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->read_lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return s;
}

static void close_look(struct store *store)
{
    free_store(sqlite_of(store));
}

/* No writer, no lock, no live submissions: what the file said at its last commit. */
static const struct store_ops look_ops = {
    .close = close_look,
    .get = sqlite_get,
    .outbox_list = sqlite_outbox_list,
    .outbox_depth = sqlite_outbox_depth,
};

int sqlite_store_inspect(const char *scheme, const char *path, const struct store_config *config,
                         struct watch_table *watches, struct store **ret, struct error *err)
{
    (void)scheme;
    _cleanup_(free_storep) struct sqlite_store *s = new_store(path, config, watches);
    s->base.ops = &look_ops;
    int r = sqlite_schema_look(s, err);
    if (r == 0)
        *ret = &STEAL(s)->base;
    return r;
}

int sqlite_store_open(const char *scheme, const char *path, const struct store_config *config,
                      struct watch_table *watches, struct store **ret, struct error *err)
{
    (void)scheme;
    if (!*path)
        return error_set(err, -EINVAL, "the URL names no file: sqlite:PATH is needed");
    _cleanup_(free_storep) struct sqlite_store *s = new_store(path, config, watches);
    int r = strcmp(path, ":memory:") ? sqlite_schema_lock(path, &s->lock_fd, err) : 0;
    if (r == 0)
        r = sqlite_schema_open(s, err);
    if (r == 0)
        r = sqlite_schema_recover(s, err);
    if (r < 0)
        return r;
    r = -pthread_create(&s->writer, NULL, sqlite_writer_main, s);
    if (r < 0)
        return error_errno(err, r, "starting the writer's thread");
    *ret = &STEAL(s)->base;
    return 0;
}
