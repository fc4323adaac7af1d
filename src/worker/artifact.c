/* SPDX-License-Identifier: Apache-2.0 */
/*
 * artifact.c: the artifact cache: which artifacts there are, who uses them, which go first.
 *
 * There is a small entry for each artifact, in a hash table and, while nobody holds it, in a list by last use. What is heavy
 * (descriptors, compile result) exists only while an artifact is held or made: struct holding of artifact_disk.h, which has
 * the theory of what lies on disk.
 *
 * An entry is BUSY while one thread loads or makes it; that thread alone touches its holding, without the lock. Everybody else
 * is told -EAGAIN. So no disk is waited for under the lock.
 *
 * The first use of an artifact that this process did not make itself compares its content with its digest.
 */
#include "worker/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/fd.h"
#include "worker/artifact_disk.h"

enum { BUCKETS = 4096 };

struct artifact {
    LIST_ENTRY(artifact) in_bucket;
    TAILQ_ENTRY(artifact) in_unused; /* while whole and not held */
    char key[SHA256_HEX_LEN + 1];
    enum { BUSY, WHOLE } state;
    bool verified; /* its content is known to be what meta says */
    unsigned holders;
    int64_t kb;
    struct holding *holding;
};

LIST_HEAD(bucket, artifact);
TAILQ_HEAD(unused_list, artifact);

struct artifact_cache {
    struct artifact_folder folder;
    int64_t limit_kb;
    pthread_mutex_t lock; /* over everything below */
    int64_t used_kb;
    struct unused_list unused; /* least recently used first */
    struct bucket buckets[BUCKETS];
};

/* ---- the table; with the lock held ---- */

static struct bucket *bucket_of(struct artifact_cache *cache, const char *key)
{
    unsigned hash = 0;
    for (size_t i = 0; i < 8 && key[i]; i++) /* keys are uniform already */
        hash = hash * 31 + (unsigned char)key[i];
    return &cache->buckets[hash % BUCKETS];
}

static struct artifact *find(struct artifact_cache *cache, const char *key)
{
    struct artifact *artifact;

    LIST_FOREACH(artifact, bucket_of(cache, key), in_bucket)
    if (strcmp(artifact->key, key) == 0)
        return artifact;
    return NULL;
}

static void account(struct artifact_cache *cache, struct artifact *artifact, int64_t kb)
{
    cache->used_kb += kb - artifact->kb;
    artifact->kb = kb;
}

static struct artifact *add(struct artifact_cache *cache, const char *key)
{
    struct artifact *artifact = xcalloc(1, sizeof(*artifact));

    snprintf(artifact->key, sizeof(artifact->key), "%s", key);
    LIST_INSERT_HEAD(bucket_of(cache, key), artifact, in_bucket);
    return artifact;
}

/* Out of the table; the caller frees. */
static void take_out(struct artifact_cache *cache, struct artifact *artifact)
{
    account(cache, artifact, 0);
    LIST_REMOVE(artifact, in_bucket);
}

/* ---- eviction ---- */

/* Takes the least recently used ones out of the table until the rest fits, then removes them from disk. */
static void evict(struct artifact_cache *cache)
{
    struct unused_list victims = TAILQ_HEAD_INITIALIZER(victims);
    struct artifact *artifact;

    pthread_mutex_lock(&cache->lock);
    while (cache->used_kb > cache->limit_kb && (artifact = TAILQ_FIRST(&cache->unused))) {
        TAILQ_REMOVE(&cache->unused, artifact, in_unused);
        take_out(cache, artifact);
        TAILQ_INSERT_TAIL(&victims, artifact, in_unused);
    }
    pthread_mutex_unlock(&cache->lock);
    while ((artifact = TAILQ_FIRST(&victims))) {
        TAILQ_REMOVE(&victims, artifact, in_unused);
        artifact_discard(&cache->folder, artifact->key);
        free(artifact);
    }
}

/* ---- opening and closing ---- */

static void list_found(struct artifact_cache *cache, const struct artifact_found *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct artifact *artifact = add(cache, found[i].key);
        artifact->state = WHOLE;
        account(cache, artifact, found[i].kb);
        TAILQ_INSERT_TAIL(&cache->unused, artifact, in_unused);
    }
}

int artifact_cache_open(const char *folder, int64_t limit_kb, struct artifact_cache **ret, struct error *err)
{
    _cleanup_(freep) struct artifact_found *found = NULL;
    _cleanup_(fd_closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t count = 0;

    if (fd < 0)
        return error_errno(err, -errno, "artifact folder %s", folder);
    struct artifact_cache *cache = xcalloc(1, sizeof(*cache));
    cache->folder.fd = fd_steal(&fd);
    cache->limit_kb = limit_kb;
    pthread_mutex_init(&cache->lock, NULL);
    TAILQ_INIT(&cache->unused);
    int r = artifact_scan(&cache->folder, &found, &count);
    if (r < 0) {
        artifact_cache_close(cache);
        return error_errno(err, r, "reading the artifact folder %s", folder);
    }
    list_found(cache, found, count);
    evict(cache);
    *ret = cache;
    return 0;
}

void artifact_cache_close(struct artifact_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct artifact *artifact = LIST_FIRST(&cache->buckets[i]), *next; artifact; artifact = next) {
            next = LIST_NEXT(artifact, in_bucket);
            free(artifact);
        }
    }
    pthread_mutex_destroy(&cache->lock);
    fd_closep(&cache->folder.fd);
    free(cache);
}

