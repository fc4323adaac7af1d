/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_redis_faults.c: what the Redis store does when the wire or the server fails: answers that are lost, a server that is killed and
 * comes back, one that hangs, one that is full; and two processes that share it.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"
#include "proxy.h"
#include "store/redis_store.h"

enum {
    PATIENCE_MS = 3000, /* for what must take less than a second, on a busy machine */
};

/* A server on a port, a wire to it, and a store at the end of the wire. */
struct wired {
    struct fixture f;
    struct proxy proxy;
};

static void open_or_fail(const char *url, const struct store_config *config, struct store **ret)
{
    struct error err = ERROR_INIT;
    if (store_open(url, config, ret, &err) < 0)
        fail_msg("%s", err.message);
}

static void wired_open(struct wired *w)
{
    *w = (struct wired){.f.config = {.lease_ms = LEASE_MS, .retention_ms = RETENTION_MS, .max_depth = 100000}};
    snprintf(w->f.dir, sizeof(w->f.dir), "/tmp/evalx-store-XXXXXX");
    assert_non_null(mkdtemp(w->f.dir));
    snprintf(w->f.server.dir, sizeof(w->f.server.dir), "%s", w->f.dir);
    w->f.server.port = free_port();
    server_start(&w->f.server);
    proxy_start(&w->proxy, w->f.server.port);
    snprintf(w->f.url, sizeof(w->f.url), "redis://127.0.0.1:%d", w->proxy.port);
    open_or_fail(w->f.url, &w->f.config, &w->f.store);
}

static void wired_close(struct wired *w)
{
    store_close(w->f.store);
    w->f.store = NULL;
    proxy_stop(&w->proxy);
    server_kill(&w->f.server);
    remove_folder(w->f.dir);
}

static void assert_record(struct store *store, const char *token, enum status status, int attempts, const char *result)
{
    struct store_record record;
    assert_int_equal(store_get(store, token, &record), 0);
    assert_int_equal(record.status, status);
    assert_int_equal(record.attempts, attempts);
    assert_string_equal(buf_str(&record.result), result);
    store_record_release(&record);
}

