/* SPDX-License-Identifier: Apache-2.0 */
/* redis_store.h: what the files redis*.c share. The theory is at the top of redis.c. */
#ifndef EVALX_STORE_REDIS_STORE_H
#define EVALX_STORE_REDIS_STORE_H

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "store/backend.h"

enum {
    REDIS_ORIGIN_LEN = 16,
    REDIS_WAITERS_MAX = 256, /* callers of a claim at a time that are remembered by their place */
    REDIS_QUICK_MS = 800, /* what a verb that a client waits for may take in all, so that it answers within a second */
    REDIS_PATIENT_MS = 3000, /* likewise a verb of a worker, which keeps what it has and comes again */
    REDIS_SWEEP_MS = 400,    /* between two sweeps of one process, give or take half */
    REDIS_SWEEP_MOST_MS = REDIS_SWEEP_MS + REDIS_SWEEP_MS / 2,
    REDIS_SWEEP_GAP_MS = 1000, /* without any sweep for so long, the server was away, and nobody could renew a lease */
    REDIS_CLOCKS_APART_MS = 1000, /* a process and the server: by less, it may be the time on the way */
    REDIS_OWNER_TURN = 1000000,   /* by so much an owner's tag grows with a claim, divided by its share */
    REDIS_SUBMITTERS = 2,
    REDIS_BYTES_A_MS = 8 << 10, /* what even a slow network and disk take */
    REDIS_ROWS_A_SWEEP = 2000,  /* of the outbox, forgotten in one step */
    REDIS_OWED_AGAIN_MS =
        60000,                /* after so long it is looked again whether what is past its retention may be forgotten */
    REDIS_SUBMIT_FIELDS = 12, /* arguments a submission, see submit.lua */
};

/* ---- redis_url.c ---- */

#define REDIS_QUEUE_DEFAULT "evalx"

struct redis_address {
    char *host; /* or NULL, and path */
    int port;
    char *path; /* of a unix socket */
    char *user, *password;
    int database;
    char *queue; /* the keys' hash tag */
    char *shown; /* for messages: without user and password */
};

/* scheme "redis", "rediss" or "redis+unix"; rest: what follows "scheme:". Messages never hold the password. */
int redis_address_parse(const char *scheme, const char *rest, struct redis_address *ret, struct error *err);
void redis_address_release(struct redis_address *address);

/* ---- redis_args.c: the arguments of one command ---- */

struct redis_arg {
    const char *data; /* NULL: number */
    size_t len;
    char number[24];
};

struct redis_args {
    struct redis_arg *items;
    size_t count, room;
};

void redis_args_release(struct redis_args *args);
void redis_args_str(struct redis_args *args, struct str bytes); /* not copied */
void redis_args_text(struct redis_args *args, const char *text);
void redis_args_int(struct redis_args *args, int64_t number);

/* ---- redis_script.c: the steps that must be atomic ---- */

/* clang-format off */
#define REDIS_SCRIPTS(X) \
    X(submit) X(claim) X(leave) X(renew) X(progress) X(complete) X(annotate) \
    X(release) X(cancel) X(forget) X(sweep) X(get) X(depth) X(outbox_claim) \
    X(outbox_seal) X(outbox_settle) X(outbox_list) X(outbox_resend) X(outbox_depth)
/* clang-format on */

#define REDIS_SCRIPT_ID(name) REDIS_##name,
enum redis_script { REDIS_SCRIPTS(REDIS_SCRIPT_ID) REDIS_SCRIPT_COUNT };
#undef REDIS_SCRIPT_ID

extern const char redis_lua_common[];
#define REDIS_SCRIPT_TEXT(name) extern const char redis_lua_##name[];
REDIS_SCRIPTS(REDIS_SCRIPT_TEXT)
#undef REDIS_SCRIPT_TEXT

enum { REDIS_SHA_LEN = 40 };

struct redis_scripts {
    struct buf texts[REDIS_SCRIPT_COUNT];
    char shas[REDIS_SCRIPT_COUNT][REDIS_SHA_LEN + 1];
};

