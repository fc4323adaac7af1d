/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_store.h: what the files sqlite*.c share. The theory is at the top of sqlite.c. */
#ifndef EVALX_STORE_SQLITE_STORE_H
#define EVALX_STORE_SQLITE_STORE_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/queue.h>

#include "store/backend.h"
#include "store/live.h"

struct sqlite_store;

/* Statements of the writer's connection. */
#define STATEMENTS(X)                                                                                                  \
    X(SQL_BEGIN, "BEGIN IMMEDIATE")                                                                                    \
    X(SQL_COMMIT, "COMMIT")                                                                                            \
    X(SQL_ROLLBACK, "ROLLBACK")                                                                                        \
    X(SQL_ADD, "INSERT INTO submissions(id, token, status, priority, created_ms, idempotency_key, body_digest,"        \
               " owner, webhook_url, webhook_events, share) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")     \
    X(SQL_ADD_REQUEST, "INSERT INTO requests(id, body) VALUES(?1, ?2)")                                                \
    X(SQL_ADD_RESULT, "INSERT INTO results(id, body) VALUES(?1, ?2)")                                                  \
    X(SQL_BY_KEY, "SELECT token, status, created_ms, body_digest FROM submissions WHERE idempotency_key = ?1")         \
    X(SQL_BY_TOKEN, "SELECT id, status FROM submissions WHERE token = ?1")                                             \
    X(SQL_MOVE, "UPDATE submissions SET status = ?2, attempts = ?3, fence = ?4, started_ms = ?5, worker = ?6"          \
                " WHERE id = ?1")                                                                                      \
    X(SQL_FINISH, "UPDATE submissions SET status = ?2, finished_ms = ?3, message = ?4 WHERE id = ?1")                  \
    X(SQL_EXPIRED, "SELECT id, token FROM submissions WHERE finished_ms > 0 AND finished_ms <= ?1"                     \
                   " AND NOT EXISTS(SELECT 1 FROM outbox WHERE submission = submissions.id AND state = 0)"             \
                   " ORDER BY finished_ms LIMIT ?2")                                                                   \
    X(SQL_DROP, "DELETE FROM submissions WHERE id = ?1")                                                               \
    X(SQL_DROP_REQUEST, "DELETE FROM requests WHERE id = ?1")                                                          \
    X(SQL_DROP_RESULT, "DELETE FROM results WHERE id = ?1")                                                            \
    X(SQL_DROP_NOTES, "DELETE FROM notes WHERE id = ?1")                                                               \
    X(SQL_DROP_OUTBOX_DATA, "DELETE FROM outbox_data WHERE id IN (SELECT id FROM outbox WHERE submission = ?1)")       \
    X(SQL_DROP_OUTBOX_BODIES, "DELETE FROM outbox_bodies WHERE id IN (SELECT id FROM outbox WHERE submission = ?1)")   \
    X(SQL_DROP_OUTBOX, "DELETE FROM outbox WHERE submission = ?1")                                                     \
    X(SQL_NOTE, "INSERT OR REPLACE INTO notes(id, body) VALUES(?1, ?2)")                                               \
    X(SQL_OWE, "INSERT OR IGNORE INTO outbox(submission, kind, position, created_ms, ready_ms, due_ms)"                \
               " SELECT ?1, ?2, ?3, ?4, ?5, CASE WHEN EXISTS(SELECT 1 FROM outbox WHERE submission = ?1"               \
               " AND state = 0) THEN ?6 ELSE ?5 END")                                                                  \
    X(SQL_OWE_DATA, "INSERT INTO outbox_data(id, body) VALUES(?1, ?2)")                                                \
    X(SQL_DUE, "SELECT o.id, o.kind, o.position, o.attempts, o.fence, o.created_ms, s.token, s.webhook_url, s.owner,"  \
               " d.body, b.body FROM outbox o JOIN submissions s ON s.id = o.submission"                               \
               " LEFT JOIN outbox_bodies b ON b.id = o.id LEFT JOIN outbox_data d ON d.id = o.id"                      \
               " WHERE o.state = 0 AND o.due_ms <= ?1 ORDER BY o.due_ms LIMIT ?2")                                     \
    X(SQL_NEXT_DUE, "SELECT min(due_ms) FROM outbox WHERE state = 0")                                                  \
    X(SQL_TAKE, "UPDATE outbox SET attempts = attempts + 1, fence = fence + 1, due_ms = ?2, claimed_by = ?3"           \
                " WHERE id = ?1")                                                                                      \
    X(SQL_OWED, "SELECT o.id, o.submission FROM outbox o JOIN submissions s ON s.id = o.submission"                    \
                " WHERE s.token = ?1 AND o.kind = ?2 AND o.position = ?3 AND o.fence = ?4"                             \
                " AND o.claimed_by IS NOT NULL")                                                                       \
    X(SQL_SEALED, "SELECT body FROM outbox_bodies WHERE id = ?1")                                                      \
    X(SQL_SEAL, "INSERT INTO outbox_bodies(id, body) VALUES(?1, ?2)")                                                  \
    X(SQL_SPENT, "DELETE FROM outbox_data WHERE id = ?1")                                                              \
    X(SQL_SETTLE, "UPDATE outbox SET state = ?2, due_ms = ?3, settled_ms = ?4, last_status = ?5, last_error = ?6,"     \
                  " claimed_by = NULL WHERE id = ?1")                                                                  \
    X(SQL_HOLD, "UPDATE outbox SET due_ms = ?2, attempts = attempts - 1, claimed_by = NULL WHERE id = ?1")             \
    X(SQL_NEXT_UP, "UPDATE outbox SET due_ms = max(ready_ms, ?2) WHERE id = (SELECT id FROM outbox"                    \
                   " WHERE submission = ?1 AND state = 0 ORDER BY id LIMIT 1)")                                        \
    X(SQL_UNHOLD, "UPDATE outbox SET ready_ms = 0, due_ms = CASE WHEN due_ms = ready_ms AND claimed_by IS NULL"        \
                  " THEN min(due_ms, ?2) ELSE due_ms END WHERE submission = ?1 AND kind = ?3 AND state = 0")           \
    X(SQL_PENDING, "SELECT 1 FROM outbox WHERE submission = ?1 AND state = 0")                                         \
    X(SQL_RESEND, "UPDATE outbox SET state = 0, attempts = 0, settled_ms = 0, ready_ms = 0, due_ms = ?3"               \
                  " WHERE submission = ?1 AND state = ?2")                                                             \
    X(SQL_RECOVER_OWE, "INSERT OR IGNORE INTO outbox(submission, kind, position, created_ms, ready_ms, due_ms)"        \
                       " SELECT id, ?1, 0, ?2, ?2, CASE WHEN EXISTS(SELECT 1 FROM outbox WHERE"                        \
                       " submission = submissions.id AND state = 0) THEN ?3 ELSE ?2 END FROM submissions"              \
                       " WHERE finished_ms = 0 AND status = ?4 AND attempts >= ?5 AND webhook_events & ?6")            \
    X(SQL_RECOVER_OWED, "UPDATE outbox SET due_ms = ?1, claimed_by = NULL, attempts = attempts - (attempts > 0) WHERE" \
                        " state = 0 AND claimed_by IS NOT NULL")                                                       \
    X(SQL_FREE_PAGES, "PRAGMA freelist_count")                                                                         \
    X(SQL_TRY_WRITE, "UPDATE trial SET count = count + 1")                                                             \
    X(SQL_RECOVER_FAIL, "UPDATE submissions SET status = ?1, finished_ms = ?2, message = ?3"                           \
                        " WHERE finished_ms = 0 AND status = ?4 AND attempts >= ?5")                                   \
    X(SQL_RECOVER_QUEUE, "UPDATE submissions SET status = ?1, started_ms = 0 WHERE finished_ms = 0 AND status = ?2")   \
    X(SQL_LIVE, "SELECT id, token, status, priority, attempts, fence, created_ms, owner, webhook_events, share"        \
                " FROM submissions WHERE finished_ms = 0 ORDER BY id")                                                 \
    X(SQL_LAST_ID, "SELECT max(id) FROM submissions")

