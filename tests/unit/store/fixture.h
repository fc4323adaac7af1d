/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h: a store on a fresh temporary folder, and verbs that tests want short. Every helper asserts what it says. */
#ifndef EVALX_TESTS_STORE_FIXTURE_H
#define EVALX_TESTS_STORE_FIXTURE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server.h"
#include "store/store.h"

enum { LEASE_MS = 30000, RETENTION_MS = 3600000, WAIT_MS = 20000 /* until something that must come is given up */ };

struct fixture {
    char dir[64];
    char url[128];
    struct store_config config;
    struct store *store;
    bool shared; /* the store is a server: it outlives who opens it, and so do the leases */
    struct redis_server server;
};

/* url_format has one %s for the folder. For redis…: it starts a server there first. */
void fixture_open(struct fixture *f, const char *url_format);
void fixture_reopen(struct fixture *f, const struct store_config *config); /* close, open; NULL: as before */
void fixture_close(struct fixture *f);                                     /* and removes the folder */
void remove_folder(const char *dir);                                       /* and what is in it */

struct store_submission submission_of(const char *request);

/* Submits and waits for the receipt; usable from any thread. */
struct store_receipt submit_wait(struct store *store, const struct store_submission *submission);

void put(struct store *store, const char *request, char token[TOKEN_LEN + 1]);
void put_priority(struct store *store, const char *request, int priority, char token[TOKEN_LEN + 1]);
struct store_claim take(struct store *store); /* the next one; its request is to be released */
void take_expect(struct store *store, const char *request, int attempt, struct store_claim *ret);
void finish(struct store *store, const struct store_claim *claim, const char *result); /* completes it */
int64_t later(int64_t ms); /* realtime from now, for store_sweep */
void assert_nothing_waits(struct store *store);
void assert_status(struct store *store, const char *token, enum status status);
void assert_depth(struct store *store, int64_t waiting, int64_t running);

/* Waits until *value >= least, without sleeping: it is changed under lock with cond signalled. */
struct counter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    long value;
};
#define COUNTER_INIT                                                        \
    {                                                                       \
        .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER \
    }
void counter_add(struct counter *counter, long by);
long counter_get(struct counter *counter);
bool counter_await(struct counter *counter, long least); /* false after WAIT_MS */

#endif
