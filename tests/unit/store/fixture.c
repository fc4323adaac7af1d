/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c: see fixture.h. */
#include "fixture.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

void fixture_open(struct fixture *f, const char *url_format)
{
    *f = (struct fixture){.config = {.lease_ms = LEASE_MS, .retention_ms = RETENTION_MS, .max_depth = 100000}};
    snprintf(f->dir, sizeof(f->dir), "/tmp/evalx-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    const char *hole = strstr(url_format, "%s");
    assert_non_null(hole);
    snprintf(f->url, sizeof(f->url), "%.*s%s%s", (int)(hole - url_format), url_format, f->dir, hole + 2);
    f->shared = strncmp(f->url, "redis", 5) == 0;
    if (f->shared) {
        signal(SIGPIPE, SIG_IGN);
        snprintf(f->server.dir, sizeof(f->server.dir), "%s", f->dir);
        server_start(&f->server);
    }
    struct error err = ERROR_INIT;
    if (store_open(f->url, &f->config, &f->store, &err) < 0)
        fail_msg("%s", err.message);
}

void fixture_reopen(struct fixture *f, const struct store_config *config)
{
    if (config)
        f->config = *config;
    store_close(f->store);
    f->store = NULL;
    struct error err = ERROR_INIT;
    if (store_open(f->url, &f->config, &f->store, &err) < 0)
        fail_msg("%s", err.message);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void remove_folder(const char *dir)
{
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_close(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
    server_kill(&f->server);
    remove_folder(f->dir);
}

struct store_submission submission_of(const char *request)
{
    struct store_submission submission = {.created_ms = clock_realtime_ms(), .request = str_of(request)};
    token_new(submission.token);
    return submission;
}

struct waiting_receipt {
    struct counter arrived;
    struct store_receipt receipt;
};

static void receive(void *context, const struct store_receipt *receipt)
{
    struct waiting_receipt *waiting = context;
    waiting->receipt = *receipt;
    counter_add(&waiting->arrived, 1);
}

struct store_receipt submit_wait(struct store *store, const struct store_submission *submission)
{
    struct waiting_receipt waiting = {.arrived = COUNTER_INIT};
    store_submit(store, submission, receive, &waiting);
    if (!counter_await(&waiting.arrived, 1))
        abort(); /* a receipt that never comes would write into this frame later */
    return waiting.receipt;
}

void put_priority(struct store *store, const char *request, int priority, char token[TOKEN_LEN + 1])
{
    struct store_submission submission = submission_of(request);
    submission.priority = priority;
    struct store_receipt receipt = submit_wait(store, &submission);
    assert_int_equal(receipt.code, 0);
    assert_false(receipt.repeated);
    assert_string_equal(receipt.token, submission.token);
    if (token)
        memcpy(token, receipt.token, sizeof(receipt.token));
}

void put(struct store *store, const char *request, char token[TOKEN_LEN + 1])
{
    put_priority(store, request, 0, token);
}

struct store_claim take(struct store *store)
{
    struct store_claim claim = {0};
    assert_int_equal(store_claim(store, "tester", WAIT_MS, &claim), 0);
    return claim;
}

void take_expect(struct store *store, const char *request, int attempt, struct store_claim *ret)
{
    struct store_claim claim = take(store);
    assert_string_equal(buf_str(&claim.request), request);
    assert_int_equal(claim.attempt, attempt);
    buf_release(&claim.request);
    if (ret)
        *ret = claim;
}

void finish(struct store *store, const struct store_claim *claim, const char *result)
{
    assert_int_equal(store_complete(store, claim->token, claim->fence, STATUS_COMPLETED, str_of(result), 0), 0);
}

int64_t later(int64_t ms)
{
    return clock_realtime_ms() + ms;
}

void assert_nothing_waits(struct store *store)
{
    struct store_claim claim = {0};
    assert_int_equal(store_claim(store, "tester", 0, &claim), -EAGAIN);
}

void assert_status(struct store *store, const char *token, enum status status)
{
    struct store_record record = {0};
    assert_int_equal(store_get(store, token, &record), 0);
    assert_int_equal(record.status, status);
    store_record_release(&record);
    enum status alone = STATUS_COUNT;
    assert_int_equal(store_status(store, token, &alone), 0);
    assert_int_equal(alone, status);
}

void assert_depth(struct store *store, int64_t waiting, int64_t running)
{
    struct store_depth depth = {0};
    assert_int_equal(store_depth(store, &depth), 0);
    assert_int_equal(depth.waiting, waiting);
    assert_int_equal(depth.running, running);
}

void counter_add(struct counter *counter, long by)
{
    pthread_mutex_lock(&counter->lock);
    counter->value += by;
    pthread_cond_broadcast(&counter->cond);
    pthread_mutex_unlock(&counter->lock);
}

long counter_get(struct counter *counter)
{
    pthread_mutex_lock(&counter->lock);
    long value = counter->value;
    pthread_mutex_unlock(&counter->lock);
    return value;
}

bool counter_await(struct counter *counter, long least)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    pthread_mutex_lock(&counter->lock);
    while (counter->value < least)
        if (pthread_cond_timedwait(&counter->cond, &counter->lock, &until) == ETIMEDOUT)
            break;
    bool reached = counter->value >= least;
    pthread_mutex_unlock(&counter->lock);
    return reached;
}
