/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h: the submissions that are queued or running, in memory, beside the file that keeps them: what is next, whose lease
 * is it, what progress has been reported. Requests (up to 16 MiB each) stay in the file.
 *
 * Each entry has two states. `now` is what is committed: what everybody may see. `next` is what the transaction in hand would
 * make of it: decisions within one transaction are taken on it. live_settle makes them one again, either way. The queues (owners.h)
 * and the list of what runs follow `next`.
 *
 * No lock in here: callers hold the owner's. Only the thread that writes the file may change `next`, add or settle.
 */
#ifndef EVALX_STORE_LIVE_H
#define EVALX_STORE_LIVE_H

#include "store/owners.h"

enum { STATUS_ABSENT = STATUS_COUNT }; /* `now` of an entry whose first transaction is still in hand */

struct entry_state {
    int status; /* enum status, or STATUS_ABSENT */
    int attempts;
    uint64_t fence;
    int64_t started_ms;
};

struct entry {
    char token[TOKEN_LEN + 1];
    int64_t id; /* the order of arrival */
    int priority;
    int64_t created_ms;
    struct entry_state now, next;
    unsigned webhook_events; /* as in struct store_submission */
    struct owner *owner;
    int64_t lease_until_ms;
    struct buf *fresh_request; /* the request, while the transaction that stores it is in hand; otherwise NULL */
    struct store_event *events;
    size_t event_count, event_room;
    TAILQ_ENTRY(entry) place; /* in its owner's queue or running, by next.status; or held */
    STAILQ_ENTRY(entry) touch;
    LIST_ENTRY(entry) chain;
    bool touched, held;
};

STAILQ_HEAD(touched_list, entry);
LIST_HEAD(entry_chain, entry);

struct live {
    struct entry_chain *buckets;
    size_t bucket_count, count;
    struct owners owners; /* with those that are ready */
    struct entry_list running;
    struct entry_list held; /* they wait, and are not to be taken yet */
    struct touched_list touched;
    int64_t ready_count;            /* by next */
    int64_t waiting, running_count; /* by now */
    int64_t finished;               /* since live_init */
};

void live_init(struct live *live);
void live_release(struct live *live);

struct entry *live_find(const struct live *live, const char *token);

/* A new entry with `next` as given and nothing committed yet. priority must be in range. */
struct entry *live_add(struct live *live, const char *token, int64_t id, struct owner *owner, int priority,
                       int64_t created_ms, struct entry_state next);
void live_change(struct live *live, struct entry *entry, struct entry_state next);

/* Keeps an entry that waits from being taken, until live_unhold. */
void live_hold(struct live *live, struct entry *entry);
void live_unhold(struct live *live); /* all of them */

void entry_add_event(struct entry *entry, enum store_event_kind kind, unsigned index, struct str data);

/*
 * Ends the transaction in hand: committed or rolled back. Moves the touched entries to *ret. Those that are live no longer
 * (entry_gone) have been taken out: the caller frees them with entry_free when it has told the watchers.
 */
void live_settle(struct live *live, bool committed, struct touched_list *ret);
bool entry_gone(const struct entry *entry);
void entry_free(struct entry *entry);

#endif