/* Every verb, with the fault at its one command; what is true afterwards is as if nothing had happened. */
static void every_verb_through(struct wired *w, enum proxy_fault fault)
{
    struct store *store = w->f.store;
    struct proxy *proxy = &w->proxy;
    struct store_submission submission = submission_of("work");
    struct store_claim claim, other;
    struct store_record record;
    int struck = proxy_struck(proxy);
    submission.idempotency_key = "key";

    proxy_arm(proxy, fault, submission.token);
    struct store_receipt receipt = submit_wait(store, &submission);
    assert_int_equal(receipt.code, 0);
    assert_false(receipt.repeated);
    assert_string_equal(receipt.token, submission.token);
    assert_int_equal(proxy_struck(proxy), ++struck);
    assert_depth(store, 1, 0);

    proxy_arm(proxy, fault, "claims-once");
    assert_int_equal(store_claim(store, "claims-once", WAIT_MS, &claim), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
    assert_string_equal(claim.token, submission.token);
    assert_int_equal(claim.attempt, 1); /* not a second claim for the answer that was lost */
    assert_string_equal(buf_str(&claim.request), "work");
    buf_release(&claim.request);
    assert_int_equal(store_claim(store, "nobody", 0, &other), -EAGAIN);

    proxy_arm(proxy, fault, claim.token);
    assert_int_equal(store_renew(store, claim.token, claim.fence), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);

    proxy_arm(proxy, fault, claim.token);
    assert_int_equal(store_progress(store, claim.token, claim.fence, STORE_EVENT_TEST, 3, STR("step")), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
    proxy_arm(proxy, fault, claim.token);
    assert_int_equal(store_get(store, claim.token, &record), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
    assert_int_equal(record.event_count, 1);
    store_record_release(&record);

    proxy_arm(proxy, fault, claim.token);
    assert_int_equal(store_complete(store, claim.token, claim.fence, STATUS_COMPLETED, STR("done"), 0), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
    assert_record(store, claim.token, STATUS_COMPLETED, 1, "done");
    assert_depth(store, 0, 0);

    proxy_arm(proxy, fault, claim.token);
    assert_int_equal(store_annotate(store, claim.token, STR("note"), true), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);

    proxy_arm(proxy, fault, claim.token);
    assert_int_equal(store_forget(store, claim.token), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
    assert_int_equal(store_get(store, claim.token, &record), -ENOENT);

    char token[TOKEN_LEN + 1];
    put(store, "to be cancelled", token);
    proxy_arm(proxy, fault, token);
    assert_int_equal(store_cancel(store, token), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
    assert_int_equal(store_cancel(store, token), -EALREADY);

    proxy_arm(proxy, fault, ":trial");
    assert_int_equal(store_ping(store), 0);
    assert_int_equal(proxy_struck(proxy), ++struck);
}

static void commands_that_are_lost_are_sent_again(void **state)
{
    (void)state;
    struct wired w;
    wired_open(&w);
    every_verb_through(&w, PROXY_LOSE_COMMAND);
    wired_close(&w);
}

static void replies_that_are_lost_are_found_again(void **state)
{
    (void)state;
    struct wired w;
    wired_open(&w);
    every_verb_through(&w, PROXY_LOSE_REPLY);
    wired_close(&w);
}

static void deliveries_whose_answer_is_lost(void **state)
{
    (void)state;
    struct wired w;
    wired_open(&w);
    struct store *store = w.f.store;
    struct store_submission submission = submission_of("hooked");
    submission.webhook_url = "https://example.com/hook";
    submission.webhook_events = 1u << STORE_DELIVERY_COMPLETED;
    assert_int_equal(submit_wait(store, &submission).code, 0);
    struct store_claim claim;
    take_expect(store, "hooked", 1, &claim);
    finish(store, &claim, "result");
    struct store_delivery delivery;
    size_t count;
    proxy_arm(&w.proxy, PROXY_LOSE_REPLY, "dispatches-once");
    assert_int_equal(store_outbox_claim(store, "dispatches-once", LEASE_MS, WAIT_MS, 8, &delivery, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(delivery.attempt, 1);
    struct buf body = BUF_INIT;
    proxy_arm(&w.proxy, PROXY_LOSE_REPLY, claim.token);
    assert_int_equal(store_outbox_seal(store, delivery.id, delivery.fence, STR("body"), &body), 0);
    assert_string_equal(buf_str(&body), "body");
    proxy_arm(&w.proxy, PROXY_LOSE_REPLY, claim.token);
    struct store_settlement settlement = {.outcome = STORE_OUTCOME_DELIVERED, .http_status = 200};
    assert_int_equal(store_outbox_settle(store, delivery.id, delivery.fence, &settlement), 0);
    assert_int_equal(proxy_struck(&w.proxy), 3);
    struct store_outbox_depth depth;
    assert_int_equal(store_outbox_depth(store, &depth), 0);
    assert_int_equal(depth.pending, 0);
    buf_release(&body);
    store_delivery_release(&delivery);
    wired_close(&w);
}

/* A claim that was made, and whose caller could only be told that the store is away: nobody else's, and not lost. */
static void a_claim_that_nobody_heard_of(void **state)
{
    (void)state;
    struct wired w;
    wired_open(&w);
    put(w.f.store, "x", NULL);
    struct store_claim claim;
    proxy_arm(&w.proxy, PROXY_LOSE_REPLIES, "claims-in-vain");
    assert_int_equal(store_claim(w.f.store, "claims-in-vain", 0, &claim), -ENOTCONN);
    assert_depth(w.f.store, 0, 1);
    proxy_arm(&w.proxy, PROXY_NONE, "");
    put(w.f.store, "y", NULL);
    take_expect(w.f.store, "x", 1, &claim);
    take_expect(w.f.store, "y", 1, NULL);
    finish(w.f.store, &claim, "result");
    assert_nothing_waits(w.f.store);
    wired_close(&w);
}

/* ---- a server that goes ---- */

struct submitter {
    struct store *store;
    pthread_t thread;
    struct counter *stop;
    char acknowledged[4096][TOKEN_LEN + 1];
    size_t count;
    long refused;
};

static void *submit_on(void *argument)
{
    struct submitter *submitter = argument;
    while (counter_get(submitter->stop) == 0 && submitter->count < ARRAY_LEN(submitter->acknowledged)) {
        struct store_submission submission = submission_of("x");
        if (submit_wait(submitter->store, &submission).code == 0)
            memcpy(submitter->acknowledged[submitter->count++], submission.token, sizeof(submission.token));
        else
            submitter->refused++;
    }
    return NULL;
}

struct finisher {
    struct store *store;
    pthread_t thread;
    struct counter *stop;
    long completed, twice;
};

static void *finish_on(void *argument)
{
    struct finisher *finisher = argument;
    struct store_claim claim;
    while (counter_get(finisher->stop) == 0) {
        if (store_claim(finisher->store, "finisher", 100, &claim) < 0)
            continue;
        buf_release(&claim.request);
        int r;
        do
            r = store_complete(finisher->store, claim.token, claim.fence, STATUS_COMPLETED, STR("r"), 0);
        while (r < 0 && r != -ESTALE); /* as a worker does: until the store takes it */
        finisher->completed += r == 0;
        finisher->twice += claim.attempt > 1;
    }
    return NULL;
}

static void await_ping(struct store *store)
{
    int64_t give_up_ns = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
    while (store_ping(store) < 0 && clock_monotonic_ns() < give_up_ns)
        sched_yield();
    assert_int_equal(store_ping(store), 0);
}

static void a_killed_server_loses_nothing(void **state)
{
    (void)state;
    static struct submitter submitters[4];
    struct finisher finishers[2];
    struct counter stop = COUNTER_INIT;
    struct fixture f;
    enum { KILLS = 4, BETWEEN_KILLS = 25 /* submissions, at least */ };
    fixture_open(&f, "redis+unix:%s/redis.sock");
    for (size_t i = 0; i < ARRAY_LEN(submitters); i++) {
        submitters[i] = (struct submitter){.store = f.store, .stop = &stop};
        assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_on, &submitters[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(finishers); i++) {
        finishers[i] = (struct finisher){.store = f.store, .stop = &stop};
        assert_int_equal(pthread_create(&finishers[i].thread, NULL, finish_on, &finishers[i]), 0);
    }
    for (int i = 0; i < KILLS; i++) {
        for (int j = 0; j < BETWEEN_KILLS; j++)
            put(f.store, "x", NULL);
        server_kill(&f.server);
        server_start(&f.server);
        await_ping(f.store);
    }
    counter_add(&stop, 1);
    long completed = 0, acknowledged = 0;
    for (size_t i = 0; i < ARRAY_LEN(finishers); i++) {
        pthread_join(finishers[i].thread, NULL);
        completed += finishers[i].completed;
        assert_int_equal(finishers[i].twice, 0); /* an answer that was lost is no lost worker */
    }
    for (size_t i = 0; i < ARRAY_LEN(submitters); i++) {
        pthread_join(submitters[i].thread, NULL);
        acknowledged += (long)submitters[i].count;
        for (size_t j = 0; j < submitters[i].count; j++) {
            enum status status = STATUS_COUNT;
            assert_int_equal(store_status(f.store, submitters[i].acknowledged[j], &status), 0);
            assert_true(status == STATUS_QUEUED || status == STATUS_COMPLETED);
        }
    }
    assert_true(acknowledged > 0 && completed > 0);
    struct store_depth depth;
    assert_int_equal(store_depth(f.store, &depth), 0);
    assert_int_equal(depth.running, 0);
    fixture_close(&f);
}

static void assert_away(struct store *store)
{
    struct store_submission submission = submission_of("x");
    int64_t start = clock_monotonic_ns();
    assert_int_equal(store_ping(store), -ENOTCONN);
    assert_true(clock_monotonic_ns() - start < PATIENCE_MS * NS_PER_MS);
    start = clock_monotonic_ns();
    assert_int_equal(submit_wait(store, &submission).code, -ENOTCONN);
    assert_true(clock_monotonic_ns() - start < PATIENCE_MS * NS_PER_MS);
    struct store_record record;
    assert_int_equal(store_get(store, submission.token, &record), -ENOTCONN);
    assert_int_equal(store_cancel(store, submission.token), -ENOTCONN);
    struct store_claim claim;
    assert_int_equal(store_claim(store, "w", 0, &claim), -ENOTCONN);
}

static void an_outage_is_told_within_a_second(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "redis+unix:%s/redis.sock");
    struct store_claim claim;
    char token[TOKEN_LEN + 1];
    put(f.store, "x", token);
    take_expect(f.store, "x", 1, &claim);
    server_kill(&f.server);
    assert_away(f.store);
    assert_int_equal(store_complete(f.store, token, claim.fence, STATUS_COMPLETED, STR("r"), 0), -ENOTCONN);
    server_start(&f.server);
    await_ping(f.store);
    assert_int_equal(store_complete(f.store, token, claim.fence, STATUS_COMPLETED, STR("r"), 0), 0);
    put(f.store, "y", NULL);
    server_pause(&f.server); /* it hangs: connections stand, and nothing comes */
    assert_away(f.store);
    server_resume(&f.server);
    await_ping(f.store);
    assert_record(f.store, token, STATUS_COMPLETED, 1, "r");
    fixture_close(&f);
}

struct told {
    pthread_mutex_t lock;
    char verbs[512]; /* each followed by a space */
};

static void remember_failure(void *context, const char *verb, int code)
{
    struct told *told = context;
    pthread_mutex_lock(&told->lock);
    size_t len = strlen(told->verbs);
    snprintf(told->verbs + len, sizeof told->verbs - len, "%s%s ", verb, code == -ENOTCONN ? "" : "?");
    pthread_mutex_unlock(&told->lock);
}

/* Whoever counts failures hears of each call that the server did not answer, by the verb, and of no refusal. */
static void failures_are_told_and_refusals_are_not(void **state)
{
    (void)state;
    struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct fixture f;
    fixture_open(&f, "redis+unix:%s/redis.sock");
    struct store_config config = f.config;
    config.failed = remember_failure;
    config.failed_context = &told;
    fixture_reopen(&f, &config);
    assert_string_equal(store_queue(f.store), "default");
    struct store_submission submission = submission_of("x");
    struct store_claim claim;
    struct store_record record;
    submission.idempotency_key = "key";
    assert_int_equal(submit_wait(f.store, &submission).code, 0);
    submission.body_digest[0] ^= 1;
    assert_int_equal(submit_wait(f.store, &submission).code, -EEXIST);
    submission.priority = 99;
    assert_int_equal(submit_wait(f.store, &submission).code, -EINVAL);
    assert_int_equal(store_get(f.store, "AAAAAAAAAAAAAAAAAAAAAA", &record), -ENOENT);
    take_expect(f.store, "x", 1, &claim);
    assert_int_equal(store_renew(f.store, claim.token, claim.fence + 1), -ESTALE);
    struct store_claim none;
    assert_int_equal(store_claim(f.store, "w", 0, &none), -EAGAIN);
    assert_string_equal(told.verbs, "");
    server_kill(&f.server);
    assert_away(f.store);
    assert_string_equal(told.verbs, "ping submit get cancel claim ");
    server_start(&f.server);
    await_ping(f.store);
    fixture_close(&f);
}

/* Who gave the server only a moment learns nothing of it that would concern the others. */
static void haste_of_one_is_no_outage(void **state)
{
    enum { MOMENT_MS = 20 };
    (void)state;
    struct fixture f;
    fixture_open(&f, "redis+unix:%s/redis.sock");
    struct redis_store *s = redis_of(f.store);
    redisReply *reply = NULL;
    server_pause(&f.server);
    assert_int_equal(redis_plain(s, 1, (const char *[]){"PING"}, MOMENT_MS, &reply), -ENOTCONN);
    bool up = redis_link_up(&s->link);
    server_resume(&f.server);
    assert_true(up);
    put(f.store, "x", NULL);
    fixture_close(&f);
}

/* ---- leases over an outage, and over processes ---- */

static void hear(void *context, const char *token)
{
    (void)token;
    counter_add(context, 1);
}

/* Waits until the store's own sweep has written its time over the one that was set. */
static void await_sweep(const struct redis_server *server, const char *set)
{
    char out[64];
    int64_t give_up_ns = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
    do {
        assert_int_equal(server_ask(server, "get {evalx}:swept", out, sizeof(out)), 0);
    } while (strncmp(out, set, strlen(set)) == 0 && clock_monotonic_ns() < give_up_ns);
}

static void leases_outlive_an_outage(void **state)
{
    (void)state;
    struct fixture f;
    char command[512], out[64];
    fixture_open(&f, "redis+unix:%s/redis.sock");
    struct store_claim claim;
    put(f.store, "x", NULL);
    take_expect(f.store, "x", 1, &claim);
    /* The server comes back: the lease in its file is long over, and so is the last sweep. */
    snprintf(command, sizeof(command),
             "eval \"redis.call('ZADD','{evalx}:running',1,'%s') redis.call('SET','{evalx}:swept',1) return 'set'\" 0",
             claim.token);
    assert_int_equal(server_ask(&f.server, command, out, sizeof(out)), 0);
    assert_string_equal(out, "set\n");
    /* The next sweep, not ours, sees that; when it is done, the lease is a whole one again. */
    await_sweep(&f.server, "1\n");
    assert_status(f.store, claim.token, STATUS_RUNNING);
    assert_int_equal(store_sweep(f.store, later(LEASE_MS / 2)), 0);
    assert_status(f.store, claim.token, STATUS_RUNNING);
    assert_int_equal(store_complete(f.store, claim.token, claim.fence, STATUS_COMPLETED, STR("r"), 0), 0);
    fixture_close(&f);
}

/* The server's clock was set back by a day: what the last sweep and the leases say lies in the future. */
static void leases_end_though_the_clock_was_set_back(void **state)
{
    enum { DAY_MS = 86400000 };
    (void)state;
    struct fixture f;
    char command[512], out[64], ahead[24];
    fixture_open(&f, "redis+unix:%s/redis.sock");
    struct store_claim claim;
    put(f.store, "x", NULL);
    take_expect(f.store, "x", 1, &claim);
    snprintf(ahead, sizeof(ahead), "%lld", (long long)later(DAY_MS));
    snprintf(
        command, sizeof(command),
        "eval \"redis.call('ZADD','{evalx}:running',%s,'%s') redis.call('SET','{evalx}:swept',%s) return 'set'\" 0",
        ahead, claim.token, ahead);
    assert_int_equal(server_ask(&f.server, command, out, sizeof(out)), 0);
    assert_string_equal(out, "set\n");
    await_sweep(&f.server, ahead);
    assert_int_equal(store_sweep(f.store, later(LEASE_MS / 2)), 0);
    assert_status(f.store, claim.token, STATUS_RUNNING);
    assert_int_equal(store_sweep(f.store, later(LEASE_MS + 1)), 0);
    assert_status(f.store, claim.token, STATUS_QUEUED);
    fixture_close(&f);
}

/* A dispatcher whose clock is off by an hour, either way, says when to try again: so long from now as it means. */
static void a_retry_goes_by_the_servers_clock(void **state)
{
    enum { HOUR_MS = 3600000, IN_MS = 60000, SHORT_MS = 200 };
    static const struct {
        int64_t off, shifted;
    } given[] = {{0, 0}, {-SHORT_MS, 0}, {HOUR_MS, -HOUR_MS}, {-HOUR_MS, HOUR_MS}};
    (void)state;
    struct fixture f;
    fixture_open(&f, "redis+unix:%s/redis.sock");
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct store_submission submission = submission_of("hooked");
        submission.webhook_url = "https://example.com/hook";
        submission.webhook_events = 1u << STORE_DELIVERY_COMPLETED;
        assert_int_equal(submit_wait(f.store, &submission).code, 0);
        struct store_claim claim;
        take_expect(f.store, "hooked", 1, &claim);
        finish(f.store, &claim, "result");
        struct store_delivery delivery;
        size_t count;
        assert_int_equal(store_outbox_claim(f.store, "d", LEASE_MS, WAIT_MS, 1, &delivery, &count), 0);
        char command[512], out[64];
        int64_t clock_ms = later(given[i].off);
        snprintf(command, sizeof(command), "evalsha %s 1 {evalx} other 0 %s %d 0 %llu %d %lld 500 no %lld",
                 redis_of(f.store)->link.scripts.shas[REDIS_outbox_settle], delivery.token, (int)delivery.kind,
                 (unsigned long long)delivery.fence, (int)STORE_OUTCOME_RETRY, (long long)(clock_ms + IN_MS),
                 (long long)clock_ms);
        assert_int_equal(server_ask(&f.server, command, out, sizeof(out)), 0);
        int64_t took_ms = later(given[i].off) - clock_ms;
        assert_string_equal(out, "0\n");
        struct store_record record;
        assert_int_equal(store_get(f.store, delivery.token, &record), 0);
        int64_t late = record.webhook.next_ms - (clock_ms + IN_MS) - given[i].shifted;
        bool exact =
            given[i].shifted == 0 && took_ms < SHORT_MS; /* on the way for so long, it looks like a wrong clock */
        assert_true(late >= 0 && late <= (exact ? 0 : WAIT_MS));
        store_record_release(&record);
        store_delivery_release(&delivery);
    }
    fixture_close(&f);
}

/* An owner listed with nothing queued, by a hand in the data or a mistake: the others are served all the same. */
static void an_owner_with_nothing_stops_nobody(void **state)
{
    (void)state;
    struct fixture f;
    char out[64];
    fixture_open(&f, "redis+unix:%s/redis.sock");
    assert_int_equal(server_ask(&f.server, "zadd {evalx}:owners -1 ghost -2 shade", out, sizeof(out)), 0);
    put(f.store, "x", NULL);
    take_expect(f.store, "x", 1, NULL);
    assert_nothing_waits(f.store);
    assert_int_equal(server_ask(&f.server, "zcard {evalx}:owners", out, sizeof(out)), 0);
    assert_string_equal(out, "0\n");
    fixture_close(&f);
}

static void processes_share_one_queue(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "redis+unix:%s/redis.sock");
    struct store *api = f.store, *owner = NULL, *heir = NULL;
    open_or_fail(f.url, &f.config, &owner);
    open_or_fail(f.url, &f.config, &heir);
    char token[TOKEN_LEN + 1];
    put(api, "x", token);
    struct counter heard = COUNTER_INIT;
    struct store_watch *watch = store_watch(api, token, hear, &heard);
    struct store_claim first, second;
    take_expect(owner, "x", 1, &first);
    assert_true(counter_await(&heard, 1)); /* what others do is heard here */
    long before = counter_get(&heard);
    assert_int_equal(store_progress(owner, token, first.fence, STORE_EVENT_TEST, 4, STR("half")), 0);
    assert_true(counter_await(&heard, before + 1));
    struct store_record record;
    assert_int_equal(store_get(api, token, &record), 0);
    assert_int_equal(record.event_count, 1);
    store_record_release(&record);
    /* The owner sleeps through its lease; somebody takes over; the owner wakes up. */
    assert_int_equal(store_sweep(api, later(LEASE_MS + 1)), 0);
    take_expect(heir, "x", 2, &second);
    assert_int_equal(store_complete(owner, token, first.fence, STATUS_COMPLETED, STR("late"), 0), -ESTALE);
    assert_int_equal(store_renew(owner, token, first.fence), -ESTALE);
    before = counter_get(&heard);
    assert_int_equal(store_complete(heir, token, second.fence, STATUS_COMPLETED, STR("true"), 0), 0);
    assert_true(counter_await(&heard, before + 1));
    assert_int_equal(store_complete(owner, token, first.fence, STATUS_COMPLETED, STR("late"), 0), -ESTALE);
    assert_record(api, token, STATUS_COMPLETED, 2, "true");
    store_unwatch(api, watch);
    store_close(heir);
    store_close(owner);
    fixture_close(&f);
}

static void the_lost_leave_last_words(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, "redis+unix:%s/redis.sock");
    char token[TOKEN_LEN + 1];
    put(f.store, "killer", token);
    struct store_claim claim = {0};
    for (int attempt = 1; attempt <= STORE_ATTEMPTS_MAX; attempt++) {
        take_expect(f.store, "killer", attempt, &claim);
        assert_int_equal(store_progress(f.store, token, claim.fence, STORE_EVENT_COMPILE, 0, STR("c")), 0);
        if (attempt == STORE_ATTEMPTS_MAX)
            assert_int_equal(store_progress(f.store, token, claim.fence, STORE_EVENT_TEST, 6, STR("t")), 0);
        assert_int_equal(store_sweep(f.store, later(LEASE_MS + 1)), 0);
    }
    struct store_record record;
    assert_int_equal(store_get(f.store, token, &record), 0);
    assert_int_equal(record.status, STATUS_FAILED);
    assert_non_null(strstr(record.message, "lost 3 times"));
    assert_non_null(strstr(record.message, "tester"));
    assert_non_null(strstr(record.message, "the end of test case 6"));
    store_record_release(&record);
    fixture_close(&f);
}

static void a_full_server_refuses_and_keeps(void **state)
{
    (void)state;
    struct fixture f;
    char out[256], token[TOKEN_LEN + 1];
    fixture_open(&f, "redis+unix:%s/redis.sock");
    put(f.store, "x", token);
    struct store_claim claim;
    take_expect(f.store, "x", 1, &claim);
    assert_int_equal(server_ask(&f.server, "config set maxmemory 1", out, sizeof(out)), 0);
    struct store_submission submission = submission_of("one too many");
    assert_int_equal(submit_wait(f.store, &submission).code, -ENOSPC);
    assert_int_equal(store_ping(f.store), -ENOSPC);
    /* What was accepted goes on, and what is old goes, which makes room. */
    assert_status(f.store, token, STATUS_RUNNING);
    assert_int_equal(store_complete(f.store, token, claim.fence, STATUS_COMPLETED, STR("r"), 0), 0);
    assert_int_equal(store_sweep(f.store, later(RETENTION_MS + 1)), 0);
    enum status status;
    assert_int_equal(store_status(f.store, token, &status), -ENOENT);
    assert_int_equal(server_ask(&f.server, "config set maxmemory 0", out, sizeof(out)), 0);
    assert_int_equal(store_ping(f.store), 0);
    put(f.store, "x", NULL);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_that_are_lost_are_sent_again),
        cmocka_unit_test(replies_that_are_lost_are_found_again),
        cmocka_unit_test(deliveries_whose_answer_is_lost),
        cmocka_unit_test(a_claim_that_nobody_heard_of),
        cmocka_unit_test(a_killed_server_loses_nothing),
        cmocka_unit_test(an_outage_is_told_within_a_second),
        cmocka_unit_test(failures_are_told_and_refusals_are_not),
        cmocka_unit_test(haste_of_one_is_no_outage),
        cmocka_unit_test(leases_outlive_an_outage),
        cmocka_unit_test(leases_end_though_the_clock_was_set_back),
        cmocka_unit_test(a_retry_goes_by_the_servers_clock),
        cmocka_unit_test(an_owner_with_nothing_stops_nobody),
        cmocka_unit_test(processes_share_one_queue),
        cmocka_unit_test(the_lost_leave_last_words),
        cmocka_unit_test(a_full_server_refuses_and_keeps),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("store_redis_faults", tests, NULL, NULL);
}
