/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h: the handler threads. Jobs of one exchange run one after the other, in the order given, never two at a time; jobs of
 * different exchanges run side by side. A job whose exchange has been answered meanwhile is dropped.
 */
#ifndef EVALX_HTTP_POOL_H
#define EVALX_HTTP_POOL_H

#include <pthread.h>
#include <stdbool.h>

#include "http/http.h"

struct job {
    struct job *next;
    http_handler_fn *fn;
    void *context;
};

/* An exchange's place in the pool; guarded by the pool's lock. */
struct lane {
    struct job *first, *last;
    bool scheduled; /* waiting for a thread, or on one */
    struct http_exchange *next;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct http_exchange *first, *last; /* scheduled exchanges */
    pthread_t *threads;
    unsigned thread_count;
    bool stopping;
};

int pool_start(struct pool *p, unsigned threads);

/* Runs what is still queued and ends the threads. Later jobs are dropped. */
void pool_stop(struct pool *p);

void pool_submit(struct pool *p, struct http_exchange *exchange, http_handler_fn *fn, void *context);

#endif