#define STATEMENT_ID(id, text) id,
enum statement { STATEMENTS(STATEMENT_ID) STATEMENT_COUNT };
#undef STATEMENT_ID

/* What one caller wants written. Blocking verbs keep theirs on their stack; a submit's lives on the heap. */
struct op {
    STAILQ_ENTRY(op) link;
    /*
     * Runs inside the transaction, in the writer. 0: decided, op->code is the answer if the transaction commits. Negative: the
     * file failed; everything is rolled back and each operation tried again alone. May therefore run more than once.
     */
    int (*run)(struct sqlite_store *s, struct op *op);
    void (*answer)(struct sqlite_store *s,
                   struct op *op); /* from the writer, no lock held; NULL: a caller waits on cond for done */
    pthread_cond_t cond;
    bool done;
    int code;

    const char *token;
    uint64_t fence;
    enum status status;
    struct str result;
    int64_t lease_now_ms, expire_now_ms; /* sweep */
    bool more;                           /* sweep: there may be more to forget */
    int64_t hold_ms;                     /* complete */
    bool last;                           /* annotate */
    unsigned index;                      /* progress */
    const struct delivery_key *key;      /* seal, settle */
    const struct store_settlement *settlement;
    struct buf sealed; /* seal: the earlier body, if there was one */
};
STAILQ_HEAD(op_list, op);

