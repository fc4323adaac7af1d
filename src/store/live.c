/* SPDX-License-Identifier: Apache-2.0 */
/* live.c: the queued and running submissions in memory; see live.h for the rule of `now` and `next`. */
#include "store/live.h"

#include "store/token_hash.h"

enum { LIVE_BUCKETS_MIN = 256 };

void live_init(struct live *live)
{
    *live = (struct live){.bucket_count = LIVE_BUCKETS_MIN};
    live->buckets = xcalloc(live->bucket_count, sizeof(*live->buckets));
    owners_init(&live->owners);
    TAILQ_INIT(&live->running);
    TAILQ_INIT(&live->held);
    STAILQ_INIT(&live->touched);
}

static void drop_events(struct entry *entry)
{
    for (size_t i = 0; i < entry->event_count; i++)
        buf_release(&entry->events[i].data);
    free(entry->events);
    entry->events = NULL;
    entry->event_count = entry->event_room = 0;
}

void entry_free(struct entry *entry)
{
    drop_events(entry);
    free(entry);
}

void live_release(struct live *live)
{
    for (size_t i = 0; i < live->bucket_count; i++) {
        struct entry *entry;
        while ((entry = LIST_FIRST(&live->buckets[i]))) {
            LIST_REMOVE(entry, chain);
            entry_free(entry);
        }
    }
    free(live->buckets);
    owners_release(&live->owners);
    *live = (struct live){0};
}

static struct entry_chain *chain_of(const struct live *live, const char *token)
{
    return &live->buckets[token_hash(token) & (live->bucket_count - 1)];
}

struct entry *live_find(const struct live *live, const char *token)
{
    struct entry *entry;
    LIST_FOREACH(entry, chain_of(live, token), chain)
    if (!strcmp(entry->token, token))
        return entry;
    return NULL;
}

static void grow(struct live *live)
{
    struct entry_chain *old = live->buckets;
    size_t old_count = live->bucket_count;
    live->bucket_count *= 2;
    live->buckets = xcalloc(live->bucket_count, sizeof(*live->buckets));
    for (size_t i = 0; i < old_count; i++) {
        struct entry *entry;
        while ((entry = LIST_FIRST(&old[i]))) {
            LIST_REMOVE(entry, chain);
            LIST_INSERT_HEAD(chain_of(live, entry->token), entry, chain);
        }
    }
    free(old);
}

static void place(struct live *live, struct entry *entry)
{
    if (entry->next.status == STATUS_QUEUED && entry->held) {
        TAILQ_INSERT_TAIL(&live->held, entry, place);
    } else if (entry->next.status == STATUS_QUEUED) {
        owner_insert(&live->owners, entry->owner, entry);
        live->ready_count++;
    } else if (entry->next.status == STATUS_RUNNING) {
        TAILQ_INSERT_TAIL(&live->running, entry, place);
    }
}

static void displace(struct live *live, struct entry *entry)
{
    if (entry->next.status == STATUS_QUEUED && entry->held) {
        TAILQ_REMOVE(&live->held, entry, place);
    } else if (entry->next.status == STATUS_QUEUED) {
        owner_remove(entry->owner, entry);
        live->ready_count--;
    } else if (entry->next.status == STATUS_RUNNING) {
        TAILQ_REMOVE(&live->running, entry, place);
    }
}

static void touch(struct live *live, struct entry *entry)
{
    if (!entry->touched)
        STAILQ_INSERT_TAIL(&live->touched, entry, touch);
    entry->touched = true;
}

struct entry *live_add(struct live *live, const char *token, int64_t id, struct owner *owner, int priority,
                       int64_t created_ms, struct entry_state next)
{
    if (live->count >= live->bucket_count)
        grow(live);
    struct entry *entry = xcalloc(1, sizeof(*entry));
    snprintf(entry->token, sizeof(entry->token), "%s", token);
    entry->id = id;
    entry->owner = owner;
    entry->priority = priority;
    entry->created_ms = created_ms;
    entry->now.status = STATUS_ABSENT;
    entry->next = next;
    LIST_INSERT_HEAD(chain_of(live, entry->token), entry, chain);
    live->count++;
    place(live, entry);
    touch(live, entry);
    return entry;
}

void live_hold(struct live *live, struct entry *entry)
{
    displace(live, entry);
    entry->held = true;
    place(live, entry);
}

void live_unhold(struct live *live)
{
    struct entry *entry;
    while ((entry = TAILQ_FIRST(&live->held))) {
        displace(live, entry);
        entry->held = false;
        place(live, entry);
    }
}

void live_change(struct live *live, struct entry *entry, struct entry_state next)
{
    displace(live, entry);
    entry->next = next;
    place(live, entry);
    touch(live, entry);
}

void entry_add_event(struct entry *entry, enum store_event_kind kind, unsigned index, struct str data)
{
    if (entry->event_count == entry->event_room) {
        entry->event_room = entry->event_room ? 2 * entry->event_room : 8;
        entry->events = xrealloc(entry->events, entry->event_room * sizeof(*entry->events));
    }
    struct store_event *event = &entry->events[entry->event_count++];
    *event = (struct store_event){.kind = kind, .index = index};
    buf_append(&event->data, data.data, data.len);
}

static void count(struct live *live, const struct entry *entry, int by)
{
    if (entry->now.status == STATUS_QUEUED)
        live->waiting += by;
    else if (entry->now.status == STATUS_RUNNING)
        live->running_count += by;
}

bool entry_gone(const struct entry *entry)
{
    return entry->now.status != STATUS_QUEUED && entry->now.status != STATUS_RUNNING;
}

void live_settle(struct live *live, bool committed, struct touched_list *ret)
{
    struct entry *entry;
    STAILQ_FOREACH(entry, &live->touched, touch)
    {
        count(live, entry, -1);
        bool same_claim = entry->next.fence == entry->now.fence;
        if (committed) {
            entry->now = entry->next;
        } else {
            displace(live, entry);
            entry->next = entry->now;
            place(live, entry);
        }
        count(live, entry, 1);
        entry->touched = false;
        entry->fresh_request = NULL;
        if (entry->now.status != STATUS_RUNNING || (committed && !same_claim))
            drop_events(entry); /* the work will be done again, or its result is there */
        if (entry_gone(entry)) {
            LIST_REMOVE(entry, chain);
            live->count--;
            live->finished += committed;
        }
    }
    STAILQ_INIT(ret);
    STAILQ_CONCAT(ret, &live->touched);
}
