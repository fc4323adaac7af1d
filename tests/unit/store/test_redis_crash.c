/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_redis_crash.c: a crash of the server between any two writes. The server's append-only file is what a crash leaves of it, cut
 * anywhere. So: do one step after another, note the file's length after each, and start servers on copies that end in the middle of
 * each step. Every one must hold exactly what was there before the step, or what was there after it: the server's own digest
 * of all its keys says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "fixture.h"

enum { STEPS_MAX = 32, CUTS = 3, DIGEST_SIZE = 64, PATH_SIZE = 256 };

#define AOF_NAME "appendonly.aof.1.incr.aof"

struct history {
    struct fixture f;
    size_t count;
    struct {
        const char *name;
        off_t end;
        char digest[DIGEST_SIZE];
    } steps[STEPS_MAX];
};

static void note(struct history *h, const char *name)
{
    char path[PATH_SIZE];
    struct stat status;
    snprintf(path, sizeof(path), "%s/appendonlydir/" AOF_NAME, h->f.dir);
    assert_int_equal(stat(path, &status), 0);
    assert_true(h->count < STEPS_MAX);
    if (h->count > 0) {
        assert_true(status.st_size > h->steps[h->count - 1].end); /* it did write */
    }
    h->steps[h->count].name = name;
    h->steps[h->count++].end = status.st_size;
}

static void submit_hooked(struct store *store, const char *request, char token[TOKEN_LEN + 1])
{
    struct store_submission submission = submission_of(request);
    submission.webhook_url = "https://example.com/";
    submission.webhook_events = (1u << STORE_DELIVERY_KIND_COUNT) - 1;
    submission.idempotency_key = request;
    submission.priority = 3;
    assert_int_equal(submit_wait(store, &submission).code, 0);
    memcpy(token, submission.token, sizeof(submission.token));
}

static void settle_next(struct store *store, enum store_outcome outcome)
{
    struct store_delivery delivery;
    struct store_settlement settlement = {.outcome = outcome, .due_ms = later(0)};
    size_t count;
    assert_int_equal(store_outbox_claim(store, "d", LEASE_MS, WAIT_MS, 1, &delivery, &count), 0);
    assert_int_equal(store_outbox_settle(store, delivery.id, delivery.fence, &settlement), 0);
    store_delivery_release(&delivery);
}

