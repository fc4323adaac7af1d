/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_bench.c: what the store reaches on this machine, beside what the disk itself allows.
 *
 *   store_bench [FOLDER [SECONDS [URL]]]   FOLDER: where the file goes (a temporary folder below it; default /tmp)
 *                                          URL: redis…, without options: measures that store instead; it should be empty
 *
 * Prints one `name value unit` a line: syncs a second of a bare append+fdatasync loop; acknowledged submits a second from 64
 * submitters that each wait for their receipt; and the hand-over: from a receipt to the return of a claim that waited, one
 * submission at a time (negative: the claim was there first).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "store/store.h"

enum { SUBMITTERS = 64, REQUEST_BYTES = 1024, HANDOVERS = 2000, PATH_SIZE = 512 };

struct bench {
    struct store *store;
    const char *url; /* NULL: a file */
    int64_t until_ns;
    char request[REQUEST_BYTES];
};

struct submitter {
    struct bench *bench;
    pthread_t thread;
    sem_t answered;
    int64_t answered_ns;
    int code;
    long acknowledged;
};

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0) {
    }
}

static void answered(void *context, const struct store_receipt *receipt)
{
    struct submitter *submitter = context;
    submitter->answered_ns = clock_monotonic_ns();
    submitter->code = receipt->code;
    sem_post(&submitter->answered);
}

static int submit(struct submitter *submitter)
{
    struct store_submission submission = {
        .created_ms = clock_realtime_ms(),
        .request = {.data = submitter->bench->request, .len = REQUEST_BYTES},
    };
    token_new(submission.token);
    store_submit(submitter->bench->store, &submission, answered, submitter);
    await(&submitter->answered);
    return submitter->code;
}

static void *submit_on(void *argument)
{
    struct submitter *submitter = argument;
    while (clock_monotonic_ns() < submitter->bench->until_ns && submit(submitter) == 0)
        submitter->acknowledged++;
    return NULL;
}

static int bench_submits(struct bench *bench, int64_t seconds)
{
    static struct submitter submitters[SUBMITTERS];
    int64_t start = clock_monotonic_ns();
    bench->until_ns = start + seconds * NS_PER_S;
    for (size_t i = 0; i < SUBMITTERS; i++) {
        submitters[i].bench = bench;
        sem_init(&submitters[i].answered, 0, 0);
        int r = pthread_create(&submitters[i].thread, NULL, submit_on, &submitters[i]);
        if (r != 0)
            return -r;
    }
    long total = 0;
    int code = 0;
    for (size_t i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        total += submitters[i].acknowledged;
        code = submitters[i].code < 0 ? submitters[i].code : code;
    }
    double elapsed = (double)(clock_monotonic_ns() - start) / NS_PER_S;
    printf("store_submits_per_second %.0f 1/s\n", (double)total / elapsed);
    return code;
}

struct worker {
    struct store *store;
    sem_t waiting, claimed;
    int64_t claimed_ns;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct store_claim claim;
    for (;;) {
        sem_post(&worker->waiting);
        if (store_claim(worker->store, "bench", 60000, &claim) < 0)
            return NULL;
        worker->claimed_ns = clock_monotonic_ns();
        buf_release(&claim.request);
        sem_post(&worker->claimed);
        if (store_complete(worker->store, claim.token, claim.fence, STATUS_COMPLETED, STR("result"), 0) < 0)
            return NULL;
    }
}

static int compare_ns(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_quantiles(const char *name, int64_t *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare_ns);
    printf("%s_p50 %.3f ms\n%s_p99 %.3f ms\n", name, (double)values[count / 2] / NS_PER_MS, name,
           (double)values[count * 99 / 100] / NS_PER_MS);
}

static int bench_handover(struct bench *bench)
{
    static int64_t handover[HANDOVERS], acknowledge[HANDOVERS];
    struct worker worker = {.store = bench->store};
    struct submitter submitter = {.bench = bench};
    pthread_t thread;
    sem_init(&worker.waiting, 0, 0);
    sem_init(&worker.claimed, 0, 0);
    sem_init(&submitter.answered, 0, 0);
    int r = -pthread_create(&thread, NULL, work, &worker);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < HANDOVERS; i++) {
        await(&worker.waiting);
        int64_t start = clock_monotonic_ns();
        r = submit(&submitter);
        if (r == 0)
            await(&worker.claimed);
        acknowledge[i] = submitter.answered_ns - start;
        handover[i] = worker.claimed_ns - submitter.answered_ns;
    }
    store_interrupt(bench->store);
    pthread_join(thread, NULL);
    if (r == 0) {
        print_quantiles("store_acknowledge", acknowledge, HANDOVERS);
        print_quantiles("store_handover", handover, HANDOVERS);
    }
    return r;
}

/* What a store without group commit would be held to. */
static int bench_syncs(const char *dir)
{
    char path[PATH_SIZE + 16], block[4096] = "";
    snprintf(path, sizeof(path), "%s/syncs", dir);
    _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0600);
    if (fd < 0)
        return -errno;
    unlink(path);
    int64_t start = clock_monotonic_ns();
    long count = 0;
    for (; clock_monotonic_ns() - start < NS_PER_S; count++) {
        int r = fd_write_full(fd, block, sizeof(block));
        if (r < 0)
            return r;
        if (fdatasync(fd) < 0)
            return -errno;
    }
    printf("disk_syncs_per_second %ld 1/s\n", count);
    return 0;
}

static int open_store(struct bench *bench, const char *dir, const char *file)
{
    const struct store_config config = {.lease_ms = 60000, .retention_ms = 3600000, .max_depth = 100000000};
    char url[PATH_SIZE + 32];
    if (bench->url)
        snprintf(url, sizeof(url), "%s?queue=%s", bench->url, file);
    else
        snprintf(url, sizeof(url), "sqlite:%s/%s", dir, file);
    struct error err = ERROR_INIT;
    int r = store_open(url, &config, &bench->store, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", err.message);
    return r;
}

static void remove_files(const char *dir)
{
    static const char *const names[] = {"submits", "handover"}, *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(suffixes); i++) {
        char path[PATH_SIZE + 32];
        snprintf(path, sizeof(path), "%s/%s%s", dir, names[i / ARRAY_LEN(suffixes)], suffixes[i % ARRAY_LEN(suffixes)]);
        unlink(path);
    }
    rmdir(dir);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    long seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
    char dir[PATH_SIZE];
    bench.url = argc > 3 ? argv[3] : NULL;
    signal(SIGPIPE, SIG_IGN);
    snprintf(dir, sizeof(dir), "%s/evalx-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (seconds < 1 || !mkdtemp(dir)) {
        fprintf(stderr, "usage: store_bench [FOLDER [SECONDS [URL]]]\n");
        return 2;
    }
    memset(bench.request, 'r', sizeof(bench.request));
    int r = bench_syncs(dir);
    if (r == 0)
        r = open_store(&bench, dir, "submits");
    if (r == 0)
        r = bench_submits(&bench, seconds);
    store_close(bench.store);
    bench.store = NULL;
    if (r == 0)
        r = open_store(&bench, dir, "handover");
    if (r == 0)
        r = bench_handover(&bench);
    store_close(bench.store);
    remove_files(dir);
    if (r < 0)
        fprintf(stderr, "store_bench: %s\n", strerror(-r));
    return r < 0;
}
