/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook_bench.c: the dispatcher on this machine: SQLite store, real HTTP over loopback, a receiver that answers 204.
 *
 *   webhook_bench [FOLDER]     FOLDER: where the store's file goes (a temporary folder below it; default /tmp)
 *
 * Prints one `name value unit` a line: from the call of store_complete to the whole request at the receiver, one submission at a time;
 * and deliveries a second, sustained, from completion to settlement, when far more is owed than can be sent at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "webhook/webhook.h"

enum { LATENCIES = 2000, DELIVERIES = 10000, RECEIVERS = 4, PATH_SIZE = 512, BODY_BYTES = 2048, REQUEST_MAX = 8192 };

struct bench {
    struct store *store;
    int listener;
    char url[64];
    char body[BODY_BYTES];
    sem_t received;
    atomic_llong received_ns;
    atomic_long count;
};

static struct bench bench;

/* Reads one request to the end of its body; false when the sender went away before. */
static bool read_request(int fd)
{
    char data[REQUEST_MAX + 1];
    size_t len = 0, needed = SIZE_MAX;
    while (len < needed) {
        ssize_t n = read(fd, data + len, REQUEST_MAX - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        data[len] = '\0';
        const char *end = strstr(data, "\r\n\r\n"), *length = strcasestr(data, "content-length:");
        if (end && length)
            needed = (size_t)(end + 4 - data) + strtoul(length + strlen("content-length:"), NULL, 10);
    }
    return true;
}

static void *receive(void *unused)
{
    static const char answer[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    (void)unused;
    for (;;) {
        _cleanup_(fd_closep) int fd = accept4(bench.listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL;
        if (!read_request(fd))
            continue;
        atomic_store(&bench.received_ns, clock_monotonic_ns());
        atomic_fetch_add(&bench.count, 1);
        fd_write_full(fd, answer, sizeof(answer) - 1);
        sem_post(&bench.received);
    }
}

static int listen_local(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    bench.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bench.listener < 0 || bind(bench.listener, (struct sockaddr *)&address, len) < 0 ||
        listen(bench.listener, 1024) < 0 || getsockname(bench.listener, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    snprintf(bench.url, sizeof(bench.url), "http://127.0.0.1:%d/hook", ntohs(address.sin_port));
    return 0;
}

static int render(const struct store_delivery *delivery, const struct store_record *record, struct buf *ret)
{
    (void)delivery, (void)record;
    buf_append(ret, bench.body, sizeof(bench.body));
    return 0;
}

struct receipt {
    sem_t came;
    int code;
};

static void submitted(void *context, const struct store_receipt *receipt)
{
    struct receipt *waiting = context;
    if (receipt->code < 0)
        waiting->code = receipt->code;
    sem_post(&waiting->came);
}

static void submit(struct receipt *waiting)
{
    struct store_submission submission = {.created_ms = clock_realtime_ms(),
                                          .request = STR("request"),
                                          .webhook_url = bench.url,
                                          .webhook_events = 1u << STORE_DELIVERY_COMPLETED};
    token_new(submission.token);
    store_submit(bench.store, &submission, submitted, waiting);
}

static int claim(struct store_claim *ret)
{
    int r = store_claim(bench.store, "bench", 10000, ret);
    if (r == 0)
        buf_release(&ret->request);
    return r;
}

static int complete(const struct store_claim *claimed)
{
    return store_complete(bench.store, claimed->token, claimed->fence, STATUS_COMPLETED, STR("result"), 0);
}

static int compare_ns(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int bench_latency(void)
{
    static int64_t took[LATENCIES];
    struct receipt waiting = {0};
    sem_init(&waiting.came, 0, 0);
    int r = 0;
    for (size_t i = 0; r == 0 && i < LATENCIES; i++) {
        struct store_claim claimed;
        submit(&waiting);
        sem_wait(&waiting.came);
        r = waiting.code < 0 ? waiting.code : claim(&claimed);
        int64_t start = clock_monotonic_ns();
        if (r == 0)
            r = complete(&claimed);
        if (r == 0)
            sem_wait(&bench.received);
        took[i] = atomic_load(&bench.received_ns) - start;
    }
    if (r < 0)
        return r;
    qsort(took, LATENCIES, sizeof(*took), compare_ns);
    printf("webhook_completion_to_receipt_p50 %.3f ms\nwebhook_completion_to_receipt_p99 %.3f ms\n",
           (double)took[LATENCIES / 2] / NS_PER_MS, (double)took[LATENCIES * 99 / 100] / NS_PER_MS);
    return 0;
}

static void *complete_many(void *failed)
{
    struct store_claim claimed;
    while (store_claim(bench.store, "bench", 0, &claimed) == 0) {
        buf_release(&claimed.request);
        if (complete(&claimed) < 0)
            atomic_store((atomic_int *)failed, 1);
    }
    return NULL;
}

static int await_settled(void)
{
    struct store_outbox_depth depth = {.pending = 1};
    int r = 0;
    while (r == 0 && depth.pending > 0) {
        usleep(5000);
        r = store_outbox_depth(bench.store, &depth);
    }
    return r;
}

static int bench_throughput(void)
{
    struct receipt waiting = {0};
    atomic_int failed = 0;
    pthread_t workers[8];
    sem_init(&waiting.came, 0, 0);
    for (size_t i = 0; i < DELIVERIES; i++)
        submit(&waiting);
    for (size_t i = 0; i < DELIVERIES; i++)
        sem_wait(&waiting.came);
    atomic_store(&bench.count, 0);
    int64_t start = clock_monotonic_ns();
    for (size_t i = 0; i < ARRAY_LEN(workers); i++)
        pthread_create(&workers[i], NULL, complete_many, &failed);
    for (size_t i = 0; i < ARRAY_LEN(workers); i++)
        pthread_join(workers[i], NULL);
    int r = failed || waiting.code < 0 ? -EIO : await_settled();
    double seconds = (double)(clock_monotonic_ns() - start) / NS_PER_S;
    if (r == 0 && atomic_load(&bench.count) != DELIVERIES)
        r = -EPROTO;
    printf("webhook_deliveries_per_second %.0f 1/s\n", DELIVERIES / seconds);
    return r;
}

static int start(const char *dir, struct webhook_policy *policy, struct webhook **ret, struct error *err)
{
    const struct store_config config = {.lease_ms = 60000, .retention_ms = 3600000, .max_depth = 1000000};
    char url[PATH_SIZE + 32];
    snprintf(url, sizeof(url), "sqlite:%s/store", dir);
    int r = listen_local();
    if (r < 0)
        return error_errno(err, r, "listening");
    r = store_open(url, &config, &bench.store, err);
    if (r == 0)
        r = guard_allow(&policy->guard, "127.0.0.1", err);
    if (r < 0)
        return r;
    struct webhook_config webhook = {.store = bench.store,
                                     .name = "bench",
                                     .render = render,
                                     .policy = policy,
                                     .connect_timeout_ms = 3000,
                                     .timeout_ms = 10000,
                                     .max_in_flight = 512,
                                     .per_host = 32};
    r = secret_parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &webhook.secrets.items[0], err);
    webhook.secrets.count = 1;
    return r == 0 ? webhook_start(&webhook, ret, err) : r;
}

static void remove_files(const char *dir)
{
    static const char *const names[] = {"store", "store-wal", "store-shm", "store.lock"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[PATH_SIZE + 32];
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

int main(int argc, char **argv)
{
    char dir[PATH_SIZE];
    struct webhook_policy policy = {0};
    struct webhook *webhook = NULL;
    struct error err = ERROR_INIT;
    pthread_t receivers[RECEIVERS];
    snprintf(dir, sizeof(dir), "%s/evalx-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(dir)) {
        fprintf(stderr, "usage: webhook_bench [FOLDER]\n");
        return 2;
    }
    memset(bench.body, 'b', sizeof(bench.body));
    sem_init(&bench.received, 0, 0);
    int r = start(dir, &policy, &webhook, &err);
    for (size_t i = 0; r == 0 && i < RECEIVERS; i++)
        r = -pthread_create(&receivers[i], NULL, receive, NULL);
    if (r == 0)
        r = bench_latency();
    if (r == 0)
        r = bench_throughput();
    webhook_stop(webhook, 1000);
    store_close(bench.store);
    guard_release(&policy.guard);
    remove_files(dir);
    if (r < 0)
        fprintf(stderr, "webhook_bench: %s\n", err.code ? err.message : strerror(-r));
    return r < 0;
}
