/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c: token -> watchers. A fixed number of buckets, each a list under a lock of its own.
 *
 * A watcher is called with its bucket locked. That is what makes watch_remove a barrier: once it has the lock, no call is
 * running, and once the watcher is off the list, none will come.
 */
#include "store/watch.h"

#include <pthread.h>
#include <sys/queue.h>

#include "store/token_hash.h"

enum { WATCH_BUCKETS = 1024 };

struct store_watch {
    LIST_ENTRY(store_watch) link;
    char token[TOKEN_LEN + 1];
    store_watch_fn *changed;
    void *context;
};

struct bucket {
    pthread_mutex_t lock;
    LIST_HEAD(, store_watch) watches;
};

struct watch_table {
    struct bucket buckets[WATCH_BUCKETS];
};

struct watch_table *watch_table_new(void)
{
    struct watch_table *table = xcalloc(1, sizeof(*table));
    for (size_t i = 0; i < WATCH_BUCKETS; i++) {
        pthread_mutex_init(&table->buckets[i].lock, NULL);
        LIST_INIT(&table->buckets[i].watches);
    }
    return table;
}

void watch_table_free(struct watch_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < WATCH_BUCKETS; i++) {
        struct bucket *bucket = &table->buckets[i];
        struct store_watch *watch;
        while ((watch = LIST_FIRST(&bucket->watches))) {
            LIST_REMOVE(watch, link);
            free(watch);
        }
        pthread_mutex_destroy(&bucket->lock);
    }
    free(table);
}

static struct bucket *bucket_of(struct watch_table *table, const char *token)
{
    return &table->buckets[token_hash(token) % WATCH_BUCKETS];
}

struct store_watch *watch_add(struct watch_table *table, const char *token, store_watch_fn *changed, void *context)
{
    struct store_watch *watch = xcalloc(1, sizeof(*watch));
    watch->changed = changed;
    watch->context = context;
    snprintf(watch->token, sizeof(watch->token), "%s", token);
    struct bucket *bucket = bucket_of(table, watch->token);
    pthread_mutex_lock(&bucket->lock);
    LIST_INSERT_HEAD(&bucket->watches, watch, link);
    pthread_mutex_unlock(&bucket->lock);
    return watch;
}

void watch_remove(struct watch_table *table, struct store_watch *watch)
{
    struct bucket *bucket = bucket_of(table, watch->token);
    pthread_mutex_lock(&bucket->lock);
    LIST_REMOVE(watch, link);
    pthread_mutex_unlock(&bucket->lock);
    free(watch);
}

void watch_notify(struct watch_table *table, const char *token)
{
    struct bucket *bucket = bucket_of(table, token);
    pthread_mutex_lock(&bucket->lock);
    struct store_watch *watch;
    LIST_FOREACH(watch, &bucket->watches, link)
    if (!strcmp(watch->token, token))
        watch->changed(watch->context, watch->token);
    pthread_mutex_unlock(&bucket->lock);
}

void watch_notify_all(struct watch_table *table)
{
    for (size_t i = 0; i < WATCH_BUCKETS; i++) {
        struct bucket *bucket = &table->buckets[i];
        pthread_mutex_lock(&bucket->lock);
        struct store_watch *watch;
        LIST_FOREACH(watch, &bucket->watches, link)
        watch->changed(watch->context, watch->token);
        pthread_mutex_unlock(&bucket->lock);
    }
}
