/* SPDX-License-Identifier: Apache-2.0 */
/* found.c: see found.h. */
#include "worker/found.h"

#include <stdint.h>
#include <string.h>

struct entry {
    char key[SHA256_HEX_LEN + 1]; /* empty: free */
    uint64_t used;
    struct hint_list hints;
};

struct found {
    uint64_t clock;
    struct entry entries[FOUND_MAX];
};

struct found *found_new(void)
{
    return xcalloc(1, sizeof(struct found));
}

void found_free(struct found *found)
{
    for (size_t i = 0; i < FOUND_MAX; i++)
        hint_list_release(&found->entries[i].hints);
    free(found);
}

static struct entry *find(struct found *found, const char *key)
{
    for (size_t i = 0; i < FOUND_MAX; i++)
        if (strcmp(found->entries[i].key, key) == 0)
            return &found->entries[i];
    return NULL;
}

static void copy(const struct hint_list *from, struct hint_list *to)
{
    for (size_t i = 0; i < from->count; i++)
        hint_list_copy(to, &from->items[i]);
}

bool found_get(struct found *found, const char key[SHA256_HEX_LEN + 1], struct hint_list *ret)
{
    struct entry *entry = find(found, key);
    if (!entry)
        return false;
    entry->used = ++found->clock;
    copy(&entry->hints, ret);
    return true;
}

void found_put(struct found *found, const char key[SHA256_HEX_LEN + 1], const struct hint_list *hints)
{
    struct entry *entry = find(found, key), *oldest = &found->entries[0];

    for (size_t i = 0; !entry && i < FOUND_MAX; i++)
        if (found->entries[i].used < oldest->used)
            oldest = &found->entries[i];
    if (!entry)
        entry = oldest;
    hint_list_release(&entry->hints);
    memcpy(entry->key, key, sizeof(entry->key));
    entry->used = ++found->clock;
    copy(hints, &entry->hints);
}
