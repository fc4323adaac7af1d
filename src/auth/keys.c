/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c: who a key belongs to, and how much its owner has spent.
 *
 * A presented key is hashed, and the hash compared with that of every key in the file, to the end and without a branch on what was
 * found: the time says nothing about which key was right or nearly so. Rates are token buckets by name; they outlive the file's reading
 * anew, so that reloading gives nobody a fresh burst.
 */
#include "auth/keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/key_file.h"
#include "base/random.h"

struct bucket {
    char name[KEY_NAME_MAX + 1];
    double tokens;
    int64_t at_ms;
};

struct keys {
    char *path;
    pthread_mutex_t lock; /* over the rest */
    struct key_file file;
    struct bucket *buckets;
    size_t bucket_count;
};

int keys_open(const char *path, struct keys **ret, struct error *err)
{
    struct key_file file;
    int r = key_file_read(path, &file, err);
    if (r < 0) {
        key_file_release(&file);
        return r;
    }
    struct keys *keys = xcalloc(1, sizeof *keys);
    keys->path = xstrdup(path);
    keys->file = file;
    pthread_mutex_init(&keys->lock, NULL);
    *ret = keys;
    return 0;
}

int keys_check_text(const char *label, struct str text, struct error *err)
{
    struct key_file file;
    int r = key_file_parse(label, text, &file, err);
    key_file_release(&file);
    return r;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    key_file_release(&keys->file);
    pthread_mutex_destroy(&keys->lock);
    free(keys->buckets);
    free(keys->path);
    free(keys);
}

int keys_reload(struct keys *keys, struct error *err)
{
    struct key_file file;
    int r = key_file_read(keys->path, &file, err);
    if (r == 0) {
        pthread_mutex_lock(&keys->lock);
        struct key_file old = keys->file;
        keys->file = file;
        pthread_mutex_unlock(&keys->lock);
        file = old;
    }
    key_file_release(&file);
    return r;
}

size_t keys_count(struct keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    size_t count = keys->file.count;
    pthread_mutex_unlock(&keys->lock);
    return count;
}

/* All ones when equal, else 0. */
static size_t equal_mask(const unsigned char a[SHA256_SIZE], const unsigned char b[SHA256_SIZE])
{
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        difference = (unsigned char)(difference | (a[i] ^ b[i]));
    return (size_t)0 - (((size_t)difference - 1) >> (sizeof(size_t) * 8 - 1));
}

bool keys_check(struct keys *keys, struct str key, struct key_grant *ret)
{
    unsigned char digest[SHA256_SIZE];
    size_t found = 0; /* index + 1 */

    sha256_of(key.data, key.len, digest);
    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < keys->file.count; i++)
        found |= (i + 1) & equal_mask(digest, keys->file.entries[i].digest);
    if (found > 0)
        *ret = keys->file.entries[found - 1].grant;
    pthread_mutex_unlock(&keys->lock);
    return found > 0;
}

/* With the lock held; full when it is new. */
static struct bucket *bucket_of(struct keys *keys, const struct key_grant *grant, int64_t now_ms)
{
    for (size_t i = 0; i < keys->bucket_count; i++)
        if (strcmp(keys->buckets[i].name, grant->name) == 0)
            return &keys->buckets[i];
    keys->buckets = xrealloc(keys->buckets, (keys->bucket_count + 1) * sizeof *keys->buckets);
    struct bucket *bucket = &keys->buckets[keys->bucket_count++];
    *bucket = (struct bucket){.tokens = grant->burst, .at_ms = now_ms};
    snprintf(bucket->name, sizeof bucket->name, "%s", grant->name);
    return bucket;
}

int64_t keys_spend(struct keys *keys, const struct key_grant *grant, int64_t now_ms)
{
    int64_t wait_ms = 0;

    if (grant->rate == 0)
        return 0;
    pthread_mutex_lock(&keys->lock);
    struct bucket *bucket = bucket_of(keys, grant, now_ms);
    double gained = (double)(now_ms - bucket->at_ms) * grant->rate / 1000;
    bucket->tokens = MIN(bucket->tokens + MAX(gained, 0.0), grant->burst);
    bucket->at_ms = MAX(bucket->at_ms, now_ms);
    if (bucket->tokens >= 1)
        bucket->tokens -= 1;
    else
        wait_ms = MAX((int64_t)((1 - bucket->tokens) * 1000 / grant->rate), INT64_C(1));
    pthread_mutex_unlock(&keys->lock);
    return wait_ms;
}

char *keys_webhook_secret(struct keys *keys, const char *name)
{
    char *secret = NULL;

    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < keys->file.count && !secret; i++) {
        const struct key_entry *entry = &keys->file.entries[i];
        if (entry->webhook_secret && strcmp(entry->grant.name, name) == 0)
            secret = xstrdup(entry->webhook_secret);
    }
    pthread_mutex_unlock(&keys->lock);
    return secret;
}

void key_new(char out[KEY_TEXT_LEN + 1])
{
    char first[TOKEN_LEN + 1], second[TOKEN_LEN + 1];
    _Static_assert(KEY_TEXT_LEN == 4 + 2 * TOKEN_LEN, "a key is a prefix and two tokens");

    token_new(first);
    token_new(second);
    snprintf(out, KEY_TEXT_LEN + 1, "evx_%s%s", first, second);
}

char *key_line(const char *key, const char *name)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_LEN + 1];

    sha256_of(key, strlen(key), digest);
    hex_encode(digest, sizeof digest, hex);
    return xasprintf("%s %s", hex, name);
}
