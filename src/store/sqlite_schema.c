/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_schema.c: the file: who may open it, its tables and how they came to be, and what a start finds in it.
 *
 * Requests and results lie in tables of their own, because SQLite writes a changed row anew with everything in it: a claim
 * must not copy a request of 16 MiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "store/sqlite_store.h"

enum { APPLICATION_ID = 0x45564c58 /* "EVLX" */ };

/* The numbers are in people's files. */
_Static_assert(STATUS_QUEUED == 0 && STATUS_RUNNING == 1 && STATUS_COMPLETED == 2 && STATUS_FAILED == 3 &&
                   STATUS_CANCELLED == 4,
               "stored statuses keep their numbers");

/* migrations[n] leads from user_version n to n + 1. Never change one that was released; add another. */
static const char *const migrations[] = {
    "CREATE TABLE submissions("
    " id INTEGER PRIMARY KEY," /* grows: the order of arrival */
    " token TEXT NOT NULL UNIQUE,"
    " status INTEGER NOT NULL,"
    " priority INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " fence INTEGER NOT NULL DEFAULT 0,"
    " created_ms INTEGER NOT NULL,"
    " started_ms INTEGER NOT NULL DEFAULT 0,"
    " finished_ms INTEGER NOT NULL DEFAULT 0," /* 0: queued or running */
    " worker TEXT,"
    " message TEXT,"
    " idempotency_key TEXT,"
    " body_digest BLOB) STRICT;"
    "CREATE UNIQUE INDEX submissions_key ON submissions(idempotency_key) WHERE idempotency_key IS NOT NULL;"
    "CREATE INDEX submissions_finished ON submissions(finished_ms);" /* the live ones, and the order of forgetting */
    "CREATE TABLE requests(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE results(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE trial(count INTEGER NOT NULL) STRICT;" /* written to see whether writing works */
    "INSERT INTO trial VALUES(0);",

    "ALTER TABLE submissions ADD COLUMN owner TEXT;"
    "ALTER TABLE submissions ADD COLUMN webhook_url TEXT;"
    "ALTER TABLE submissions ADD COLUMN webhook_events INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE notes(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE outbox("
    " id INTEGER PRIMARY KEY," /* grows: the order of the events of one submission */
    " submission INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,"
    " position INTEGER NOT NULL,"        /* of the test case; else 0 */
    " state INTEGER NOT NULL DEFAULT 0," /* 0 pending, 1 delivered, 2 dead */
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " fence INTEGER NOT NULL DEFAULT 0,"
    " created_ms INTEGER NOT NULL,"
    " ready_ms INTEGER NOT NULL," /* not before this, whatever else */
    " due_ms INTEGER NOT NULL,"   /* pending: next try; while claimed: end of the lease; OUTBOX_BLOCKED */
    " settled_ms INTEGER NOT NULL DEFAULT 0,"
    " last_status INTEGER NOT NULL DEFAULT 0,"
    " last_error TEXT,"
    " claimed_by TEXT,"
    " UNIQUE(submission, kind, position)) STRICT;"
    "CREATE INDEX outbox_due ON outbox(due_ms) WHERE state = 0;"
    "CREATE INDEX outbox_pending ON outbox(submission, id) WHERE state = 0;"
    "CREATE INDEX outbox_dead ON outbox(submission, id) WHERE state = 2;"
    "CREATE TABLE outbox_data(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE outbox_bodies(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;",

    "ALTER TABLE submissions ADD COLUMN share INTEGER NOT NULL DEFAULT 1;",
};

_Static_assert(STORE_DELIVERY_STARTED == 0 && STORE_DELIVERY_TEST == 1 && STORE_DELIVERY_COMPLETED == 2,
               "stored kinds keep their numbers");

