/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c: see pool.h. A scheduled exchange is queued as a whole and gives up its thread after each job, so that none starves others. */
#include "http/pool.h"

#include <signal.h>
#include <stdlib.h>

#include "http/exchange.h"

static void push(struct pool *p, struct http_exchange *x)
{
    x->lane.next = NULL;
    if (p->last)
        p->last->lane.next = x;
    else
        p->first = x;
    p->last = x;
    pthread_cond_signal(&p->work);
}

static struct http_exchange *pop(struct pool *p)
{
    struct http_exchange *x = p->first;
    p->first = x->lane.next;
    if (!p->first)
        p->last = NULL;
    return x;
}

static struct job *take_job(struct lane *lane)
{
    struct job *job = lane->first;
    lane->first = job->next;
    if (!lane->first)
        lane->last = NULL;
    return job;
}

static void *pool_main(void *arg)
{
    struct pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->first && !p->stopping)
            pthread_cond_wait(&p->work, &p->lock);
        if (!p->first)
            break;
        struct http_exchange *x = pop(p);
        struct job *job = take_job(&x->lane);
        pthread_mutex_unlock(&p->lock);
        if (!atomic_load(&x->answered))
            job->fn(job->context, x);
        free(job);
        pthread_mutex_lock(&p->lock);
        if (x->lane.first) {
            push(p, x);
            continue;
        }
        x->lane.scheduled = false;
        pthread_mutex_unlock(&p->lock);
        exchange_unref(x);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int pool_start(struct pool *p, unsigned threads)
{
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    p->threads = xcalloc(threads, sizeof *p->threads);
    int r = 0;
    while (r == 0 && p->thread_count < threads) {
        r = -pthread_create(&p->threads[p->thread_count], NULL, pool_main, p);
        if (r == 0)
            p->thread_count++;
    }
    if (r < 0)
        pool_stop(p);
    return r;
}

void pool_stop(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    free(p->threads);
    p->threads = NULL;
}

void pool_submit(struct pool *p, struct http_exchange *x, http_handler_fn *fn, void *context)
{
    if (atomic_load(&x->answered))
        return;
    struct job *job = xmalloc(sizeof *job);
    *job = (struct job){.fn = fn, .context = context};
    pthread_mutex_lock(&p->lock);
    if (p->stopping && !x->lane.scheduled) {
        pthread_mutex_unlock(&p->lock);
        free(job);
        return;
    }
    if (x->lane.last)
        x->lane.last->next = job;
    else
        x->lane.first = job;
    x->lane.last = job;
    if (!x->lane.scheduled) {
        x->lane.scheduled = true;
        exchange_ref(x);
        push(p, x);
    }
    pthread_mutex_unlock(&p->lock);
}