/* Every verb that writes, each one step. */
static void make_history(struct history *h)
{
    struct store *store = h->f.store;
    char token[TOKEN_LEN + 1], other[TOKEN_LEN + 1];
    struct store_claim claim;
    struct store_delivery delivery;
    struct store_settlement settlement = {.outcome = STORE_OUTCOME_DELIVERED, .http_status = 200};
    struct buf body = BUF_INIT;
    size_t count;
    note(h, "nothing");
    submit_hooked(store, "one", token), note(h, "submit");
    take_expect(store, "one", 1, &claim), note(h, "claim");
    assert_int_equal(store_release(store, token, claim.fence), 0), note(h, "release");
    take_expect(store, "one", 1, &claim), note(h, "claim again");
    assert_int_equal(store_sweep(store, later(LEASE_MS + 1)), 0), note(h, "a lease lapses");
    take_expect(store, "one", 2, &claim), note(h, "take over");
    assert_int_equal(store_progress(store, token, claim.fence, STORE_EVENT_TEST, 0, STR("t")), 0),
        note(h, "progress that is owed");
    assert_int_equal(store_complete(store, token, claim.fence, STATUS_COMPLETED, STR("r"), 1000), 0),
        note(h, "complete");
    assert_int_equal(store_annotate(store, token, STR("note"), true), 0), note(h, "annotate");
    assert_int_equal(store_outbox_claim(store, "d", LEASE_MS, WAIT_MS, 1, &delivery, &count), 0),
        note(h, "claim a delivery");
    assert_int_equal(store_outbox_seal(store, delivery.id, delivery.fence, STR("body"), &body), 0), note(h, "seal");
    assert_int_equal(store_outbox_settle(store, delivery.id, delivery.fence, &settlement), 0), note(h, "delivered");
    store_delivery_release(&delivery);
    buf_release(&body);
    settle_next(store, STORE_OUTCOME_DEAD);
    settle_next(store, STORE_OUTCOME_DEAD), note(h, "several deliveries"); /* four scripts: not cut, see below */
    assert_int_equal(store_outbox_resend(store, token), 0), note(h, "resend");
    assert_int_equal(store_forget(store, token), 0), note(h, "forget");
    submit_hooked(store, "two", other), note(h, "submit another");
    assert_int_equal(store_cancel(store, other), 0), note(h, "cancel");
    put(store, "three", token), note(h, "submit a third");
    for (int attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
        take_expect(store, "three", attempt, NULL), note(h, "claim the third");
        assert_int_equal(store_sweep(store, later(LEASE_MS + 1)), 0), note(h, "lose the third");
    }
    settle_next(store, STORE_OUTCOME_DELIVERED);
    note(h, "several deliveries");
    assert_int_equal(store_sweep(store, later(RETENTION_MS + 1)), 0), note(h, "forget what is old");
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name, off_t len)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    _cleanup_(buf_release) struct buf data = BUF_INIT;
    snprintf(from, sizeof(from), "%s/appendonlydir/%s", from_dir, name);
    snprintf(to, sizeof(to), "%s/appendonlydir/%s", to_dir, name);
    assert_int_equal(fd_read_file(AT_FDCWD, from, 64 << 20, &data), 0);
    _cleanup_(fd_closep) int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, data.data, len < 0 ? data.len : (size_t)len), 0);
}

/* What a server finds that starts on the first len bytes. */
static void digest_at(const struct history *h, off_t len, char digest[DIGEST_SIZE])
{
    struct redis_server server = {.options = {"--enable-debug-command", "yes"}};
    char folder[PATH_SIZE];
    snprintf(server.dir, sizeof(server.dir), "/tmp/evalx-crash-XXXXXX");
    assert_non_null(mkdtemp(server.dir));
    snprintf(folder, sizeof(folder), "%s/appendonlydir", server.dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    copy_file(h->f.dir, server.dir, "appendonly.aof.1.base.rdb", -1);
    copy_file(h->f.dir, server.dir, "appendonly.aof.manifest", -1);
    copy_file(h->f.dir, server.dir, AOF_NAME, len);
    server_start(&server);
    assert_int_equal(server_ask(&server, "debug digest", digest, DIGEST_SIZE), 0);
    server_kill(&server);
    remove_folder(server.dir);
    assert_true(strlen(digest) >= 40);
}

static void every_step_is_whole_or_not_at_all(void **state)
{
    (void)state;
    static struct history h;
    fixture_open(&h.f, "redis+unix:%s/redis.sock");
    make_history(&h);
    store_close(h.f.store);
    h.f.store = NULL;
    server_kill(&h.f.server);
    for (size_t i = 0; i < h.count; i++)
        digest_at(&h, h.steps[i].end, h.steps[i].digest);
    for (size_t i = 1; i < h.count; i++) {
        assert_string_not_equal(h.steps[i].digest, h.steps[i - 1].digest);
        if (strcmp(h.steps[i].name, "several deliveries") == 0)
            continue;
        off_t from = h.steps[i - 1].end, len = h.steps[i].end - from;
        for (int cut = 1; cut <= CUTS; cut++) {
            char digest[DIGEST_SIZE];
            digest_at(&h, from + MAX(len * cut / (CUTS + 1), 1), digest);
            if (strcmp(digest, h.steps[i - 1].digest) != 0 && strcmp(digest, h.steps[i].digest) != 0)
                fail_msg("half a step was kept: %s, cut %d of %d", h.steps[i].name, cut, CUTS);
        }
    }
    fixture_close(&h.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_step_is_whole_or_not_at_all)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("store_redis_crash", tests, NULL, NULL);
}
