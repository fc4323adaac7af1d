/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h: who wants to hear of changes to which token. Shared by all backends; thread-safe. */
#ifndef EVALX_STORE_WATCH_H
#define EVALX_STORE_WATCH_H

#include "store/store.h"

struct watch_table;

struct watch_table *watch_table_new(void);
void watch_table_free(struct watch_table *table); /* NULL is fine; forgets watchers that are left */

struct store_watch *watch_add(struct watch_table *table, const char *token, store_watch_fn *changed, void *context);

/* Waits for a call of changed that is under way, so it must not be called from changed, nor with a lock that changed takes. */
void watch_remove(struct watch_table *table, struct store_watch *watch);

/* Calls every watcher of token, in this thread. Hold no lock of the backend: a watcher may be waiting for one elsewhere. */
void watch_notify(struct watch_table *table, const char *token);
void watch_notify_all(struct watch_table *table); /* any token may have changed */

#endif