int sqlite_schema_lock(const char *path, int *ret_fd, struct error *err)
{
    _cleanup_(freep) char *lock_path = xasprintf("%s.lock", path);
    _cleanup_(fd_closep) int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(err, -errno, "opening %s", lock_path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return error_errno(err, -errno, "locking %s", lock_path);
        char owner[32] = "";
        if (pread(fd, owner, sizeof(owner) - 1, 0) <= 0)
            snprintf(owner, sizeof(owner), "?");
        return error_set(
            err, -EBUSY,
            "%s is in use by another evalx (process %.*s, which holds %s): stop it, or use another state folder", path,
            (int)strcspn(owner, "\n"), owner, lock_path);
    }
    char self[32];
    int len = snprintf(self, sizeof(self), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, self, (size_t)len, 0) != len) {
        /* Only for the message above: a full disk must not keep a start from finishing what is there. */
    }
    *ret_fd = fd_steal(&fd);
    return 0;
}

static int sql_error(struct error *err, sqlite3 *db, int rc, const char *what, const char *path)
{
    int r = sql_errno(db, rc);
    return error_set(err, r ? r : -EIO, "%s %s: %s%s", what, path, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                     r == -EBADMSG ? " (the file is damaged or is not an evalx store: restore it, or move it away)"
                                   : "");
}

static int exec(struct sqlite_store *s, sqlite3 *db, const char *sql, const char *what, struct error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sql_error(err, db, rc, what, s->path);
}

static int query_number(struct sqlite_store *s, sqlite3 *db, const char *sql, int64_t *ret, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int r = 0;
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    else
        r = sql_error(err, db, rc, "reading", s->path);
    sqlite3_finalize(stmt);
    return r;
}