void redis_scripts_init(struct redis_scripts *scripts);
void redis_scripts_release(struct redis_scripts *scripts);

/* ---- redis_link.c: connections ---- */

struct redis_connection {
    SLIST_ENTRY(redis_connection) link;
    redisContext *context;
    uint64_t generation;     /* of the link when it was made: an older one is not given out again */
    int64_t silent_since_ns; /* a time-out ended it, and since then nothing had come; else 0 */
};
SLIST_HEAD(redis_connections, redis_connection);

struct redis_link {
    const struct redis_address *address;
    struct redis_scripts scripts;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    struct redis_connections idle;
    bool up, stopping;
    uint64_t generation;   /* grows with each loss */
    int64_t down_since_ns; /* when it is not up */
    pthread_t keeper;
};

int redis_link_open(struct redis_link *link, const struct redis_address *address, struct error *err);
void redis_link_close(struct redis_link *link); /* when nobody uses a connection any more */

/* A connection of one's own, logged in and with the database selected. Not from the pool. */
int redis_connect(const struct redis_address *address, int timeout_ms, redisContext **ret, struct error *err);

/* Waits for the link until the deadline, but not through an outage that has lasted for REDIS_QUICK_MS already. -ENOTCONN. */
int redis_link_take(struct redis_link *link, int64_t deadline_ns, struct redis_connection **ret);
void redis_link_give(struct redis_link *link, struct redis_connection *connection);
/* It failed: the link is down, unless it was only given too little time to say anything about the server. */
void redis_link_drop(struct redis_link *link, struct redis_connection *connection);
bool redis_link_up(struct redis_link *link);

/* ---- redis_call.c: commands ---- */

struct redis_store;

/* A reply that says no as -errno: full memory or disk -ENOSPC, read-only or still loading -ENOTCONN, refused -EACCES, … */
int redis_reply_errno(const redisReply *reply);

/* args: without verb, key, origin and retry flag. 0 and a reply to free, or -errno. Sent again after a lost connection. */
int redis_call(struct redis_store *s, enum redis_script script, const struct redis_args *args, int budget_ms,
               redisReply **ret);

/* Likewise, for a script that answers with a code. */
int redis_call_code(struct redis_store *s, enum redis_script script, const struct redis_args *args, int budget_ms);

/* What a verb that takes base_ms may take with so many bytes. */
static inline int redis_budget(int base_ms, size_t bytes)
{
    return base_ms + (int)MIN(bytes / REDIS_BYTES_A_MS, 60000);
}

/* A plain command. */
int redis_plain(struct redis_store *s, int argc, const char **argv, int budget_ms, redisReply **ret);

/* All of them, before the first call. */
int redis_load_scripts(struct redis_store *s, int budget_ms);

static inline void redis_reply_freep(redisReply **reply)
{
    if (*reply)
        freeReplyObject(*reply);
}

/* Element index of an array, as a number or bytes; 0 or empty when it is something else. */
int64_t redis_int_at(const redisReply *reply, size_t index);
struct str redis_bytes_at(const redisReply *reply, size_t index);

/* ---- the store ---- */

struct redis_submit {
    STAILQ_ENTRY(redis_submit) link;
    struct store_submission submission; /* its token, priority, … are used; request and texts are the copies below */
    struct buf request;
    char *key, *owner, *url;
    int64_t deadline_ns;
    int refusal;
    store_submit_fn *done;
    void *context;
};
STAILQ_HEAD(redis_submits, redis_submit);

enum redis_wait { REDIS_WAIT_QUEUE, REDIS_WAIT_OUTBOX, REDIS_WAIT_COUNT };

struct redis_waiters {
    bool places[REDIS_WAITERS_MAX];
    uint64_t received[REDIS_WAITERS_MAX]; /* by place, the last call that got something */
    unsigned asleep, wakes;               /* wakes: calls to wake that nobody has taken */
};

struct redis_store {
    struct store base;
    struct store_config config;
    struct redis_address address;
    char *prefix;                      /* "{queue}" */
    char origin[REDIS_ORIGIN_LEN + 1]; /* names this process to the others */
    struct redis_link link;