struct submit_op {
    struct op op;
    struct store_submission submission; /* its token is used; request and key are the copies below */
    struct buf request;
    char *key, *owner, *webhook_url;
    size_t size; /* of the request: a claim may have taken its bytes away */
    int refusal; /* decided before it was handed in */
    struct store_receipt receipt;
    store_submit_fn *done;
    void *context;
};

/* One caller of store_claim, on its stack. */
struct claimer {
    TAILQ_ENTRY(claimer) link;
    pthread_cond_t cond;
    enum { CLAIM_WAITING, CLAIM_TAKEN /* the transaction is in hand */, CLAIM_DONE } state;
    bool expired; /* past its timeout, waits only because there is work in the queue */
    const char *worker;
    struct entry *entry;
    int64_t id;
    int code;
    bool has_request;
    struct store_claim claim;
};
TAILQ_HEAD(claimer_list, claimer);

/* One caller of store_outbox_claim, on its stack. */
struct dispatcher {
    TAILQ_ENTRY(dispatcher) link;
    pthread_cond_t cond;
    enum { DISPATCH_WAITING, DISPATCH_TAKEN /* the transaction is in hand */, DISPATCH_DONE } state;
    const char *name;
    int64_t lease_ms;
    bool looked; /* the writer has seen since it came that nothing is due */
    size_t max, count;
    struct store_delivery *deliveries; /* the caller's */
    int code;
};
TAILQ_HEAD(dispatcher_list, dispatcher);

/* due_ms of a pending row that waits for an earlier one of its submission. */
#define OUTBOX_BLOCKED INT64_MAX

struct sqlite_store {
    struct store base;
    struct store_config config;
    char *path;
    int lock_fd; /* PATH.lock; -1 in memory */
    int64_t opened_realtime_ms, opened_monotonic_ns;

    pthread_t writer;
    sqlite3 *db; /* the writer's */
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int64_t next_id;
    int64_t batch_bytes; /* requests in the transaction in hand */
    int broken;          /* why the last transaction failed; 0 after one that wrote */
    struct buf changed;  /* tokens of what is not live that the transaction in hand changes, TOKEN_LEN + 1 bytes each */
    int64_t next_due_ms; /* no row of the outbox is due before; realtime */
    int64_t next_sweep_ns;
    int64_t last_work_ns; /* how long the last batch took */

    pthread_mutex_t lock; /* everything below; also what others may see of live */
    pthread_cond_t work;
    struct op_list queue;
    size_t queue_count, crowd; /* operations handed in; how many the writer hopes to find */
    size_t pending_bytes;      /* requests handed in and not yet answered */
    size_t owed_bytes;         /* progress on its way to the outbox */
    struct claimer_list claimers, taken;
    struct dispatcher_list dispatchers, served;
    struct live live;
    bool interrupted, stopping;

    pthread_mutex_t
        read_lock; /* the reading connection; in memory it is the writer's own, locked through each transaction */
    sqlite3 *reader;
    sqlite3_stmt *read_record, *read_request, *read_status, *read_pending, *read_dead, *read_outbox_depth;
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
    return (struct sqlite_store *)store;
}

/* Milliseconds that pass like the monotonic clock and read like the date: a step of the date ends no lease. */
int64_t sqlite_steady_ms(const struct sqlite_store *s);

/* sqlite_sql.c: statements. Types of arguments: 'i' int64_t, 't' const char * (NULL allowed), 'b' const void * and size_t. */
int sql_errno(sqlite3 *db, int rc);
int sql_bind(sqlite3_stmt *stmt, const char *types, ...);
int sql_run(struct sqlite_store *s, enum statement id, const char *types, ...); /* to its end; 0 or -errno */

/* First row: 1 and *ret to read columns from and then sqlite3_reset; 0 no row; -errno. */
int sql_row(struct sqlite_store *s, sqlite3_stmt **ret, enum statement id, const char *types, ...);

/* sqlite_schema.c: files and tables. */
int sqlite_schema_lock(const char *path, int *ret_fd, struct error *err);
int sqlite_schema_look(struct sqlite_store *s,
                       struct error *err); /* the reading connection alone, beside another process */
