/* SPDX-License-Identifier: Apache-2.0 */
/* owners.c: see owners.h. */
#include "store/owners.h"

#include "store/live.h"

void owners_init(struct owners *owners)
{
    owners->served = 0;
    TAILQ_INIT(&owners->list);
}

void owners_release(struct owners *owners)
{
    struct owner *owner;

    while ((owner = TAILQ_FIRST(&owners->list))) {
        TAILQ_REMOVE(&owners->list, owner, link);
        free(owner->name);
        free(owner);
    }
}

struct owner *owners_get(struct owners *owners, const char *name)
{
    struct owner *owner;

    TAILQ_FOREACH(owner, &owners->list, link)
    if (strcmp(owner->name, name ? name : "") == 0)
        return owner;
    owner = xcalloc(1, sizeof(*owner));
    owner->name = xstrdup(name ? name : "");
    owner->share = 1;
    for (size_t i = 0; i < OWNER_PRIORITIES; i++)
        TAILQ_INIT(&owner->ready[i]);
    TAILQ_INSERT_TAIL(&owners->list, owner, link);
    return owner;
}

static struct entry_list *list_of(struct owner *owner, const struct entry *entry)
{
    return &owner->ready[entry->priority + SUBMISSION_PRIORITY_MAX];
}

static bool came_before(const struct entry *a, const struct entry *b)
{
    return a->created_ms != b->created_ms ? a->created_ms < b->created_ms : a->id < b->id;
}

/* At its place: nearly always close to the end (new) or to the front (queued again), so it is looked for from both. */
void owner_insert(struct owners *owners, struct owner *owner, struct entry *entry)
{
    struct entry_list *list = list_of(owner, entry);
    struct entry *front = TAILQ_FIRST(list), *back = TAILQ_LAST(list, entry_list);
    if (owner->ready_count++ == 0 && owner->tag < owners->served)
        owner->tag = owners->served;
    while (back && came_before(entry, back) && !came_before(entry, front)) {
        front = TAILQ_NEXT(front, place);
        back = TAILQ_PREV(back, entry_list, place);
    }
    if (!back || !came_before(entry, back)) {
        if (back)
            TAILQ_INSERT_AFTER(list, back, entry, place);
        else
            TAILQ_INSERT_TAIL(list, entry, place);
    } else {
        TAILQ_INSERT_BEFORE(front, entry, place);
    }
}

void owner_remove(struct owner *owner, struct entry *entry)
{
    TAILQ_REMOVE(list_of(owner, entry), entry, place);
    owner->ready_count--;
}

static int64_t rank_of(const struct entry *entry)
{
    return entry->created_ms - (int64_t)entry->priority * STORE_AGEING_MS;
}

static struct entry *first_of(const struct owner *owner)
{
    struct entry *first = NULL;
    for (size_t i = 0; i < OWNER_PRIORITIES; i++) {
        struct entry *head = TAILQ_FIRST(&owner->ready[i]);
        if (!head)
            continue;
        int64_t ahead = first ? rank_of(first) - rank_of(head) : 1;
        if (ahead > 0 || (ahead == 0 && head->id < first->id))
            first = head;
    }
    return first;
}

struct entry *owners_first(const struct owners *owners)
{
    const struct owner *owner, *next = NULL;
    TAILQ_FOREACH(owner, &owners->list, link)
    if (owner->ready_count > 0 && (!next || owner->tag < next->tag))
        next = owner;
    return next ? first_of(next) : NULL;
}

int64_t owners_oldest_ms(const struct owners *owners)
{
    int64_t oldest = 0;
    const struct owner *owner;
    TAILQ_FOREACH(owner, &owners->list, link)
    for (size_t i = 0; owner->ready_count > 0 && i < OWNER_PRIORITIES; i++) {
        const struct entry *first = TAILQ_FIRST(&owner->ready[i]);
        if (first && (oldest == 0 || first->created_ms < oldest))
            oldest = first->created_ms;
    }
    return oldest;
}

void owners_served(struct owners *owners, struct owner *owner)
{
    owners->served = MAX(owners->served, owner->tag);
    owner->tag += OWNER_TURN / (int64_t)owner->share;
}