static int migrate(struct sqlite_store *s, struct error *err)
{
    int64_t version = 0, tables = 0, application = 0;
    int r = query_number(s, s->db, "PRAGMA user_version", &version, err);
    if (r == 0)
        r = query_number(s, s->db, "PRAGMA application_id", &application, err);
    if (r == 0)
        r = query_number(s, s->db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (r < 0)
        return r;
    if (tables > 0 && application != APPLICATION_ID)
        return error_set(err, -EBADMSG, "%s is a database of some other program", s->path);
    if (version < 0 || version > (int64_t)ARRAY_LEN(migrations))
        return error_set(err, -EBADMSG,
                         "%s was written by a newer evalx (its format is %lld, this one knows up to %zu)", s->path,
                         (long long)version, ARRAY_LEN(migrations));
    for (size_t i = (size_t)version; i < ARRAY_LEN(migrations); i++) {
        _cleanup_(freep) char *sql =
            xasprintf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %zu; COMMIT;",
                      migrations[i], APPLICATION_ID, i + 1);
        r = exec(s, s->db, sql, "preparing the tables of", err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int prepare_statement(struct sqlite_store *s, sqlite3 *db, const char *sql, sqlite3_stmt **ret,
                             struct error *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    return rc == SQLITE_OK ? 0 : sql_error(err, db, rc, "reading the tables of", s->path);
}

/* The state is part of the text because partial indexes are only found by a constant. */
#define LIST_OUTBOX(state)                                                             \
    "SELECT o.submission, o.id, s.token, o.kind, o.position, s.webhook_url, s.owner, " \
    "o.created_ms, " SQLITE_OUTBOX_STATE                                               \
    " FROM outbox o JOIN submissions s ON s.id = o.submission WHERE o.state = " state  \
    " AND (o.submission, o.id) > (?1, ?2) ORDER BY o.submission, o.id LIMIT ?3"

static int prepare_reads(struct sqlite_store *s, struct error *err)
{
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } reads[] = {
        {&s->read_record,
         "SELECT s.status, s.attempts, s.created_ms, s.started_ms, s.finished_ms, s.message, q.body, r.body, s.owner,"
         " n.body, s.webhook_events, " SQLITE_OUTBOX_STATE
         " FROM submissions s JOIN requests q ON q.id = s.id LEFT JOIN results r ON r.id = s.id"
         " LEFT JOIN notes n ON n.id = s.id LEFT JOIN outbox o ON o.submission = s.id AND o.kind = 2 AND o.position = 0"
         " WHERE s.token = ?1"},
        {&s->read_request, "SELECT body FROM requests WHERE id = ?1"},
        {&s->read_status, "SELECT status FROM submissions WHERE token = ?1"},
        {&s->read_pending, LIST_OUTBOX("0")},
        {&s->read_dead, LIST_OUTBOX("2")},
        {&s->read_outbox_depth,
         "SELECT (SELECT count(*) FROM outbox WHERE state = 0), (SELECT count(*) FROM outbox WHERE state = 2),"
         " (SELECT created_ms FROM outbox WHERE state = 0 ORDER BY submission, id LIMIT 1)"},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(reads); i++)
        r = prepare_statement(s, s->reader, reads[i].sql, reads[i].stmt, err);
    return r;
}

static int prepare_all(struct sqlite_store *s, struct error *err)
{
#define STATEMENT_TEXT(id, text) [id] = text,
    static const char *const texts[] = {STATEMENTS(STATEMENT_TEXT)};
#undef STATEMENT_TEXT
    int r = 0;
    for (size_t i = 0; r == 0 && i < STATEMENT_COUNT; i++)
        r = prepare_statement(s, s->db, texts[i], &s->statements[i], err);
    return r == 0 ? prepare_reads(s, err) : r;
}

/* create: SQLITE_OPEN_CREATE or 0. */
static int open_connection(struct sqlite_store *s, int create, sqlite3 **ret, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | create | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(s->path, ret, flags, NULL);
    if (rc != SQLITE_OK)
        return sql_error(err, *ret, rc, "opening", s->path);
    sqlite3_busy_timeout(*ret, 5000); /* a person may be looking into the file with sqlite3 */
    return exec(s, *ret,
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
                "PRAGMA synchronous = FULL; PRAGMA cache_size = -4000;"
                "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
                "opening", err);
}

/* Programs and tokens are nobody else's business: the file is made before SQLite would make it readable for all. */
static int create_private(const char *path, struct error *err)
{
    _cleanup_(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? error_errno(err, -errno, "opening %s", path) : 0;
}

int sqlite_schema_open(struct sqlite_store *s, struct error *err)
{
    bool in_memory = s->lock_fd < 0;
    int r = in_memory ? 0 : create_private(s->path, err);
    if (r == 0)
        r = open_connection(s, SQLITE_OPEN_CREATE, &s->db, err);
    if (r == 0 && !in_memory)
        r = exec(s, s->db, "PRAGMA journal_mode = WAL", "opening", err);
    if (r == 0)
        r = migrate(s, err);
    if (r == 0 && in_memory)
        s->reader = s->db;
    else if (r == 0)
        r = open_connection(s, SQLITE_OPEN_CREATE, &s->reader, err);
    return r == 0 ? prepare_all(s, err) : r;
}

int sqlite_schema_look(struct sqlite_store *s, struct error *err)
{
    if (access(s->path, R_OK) < 0)
        return error_errno(err, -errno, "opening %s", s->path);
    int64_t version = 0;
    int r = open_connection(s, 0, &s->reader, err);
    if (r == 0)
        r = exec(s, s->reader, "PRAGMA query_only = ON", "opening", err);
    if (r == 0)
        r = query_number(s, s->reader, "PRAGMA user_version", &version, err);
    if (r == 0 && version != (int64_t)ARRAY_LEN(migrations))
        return error_set(err, -EBADMSG, "%s is of another version of evalx (its format is %lld, this one reads %zu)",
                         s->path, (long long)version, ARRAY_LEN(migrations));
    return r == 0 ? prepare_reads(s, err) : r;
}

static int load_live(struct sqlite_store *s)
{
    sqlite3_stmt *row;
    int r = sql_row(s, &row, SQL_LIVE, "");
    int rc = SQLITE_ROW;
    for (; r == 1 && rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        const char *token = (const char *)sqlite3_column_text(row, 1);
        int priority = sqlite3_column_int(row, 3);
        if (!token || !token_valid(token, strlen(token)) || sqlite3_column_int(row, 2) != STATUS_QUEUED ||
            priority < -SUBMISSION_PRIORITY_MAX || priority > SUBMISSION_PRIORITY_MAX) {
            sqlite3_reset(row);
            return -EBADMSG;
        }
        struct owner *owner = owners_get(&s->live.owners, (const char *)sqlite3_column_text(row, 7));
        owner->share = (unsigned)MAX(sqlite3_column_int(row, 9), 1);
        struct entry *entry =
            live_add(&s->live, token, sqlite3_column_int64(row, 0), owner, priority, sqlite3_column_int64(row, 6),
                     (struct entry_state){.status = STATUS_QUEUED,
                                          .attempts = sqlite3_column_int(row, 4),
                                          .fence = (uint64_t)sqlite3_column_int64(row, 5)});
        if (entry->next.attempts == STORE_ATTEMPTS_MAX - 1)
            live_hold(&s->live, entry);
        entry->webhook_events = (unsigned)sqlite3_column_int(row, 8);
    }
    if (r == 1) {
        r = sql_errno(s->db, rc);
        sqlite3_reset(row);
    }
    struct touched_list touched;
    live_settle(&s->live, true, &touched);
    return r;
}

static int load_last_id(struct sqlite_store *s)
{
    sqlite3_stmt *row;
    int r = sql_row(s, &row, SQL_LAST_ID, "");
    if (r < 0)
        return r;
    if (r == 1) {
        s->next_id = sqlite3_column_int64(row, 0) + 1;
        sqlite3_reset(row);
    }
    return 0;
}

int sqlite_schema_recover(struct sqlite_store *s, struct error *err)
{
    _cleanup_(freep) char *message = xasprintf(STORE_LOST_MESSAGE, STORE_ATTEMPTS_MAX);
    int r = sql_run(s, SQL_BEGIN, "");
    if (r == 0)
        r = sql_run(s, SQL_RECOVER_OWED, "i", clock_realtime_ms());
    if (r == 0)
        r = sql_run(s, SQL_RECOVER_OWE, "iiiiii", (int64_t)STORE_DELIVERY_COMPLETED, clock_realtime_ms(),
                    OUTBOX_BLOCKED, (int64_t)STATUS_RUNNING, (int64_t)STORE_ATTEMPTS_MAX,
                    (int64_t)(1 << STORE_DELIVERY_COMPLETED));
    if (r == 0)
        r = sql_run(s, SQL_RECOVER_FAIL, "iitii", (int64_t)STATUS_FAILED, clock_realtime_ms(), message,
                    (int64_t)STATUS_RUNNING, (int64_t)STORE_ATTEMPTS_MAX);
    if (r == 0)
        r = sql_run(s, SQL_RECOVER_QUEUE, "ii", (int64_t)STATUS_QUEUED, (int64_t)STATUS_RUNNING);
    if (r == 0)
        r = sql_run(s, SQL_COMMIT, "");
    if (r == 0)
        r = load_live(s);
    if (r == 0)
        r = load_last_id(s);
    if (r < 0)
        return error_set(err, r, "reading the queue of %s: %s", s->path,
                         r == -EBADMSG ? "the file is damaged: restore it, or move it away" : sqlite3_errmsg(s->db));
    return 0;
}

void sqlite_schema_close(struct sqlite_store *s)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_finalize(s->read_record);
    sqlite3_finalize(s->read_request);
    sqlite3_finalize(s->read_status);
    sqlite3_finalize(s->read_pending);
    sqlite3_finalize(s->read_dead);
    sqlite3_finalize(s->read_outbox_depth);
    if (s->reader != s->db)
        sqlite3_close(s->reader);
    sqlite3_close(s->db);
}
