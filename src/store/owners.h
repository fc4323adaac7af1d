/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owners.h: what waits, by owner (name of an API key; "" for none), and whose turn it is. Part of live.h; no lock in here either.
 *
 * Each owner has a queue of its own, in the order of STORE_AGEING_MS, and a tag that grows by a turn, divided by the owner's share, with
 * each submission that is taken. The next one is the first of the owner with the smallest tag. Who had nothing waiting starts at
 * the tag that was served last, so that turns are not saved up. With one owner only, that is just its queue.
 */
#ifndef EVALX_STORE_OWNERS_H
#define EVALX_STORE_OWNERS_H

#include <stdint.h>
#include <sys/queue.h>

#include "model/submission.h"
#include "store/store.h"

enum { OWNER_PRIORITIES = 2 * SUBMISSION_PRIORITY_MAX + 1, OWNER_TURN = 1000000 };

struct entry;
TAILQ_HEAD(entry_list, entry);

struct owner {
    TAILQ_ENTRY(owner) link;
    char *name;
    unsigned share;
    int64_t tag;
    int64_t ready_count;
    struct entry_list ready[OWNER_PRIORITIES]; /* by priority, each in order of creation, then of id */
};

struct owners {
    TAILQ_HEAD(owner_list, owner) list; /* as many as there are keys: looked through, and never shortened */
    int64_t served;                     /* the tag that was last served */
};

void owners_init(struct owners *owners);
void owners_release(struct owners *owners);

/* The owner of that name, made when it is new. NULL is "". */
struct owner *owners_get(struct owners *owners, const char *name);

void owner_insert(struct owners *owners, struct owner *owner, struct entry *entry);
void owner_remove(struct owner *owner, struct entry *entry);

/* The next one to be taken; NULL when none waits. */
struct entry *owners_first(const struct owners *owners);
int64_t owners_oldest_ms(const struct owners *owners); /* creation time of the oldest waiting one; 0 when none waits */

/* One of owner's is taken: its turn is over. */
void owners_served(struct owners *owners, struct owner *owner);

#endif