int sqlite_schema_open(struct sqlite_store *s, struct error *err); /* connections, pragmas, migrations, statements */
int sqlite_schema_recover(struct sqlite_store *s,
                          struct error *err); /* ends the leases of the process that died, fills live */
void sqlite_schema_close(struct sqlite_store *s);

/* sqlite_ops.c: what runs inside the writer's transaction. */
int sqlite_run_submit(struct sqlite_store *s, struct op *op);
int sqlite_run_complete(struct sqlite_store *s, struct op *op);
int sqlite_run_release(struct sqlite_store *s, struct op *op);
int sqlite_run_cancel(struct sqlite_store *s, struct op *op);
int sqlite_run_forget(struct sqlite_store *s, struct op *op);
int sqlite_run_sweep(struct sqlite_store *s, struct op *op);
int sqlite_run_ping(struct sqlite_store *s, struct op *op);
int sqlite_run_annotate(struct sqlite_store *s, struct op *op);
int sqlite_run_progress(struct sqlite_store *s, struct op *op); /* what a webhook is to be told of it */
int sqlite_run_claims(struct sqlite_store *s);                  /* hands what is ready to who waits */

/* 1 and what the tables say of token; 0 when they do not know it. */
int sqlite_look_up(struct sqlite_store *s, const char *token, int64_t *ret_id, int *ret_status);

/* sqlite_outbox_ops.c: of these, what concerns the outbox. */
int sqlite_owe(struct sqlite_store *s, const struct entry *entry, enum store_delivery_kind kind, unsigned index,
               struct str data, int64_t hold_ms); /* adds a row, if the submission asked for such */
int sqlite_unhold(struct sqlite_store *s, int64_t submission);
int sqlite_run_seal(struct sqlite_store *s, struct op *op);
int sqlite_run_settle(struct sqlite_store *s, struct op *op);
int sqlite_run_resend(struct sqlite_store *s, struct op *op);
int sqlite_run_dispatch(struct sqlite_store *s);                     /* hands what is due to who waits */
void sqlite_settle_dispatch(struct sqlite_store *s, bool committed); /* with the lock held */
void sqlite_answer_dispatch(struct sqlite_store *s, int code);       /* with the lock held */
void sqlite_nothing_due(struct sqlite_store *s); /* with the lock held: tells who waits only for that */

/* sqlite_outbox.c: the outbox's verbs. */
int sqlite_outbox_claim(struct store *store, const char *dispatcher, int64_t lease_ms, int timeout_ms, size_t max,
                        struct store_delivery *ret, size_t *ret_count);
int sqlite_outbox_seal(struct store *store, const struct delivery_key *key, uint64_t fence, struct str body,
                       struct buf *ret_body);
int sqlite_outbox_settle(struct store *store, const struct delivery_key *key, uint64_t fence,
                         const struct store_settlement *settlement);
int sqlite_outbox_list(struct store *store, enum store_delivery_status status, const char *after, size_t max,
                       struct store_owed *ret, size_t *ret_count);
int sqlite_outbox_resend(struct store *store, const char *token);
int sqlite_outbox_depth(struct store *store, struct store_outbox_depth *ret);

/* Hands a step of progress in for the outbox. Returns at once unless very much of it is on its way. */
void sqlite_owe_progress(struct sqlite_store *s, const char *token, uint64_t fence, unsigned index, struct str data);

/* sqlite_writer.c: the writer's thread. */
void *sqlite_writer_main(void *store);
void sqlite_hand_in(struct sqlite_store *s,
                    struct op *op);                     /* any thread; op->answer is called, or op->done set, once */
int sqlite_wait(struct sqlite_store *s, struct op *op); /* hands in, waits, gives op->code */

/* sqlite_read.c: the reading connection. */
void sqlite_column_buf(sqlite3_stmt *row, int column, struct buf *ret);

/* From the columns of SQLITE_OUTBOX_STATE, the first of which is number first. */
#define SQLITE_OUTBOX_STATE \
    "o.state, o.attempts, o.last_status, o.last_error, o.due_ms, o.settled_ms, o.claimed_by IS NOT NULL"
void sqlite_delivery_state(sqlite3_stmt *row, int first, struct store_delivery_state *ret);
int sqlite_get(struct store *store, const char *token, struct store_record *ret);
int sqlite_status(struct store *store, const char *token, enum status *ret);
int sqlite_read_request(struct sqlite_store *s, int64_t id, struct buf *ret); /* -ENOENT: forgotten meanwhile */
int sqlite_lost_claim(struct sqlite_store *s,
                      const char *token); /* why a claim is no longer held: -ECANCELED or -ESTALE */

#endif