    pthread_mutex_t lock; /* everything below */
    pthread_cond_t submitted, woken, stopped;
    struct redis_submits submits;
    size_t submit_bytes;
    struct redis_waiters waiters[REDIS_WAIT_COUNT];
    uint64_t waiter_calls;
    bool interrupted, stopping;
    bool listening; /* changes elsewhere are heard; stays true through an outage */

    pthread_t submitters[REDIS_SUBMITTERS], sweeper, listener;
    int stop_fd; /* eventfd: wakes the listener */
};

static inline struct redis_store *redis_of(struct store *store)
{
    return (struct redis_store *)store;
}

/* redis_check.c: is this server fit to keep things? Sets base.warning when it could keep them better. */
int redis_check(struct redis_store *s, struct error *err);

/* redis_submit.c */
void redis_submit(struct store *store, const struct store_submission *submission, store_submit_fn *done, void *context);
void *redis_submitter_main(void *store);

/*
 * redis_wait.c: one caller of a claim, on its stack. The server keeps for each name the last claim it gave and to which call; when
 * that is not the one received last, its answer was lost, or its command came late, and the next call of that name is given it.
 */
struct redis_waiter {
    enum redis_wait what;
    unsigned place;
    uint64_t call, received;
    char name[REDIS_ORIGIN_LEN + 48];
};
void redis_wait_enter(struct redis_store *s, enum redis_wait what, struct redis_waiter *ret);
void redis_wait_leave(struct redis_store *s, const struct redis_waiter *waiter,
                      int code); /* code: what the call came to */
int redis_wait_sleep(struct redis_store *s, const struct redis_waiter *waiter,
                     int64_t until_ns); /* -EAGAIN: go on; -ECANCELED */
void redis_wake(struct redis_store *s, struct str what);
void redis_wake_all(struct redis_store *s);
bool redis_interrupted(struct redis_store *s);
void redis_interrupt(struct store *store);

/* redis_queue.c */
int redis_claim(struct store *store, const char *worker, int timeout_ms, struct store_claim *ret);
int redis_renew(struct store *store, const char *token, uint64_t fence);
int redis_progress(struct store *store, const char *token, uint64_t fence, enum store_event_kind kind, unsigned index,
                   struct str data);
int redis_complete(struct store *store, const char *token, uint64_t fence, enum status status, struct str result,
                   int64_t hold_ms);
int redis_annotate(struct store *store, const char *token, struct str notes, bool last);
int redis_release(struct store *store, const char *token, uint64_t fence);
int redis_cancel(struct store *store, const char *token);
int redis_forget(struct store *store, const char *token);

/* redis_read.c */
int redis_get(struct store *store, const char *token, struct store_record *ret);
int redis_status(struct store *store, const char *token, enum status *ret);
int redis_depth(struct store *store, struct store_depth *ret);
int redis_ping(struct store *store);

/* redis_outbox.c */
int redis_outbox_claim(struct store *store, const char *dispatcher, int64_t lease_ms, int timeout_ms, size_t max,
                       struct store_delivery *ret, size_t *ret_count);
int redis_outbox_seal(struct store *store, const struct delivery_key *key, uint64_t fence, struct str body,
                      struct buf *ret_body);
int redis_outbox_settle(struct store *store, const struct delivery_key *key, uint64_t fence,
                        const struct store_settlement *settlement);
int redis_outbox_list(struct store *store, enum store_delivery_status status, const char *after, size_t max,
                      struct store_owed *ret, size_t *ret_count);
int redis_outbox_resend(struct store *store, const char *token);
int redis_outbox_depth(struct store *store, struct store_outbox_depth *ret);
void redis_delivery_state(const redisReply *list, size_t first,
                          struct store_delivery_state *ret); /* of row_state, common.lua */

/* redis_sweep.c */
int64_t redis_lease(
    const struct redis_store *s); /* what the server is told, in ms: somebody else has it within config.lease_ms */
int redis_sweep(struct store *store, int64_t now_ms);
void *redis_sweeper_main(void *store);

/* redis_listen.c */
void *redis_listener_main(void *store);

#endif