/* ---- acquiring ---- */

/* The entry becomes whole, with this holding, held by one. */
static void now_whole(struct artifact_cache *cache, struct artifact *artifact, struct holding *holding)
{
    pthread_mutex_lock(&cache->lock);
    artifact->holding = holding;
    artifact->state = WHOLE;
    artifact->verified = true;
    artifact->holders = 1;
    account(cache, artifact, holding->kb);
    pthread_mutex_unlock(&cache->lock);
    evict(cache);
}

enum claim { CLAIM_HELD, CLAIM_BUSY, CLAIM_MINE };

/* Held already: one holder more. Otherwise the entry becomes ours to load or make, unless it is somebody else's. */
static enum claim claim(struct artifact_cache *cache, const char *key, struct artifact **ret)
{
    enum claim what = CLAIM_MINE;

    pthread_mutex_lock(&cache->lock);
    struct artifact *artifact = find(cache, key);
    if (!artifact) {
        artifact = add(cache, key);
    } else if (artifact->state == BUSY) {
        what = CLAIM_BUSY;
    } else if (artifact->holders > 0) {
        artifact->holders++;
        what = CLAIM_HELD;
    } else {
        TAILQ_REMOVE(&cache->unused, artifact, in_unused);
        artifact->state = BUSY;
    }
    pthread_mutex_unlock(&cache->lock);
    *ret = artifact;
    return what;
}

int artifact_acquire(struct artifact_cache *cache, const char *key, struct artifact **ret)
{
    struct artifact *artifact = NULL;
    struct holding *holding = NULL;
    enum claim what = claim(cache, key, &artifact);

    if (what == CLAIM_BUSY)
        return -EAGAIN;
    if (what == CLAIM_MINE) {
        int r = holding_load(&cache->folder, key, artifact->verified, &holding);
        if (r < 0 && r != -ENOENT)
            artifact_discard(&cache->folder, key); /* damaged: to be made anew */
        if (r < 0)
            return -ENOENT;
        now_whole(cache, artifact, holding);
    }
    *ret = artifact;
    return 0;
}

void artifact_release(struct artifact_cache *cache, struct artifact *artifact)
{
    struct holding *holding = NULL;

    pthread_mutex_lock(&cache->lock);
    if (--artifact->holders == 0) {
        holding = STEAL(artifact->holding);
        TAILQ_INSERT_TAIL(&cache->unused, artifact, in_unused);
    }
    pthread_mutex_unlock(&cache->lock);
    if (!holding)
        return;
    holding_free(holding);
    evict(cache);
}

int artifact_dirfd(const struct artifact *artifact)
{
    return artifact->holding->files;
}

const struct compile_result *artifact_compile(const struct artifact *artifact)
{
    return &artifact->holding->compile;
}

/* ---- making ---- */

/* The entry whose making is the caller's; NULL when he never got it. */
static struct artifact *in_making(struct artifact_cache *cache, const char *key)
{
    pthread_mutex_lock(&cache->lock);
    struct artifact *artifact = find(cache, key);
    if (artifact && artifact->state != BUSY)
        artifact = NULL;
    pthread_mutex_unlock(&cache->lock);
    return artifact;
}

int artifact_begin(struct artifact_cache *cache, const char *key, int *ret_files, int *ret_sources, struct error *err)
{
    struct artifact *artifact = in_making(cache, key);

    if (!artifact || artifact->holding)
        return error_set(err, -EINVAL, "this artifact is not being made");
    int r = holding_make(&cache->folder, &artifact->holding);
    if (r < 0)
        return error_errno(err, r, "making a folder for an artifact");
    *ret_files = artifact->holding->files;
    *ret_sources = artifact->holding->sources;
    return 0;
}

int artifact_commit(struct artifact_cache *cache, const char *key, const struct compile_result *compile,
                    struct artifact **ret, struct error *err)
{
    struct artifact *artifact = in_making(cache, key);

    if (!artifact || !artifact->holding)
        return error_set(err, -EINVAL, "this artifact is not being made");
    int r = holding_publish(&cache->folder, key, compile, &artifact->holding);
    if (r < 0)
        return error_errno(err, r, "keeping an artifact");
    now_whole(cache, artifact, artifact->holding);
    *ret = artifact;
    return 0;
}

void artifact_abandon(struct artifact_cache *cache, const char *key)
{
    struct artifact *artifact = in_making(cache, key);

    if (!artifact)
        return;
    if (artifact->holding)
        holding_discard(&cache->folder, artifact->holding);
    pthread_mutex_lock(&cache->lock);
    take_out(cache, artifact);
    pthread_mutex_unlock(&cache->lock);
    free(artifact);
}
