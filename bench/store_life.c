/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_life.c: drives a shared store with whole lives of submissions, as an api and its workers would, but for the programs: submit,
 * claim, progress of compiling and of one test case, complete, read once.
 *
 *   store_life URL STORES THREADS SECONDS    URL: redis…, of an empty store
 *                                            STORES: as many as there would be workers, each with THREADS that claim
 *
 * One more store submits and reads, as the api does. There are always two submissions in hand for each thread that claims: enough that
 * none waits for work. Prints one `name value unit` a line. bench/scaling/drive.py watches the server meanwhile.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "store/store.h"

enum {
    STORES_MAX = 64,
    THREADS_MAX = 256,
    AHEAD = 2,
    CLAIM_WAIT_MS = 1000,
    REQUEST_BYTES = 400,
    STEP_BYTES = 100,
    RESULT_BYTES = 600
};

struct life {
    struct store *api;
    struct store *workers[STORES_MAX];
    size_t stores, threads; /* threads: of each store */
    sem_t room;             /* for submissions that are not at their end yet */
    atomic_bool over;
    atomic_long ended;
    atomic_int code; /* the first failure */
};

struct claimer {
    struct life *life;
    struct store *store;
    pthread_t thread;
};

static const char bytes[RESULT_BYTES]; /* what they hold is nothing to the store */

static struct str some(size_t len)
{
    return (struct str){.data = bytes, .len = len};
}

static void fail(struct life *life, int code)
{
    int none = 0;
    atomic_compare_exchange_strong(&life->code, &none, code);
    atomic_store(&life->over, true);
    sem_post(&life->room);
}

static int complete(struct store *store, const struct store_claim *claim)
{
    int r = store_progress(store, claim->token, claim->fence, STORE_EVENT_COMPILE, 0, some(STEP_BYTES));
    if (r == 0)
        r = store_progress(store, claim->token, claim->fence, STORE_EVENT_TEST, 0, some(STEP_BYTES));
    return r < 0 ? r : store_complete(store, claim->token, claim->fence, STATUS_COMPLETED, some(RESULT_BYTES), 0);
}

static void *claim_on(void *argument)
{
    struct claimer *claimer = argument;
    struct life *life = claimer->life;
    while (!atomic_load(&life->over)) {
        struct store_record record;
        struct store_claim claim;
        int r = store_claim(claimer->store, "bench", CLAIM_WAIT_MS, &claim);
        if (r == -EAGAIN || r == -ECANCELED)
            continue;
        if (r == 0) {
            r = complete(claimer->store, &claim);
            buf_release(&claim.request);
        }
        if (r == 0)
            r = store_get(life->api, claim.token, &record);
        if (r < 0) {
            fail(life, r);
            continue;
        }
        store_record_release(&record);
        atomic_fetch_add(&life->ended, 1);
        sem_post(&life->room);
    }
    return NULL;
}

static void submitted(void *context, const struct store_receipt *receipt)
{
    if (receipt->code < 0)
        fail(context, receipt->code);
}

/* Until the time is over, or something failed. */
static void submit_on(struct life *life, int64_t until_ns)
{
    while (clock_monotonic_ns() < until_ns && !atomic_load(&life->over)) {
        struct store_submission submission = {.created_ms = clock_realtime_ms(), .request = some(REQUEST_BYTES)};
        if (sem_wait(&life->room) < 0)
            continue;
        token_new(submission.token);
        store_submit(life->api, &submission, submitted, life);
    }
}

static int run(struct life *life, int64_t seconds)
{
    static struct claimer claimers[STORES_MAX * THREADS_MAX];
    size_t started = 0, wanted = life->stores * life->threads;
    int r = 0;
    for (; started < wanted && r == 0; started += r == 0) {
        struct claimer *claimer = &claimers[started];
        *claimer = (struct claimer){.life = life, .store = life->workers[started % life->stores]};
        r = -pthread_create(&claimer->thread, NULL, claim_on, claimer);
    }
    int64_t start = clock_monotonic_ns();
    if (r == 0)
        submit_on(life, start + seconds * NS_PER_S);
    long ended = atomic_load(&life->ended);
    double elapsed = (double)(clock_monotonic_ns() - start) / NS_PER_S;
    atomic_store(&life->over, true);
    for (size_t i = 0; i < life->stores; i++)
        store_interrupt(life->workers[i]);
    for (size_t i = 0; i < started; i++)
        pthread_join(claimers[i].thread, NULL);
    printf("store_lives_per_second %.1f 1/s\n", (double)ended / elapsed);
    return r < 0 ? r : atomic_load(&life->code);
}

static int open_all(struct life *life, const char *url)
{
    const struct store_config config = {.lease_ms = 60000, .retention_ms = 3600000, .max_depth = 100000000};
    struct error err = ERROR_INIT;
    int r = store_open(url, &config, &life->api, &err);
    for (size_t i = 0; i < life->stores && r == 0; i++)
        r = store_open(url, &config, &life->workers[i], &err);
    if (r < 0)
        fprintf(stderr, "%s\n", err.message);
    return r;
}

static size_t number(const char *text, size_t most)
{
    long value = strtol(text, NULL, 10);
    return value < 1 || (size_t)value > most ? 0 : (size_t)value;
}

int main(int argc, char **argv)
{
    static struct life life;
    size_t seconds = argc == 5 ? number(argv[4], 3600) : 0;
    if (seconds > 0) {
        life.stores = number(argv[2], STORES_MAX);
        life.threads = number(argv[3], THREADS_MAX);
    }
    if (life.stores == 0 || life.threads == 0 || !store_url_shared(argv[1])) {
        fprintf(stderr, "usage: store_life redis://… STORES THREADS SECONDS (at most %d stores of %d threads)\n",
                STORES_MAX, THREADS_MAX);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sem_init(&life.room, 0, (unsigned)(life.stores * life.threads * AHEAD));
    int r = open_all(&life, argv[1]);
    if (r == 0)
        r = run(&life, (int64_t)seconds);
    for (size_t i = 0; i < life.stores; i++)
        store_close(life.workers[i]);
    store_close(life.api);
    if (r < 0)
        fprintf(stderr, "store_life: %s\n", strerror(-r));
    return r < 0;
}
