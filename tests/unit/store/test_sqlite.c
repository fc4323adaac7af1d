/* SPDX-License-Identifier: Apache-2.0 */
/* test_sqlite.c: what only the SQLite store has: its file, its lock, the kill in the middle, damage, no disk in memory. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/sqlite_store.h"

#define URL "sqlite:%s/evalx.db"

static const struct store_config config = {.lease_ms = LEASE_MS, .retention_ms = RETENTION_MS, .max_depth = 1000000};

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    *state = f;
    fixture_open(f, URL);
    return 0;
}

static int tear_down(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

static void expect_refusal(const char *url, const struct store_config *with, int code, const char *says)
{
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    assert_int_equal(store_open(url, with, &store, &err), code);
    assert_null(store);
    if (!strstr(err.message, says))
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
}

/* --- opening -------------------------------------------------------------------------------------------------------- */

static void bad_urls_and_settings_are_refused(void **state)
{
    (void)state;
    expect_refusal("sqlite:", &config, -EINVAL, "names no file");
    expect_refusal("", &config, -EINVAL, "unknown kind");
    expect_refusal("/var/lib/x.db", &config, -EINVAL, "unknown kind");
    expect_refusal("mysql://localhost", &config, -EINVAL, "\"mysql\"");
    expect_refusal("sqlite:/nowhere/at/all/x.db", &config, -ENOENT, "/nowhere/at/all/x.db");
    struct store_config bad = config;
    bad.lease_ms = 0;
    expect_refusal("sqlite::memory:", &bad, -EINVAL, "lease");
    bad = config;
    bad.retention_ms = -1;
    expect_refusal("sqlite::memory:", &bad, -EINVAL, "retention");
    bad = config;
    bad.max_depth = 0;
    expect_refusal("sqlite::memory:", &bad, -EINVAL, "max_depth");
}

static void a_second_opener_is_refused(void **state)
{
    struct fixture *f = *state;
    char self[32];
    snprintf(self, sizeof(self), "process %d", (int)getpid());
    expect_refusal(f->url, &f->config, -EBUSY, self);
    expect_refusal(f->url, &f->config, -EBUSY, "evalx.db.lock");
    put(f->store, "the first is not disturbed", NULL);
    fixture_reopen(f, NULL); /* and the lock goes with it */
    assert_depth(f->store, 1, 0);
}

static void files_are_private(void **state)
{
    struct fixture *f = *state;
    put(f->store, "secret", NULL);
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/evalx.db%s", f->dir, suffixes[i]);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void in_memory_it_works_too(void **state)
{
    (void)state;
    _cleanup_(store_closep) struct store *first = NULL, *second = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(store_open("sqlite::memory:", &config, &first, &err), 0);
    assert_int_equal(store_open("sqlite::memory:", &config, &second, &err), 0); /* not shared */
    char token[TOKEN_LEN + 1];
    put(first, "x", token);
    assert_nothing_waits(second);
    struct store_claim claim;
    take_expect(first, "x", 1, &claim);
    finish(first, &claim, "result");
    assert_status(first, token, STATUS_COMPLETED);
    assert_int_equal(store_ping(first), 0);
}

static void a_mass_of_pending_bytes_is_refused(void **state)
{
    struct fixture *f = *state;
    enum { TOO_MUCH = 300 << 20 };
    _cleanup_(freep) char *zeros = xcalloc(1, TOO_MUCH); /* never touched, so it costs nothing */
    struct store_submission submission = submission_of("");
    submission.request = (struct str){.data = zeros, .len = TOO_MUCH};
    assert_int_equal(submit_wait(f->store, &submission).code, -EAGAIN);
    put(f->store, "small", NULL);
    assert_depth(f->store, 1, 0);
}

static int reads_of(const struct fixture *f)
{
    const struct sqlite_store *s = (const struct sqlite_store *)f->store;
    sqlite3_stmt *const reads[] = {s->read_record, s->read_request, s->read_status};
    int count = 0;
    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        count += sqlite3_stmt_status(reads[i], SQLITE_STMTSTATUS_RUN, 0);
    return count;
}

/* Two thousand waiting clients ask at every step of progress: that must not cost the file anything. */
static void the_status_of_what_is_live_is_not_read(void **state)
{
    struct fixture *f = *state;
    char token[TOKEN_LEN + 1];
    struct store_claim claim;
    enum status status;
    put(f->store, "x", token);
    int before = reads_of(f);
    assert_int_equal(store_status(f->store, token, &status), 0);
    assert_int_equal(status, STATUS_QUEUED);
    assert_int_equal(reads_of(f), before);
    take_expect(f->store, "x", 1, &claim);
    before = reads_of(f);
    assert_int_equal(store_status(f->store, token, &status), 0);
    assert_int_equal(status, STATUS_RUNNING);
    assert_int_equal(reads_of(f), before);
    finish(f->store, &claim, "result");
    before = reads_of(f);
    assert_int_equal(store_status(f->store, token, &status), 0);
    assert_int_equal(status, STATUS_COMPLETED);
    assert_int_equal(reads_of(f), before + 1);
}

/* --- damage --------------------------------------------------------------------------------------------------------- */

static void patch(const struct fixture *f, off_t offset, const void *bytes, size_t len)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/evalx.db", f->dir);
    _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, offset), len);
}

static void close_only(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static void a_damaged_file_is_an_error(void **state)
{
    struct fixture *f = *state;
    put(f->store, "x", NULL);
    close_only(f);
    patch(f, 0, "This is no database at all, is it?", 34);
    expect_refusal(f->url, &f->config, -EBADMSG, "damaged");
    expect_refusal(f->url, &f->config, -EBADMSG, "evalx.db"); /* and the lock was given back */
}

static void a_newer_file_is_refused(void **state)
{
    struct fixture *f = *state;
    close_only(f);
    patch(f, 60, "\0\0\0\143", 4); /* user_version */
    expect_refusal(f->url, &f->config, -EBADMSG, "newer");
}

/* What the first release wrote, with one submission in each state. */
static const char first_format[] =
    "CREATE TABLE submissions(id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, status INTEGER NOT NULL,"
    " priority INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0,"
    " created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL DEFAULT 0,"
    " worker TEXT, message TEXT, idempotency_key TEXT, body_digest BLOB) STRICT;"
    "CREATE UNIQUE INDEX submissions_key ON submissions(idempotency_key) WHERE idempotency_key IS NOT NULL;"
    "CREATE INDEX submissions_finished ON submissions(finished_ms);"
    "CREATE TABLE requests(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE results(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE trial(count INTEGER NOT NULL) STRICT;"
    "INSERT INTO trial VALUES(0);"
    "INSERT INTO submissions(id, token, status, priority, attempts, fence, created_ms, finished_ms) VALUES"
    " (1, 'aaaaaaaaaaaaaaaaaaaaaa', 0, 0, 0, 0, 1700000000000, 0),"
    " (2, 'bbbbbbbbbbbbbbbbbbbbbb', 1, 0, 1, 1, 1700000000001, 0),"
    " (3, 'cccccccccccccccccccccc', 2, 0, 1, 1, 1700000000002, 9999999999999);"
    "INSERT INTO requests VALUES(1, CAST('one' AS BLOB)), (2, CAST('two' AS BLOB)), (3, CAST('three' AS BLOB));"
    "INSERT INTO results VALUES(3, CAST('result' AS BLOB));"
    "PRAGMA application_id = 0x45564c58; PRAGMA user_version = 1;";

static void the_first_format_is_brought_up(void **state)
{
    (void)state;
    struct fixture f = {.config = config};
    struct error err = ERROR_INIT;
    sqlite3 *db = NULL;
    char path[96];
    snprintf(f.dir, sizeof(f.dir), "/tmp/evalx-store-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    snprintf(path, sizeof(path), "%s/evalx.db", f.dir);
    snprintf(f.url, sizeof(f.url), "sqlite:%s", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, first_format, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    if (store_open(f.url, &f.config, &f.store, &err) < 0)
        fail_msg("%s", err.message);
    struct store_record record;
    assert_int_equal(store_get(f.store, "cccccccccccccccccccccc", &record), 0);
    assert_string_equal(buf_str(&record.result), "result");
    assert_int_equal(record.webhook.status, STORE_OWED_NONE);
    assert_null(record.owner);
    store_record_release(&record);
    struct store_claim claim;
    take_expect(f.store, "one", 1, &claim);
    finish(f.store, &claim, "r");
    take_expect(f.store, "two", 2, &claim);
    finish(f.store, &claim, "r");
    struct store_outbox_depth depth;
    assert_int_equal(store_outbox_depth(f.store, &depth), 0);
    assert_int_equal(depth.pending, 0);
    fixture_close(&f);
}

/* However often the process is killed in the middle of a delivery, the receiver gets all its tries. */
static void a_kill_costs_a_delivery_no_try(void **state)
{
    struct fixture *f = *state;
    struct store_submission submission = submission_of("x");
    submission.webhook_url = "http://example.com/";
    submission.webhook_events = 1u << STORE_DELIVERY_COMPLETED;
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    assert_int_equal(store_cancel(f->store, submission.token), 0);
    uint64_t fence = 0;
    for (int i = 0; i < 3; i++) {
        struct store_delivery delivery = {0};
        size_t count = 0;
        assert_int_equal(store_outbox_claim(f->store, "t", 60000, 5000, 1, &delivery, &count), 0);
        assert_int_equal(count, 1);
        assert_int_equal(delivery.attempt, 1);
        assert_true(delivery.fence > fence);
        fence = delivery.fence;
        store_delivery_release(&delivery);
        fixture_reopen(f, NULL);
    }
}

/* For those who only look: beside the process that works on the file, and at a file that nobody has open. */
static void a_look_needs_no_lock(void **state)
{
    struct fixture *f = *state;
    _cleanup_(store_closep) struct store *look = NULL;
    struct error err = ERROR_INIT;
    struct store_submission submission = submission_of("x");
    submission.webhook_url = "http://example.com/";
    submission.webhook_events = 1u << STORE_DELIVERY_COMPLETED;
    assert_int_equal(submit_wait(f->store, &submission).code, 0);
    assert_int_equal(store_cancel(f->store, submission.token), 0);
    for (int i = 0; i < 2; i++) {
        if (store_inspect(f->url, &look, &err) < 0)
            fail_msg("%s", err.message);
        struct store_owed owed;
        size_t count = 0;
        assert_int_equal(store_outbox_list(look, STORE_OWED_PENDING, NULL, 1, &owed, &count), 0);
        assert_int_equal(count, 1);
        assert_string_equal(owed.token, submission.token);
        store_owed_release(&owed);
        struct store_record record;
        assert_int_equal(store_get(look, submission.token, &record), 0);
        assert_int_equal(record.status, STATUS_CANCELLED);
        store_record_release(&record);
        store_close(look);
        look = NULL;
        store_close(f->store);
        f->store = NULL;
    }
    assert_int_equal(store_inspect("sqlite:/nowhere/at/all/x.db", &look, &err), -ENOENT);
    if (store_open(f->url, &f->config, &f->store, &err) < 0)
        fail_msg("%s", err.message);
}

static void a_foreign_file_is_refused(void **state)
{
    struct fixture *f = *state;
    close_only(f);
    patch(f, 68, "\1\2\3\4", 4); /* application_id */
    expect_refusal(f->url, &f->config, -EBADMSG, "some other program");
}

static void damaged_pages_never_crash(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 200, PAGE = 4096 };
    static char tokens[MANY][TOKEN_LEN + 1];
    for (size_t i = 0; i < MANY; i++)
        put(f->store, "some request that takes a little room on its page", tokens[i]);
    close_only(f);
    char path[128];
    snprintf(path, sizeof(path), "%s/evalx.db", f->dir);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    unsigned char garbage[512];
    memset(garbage, 0xa5, sizeof(garbage));
    for (off_t page = status.st_size / PAGE - 1; page >= 1; page--) { /* one more page each round, the schema's last */
        patch(f, page * PAGE, garbage, sizeof(garbage));
        struct error err = ERROR_INIT;
        if (store_open(f->url, &f->config, &f->store, &err) < 0) {
            assert_true(err.code < 0);
            assert_non_null(strstr(err.message, "evalx.db"));
            continue;
        }
        for (size_t i = 0; i < MANY; i++) {
            struct store_record record;
            if (store_get(f->store, tokens[i], &record) == 0)
                store_record_release(&record);
        }
        struct store_submission submission = submission_of("x");
        submit_wait(f->store, &submission); /* may fail, must answer */
        struct store_claim claim;
        if (store_claim(f->store, "w", 0, &claim) == 0)
            buf_release(&claim.request);
        close_only(f);
    }
    /* With every page but the first destroyed there is nothing left to open. */
    expect_refusal(f->url, &f->config, -EBADMSG, "damaged");
}

/* --- kill -9 -------------------------------------------------------------------------------------------------------- */

struct child {
    struct store *store;
    int pipe;
};

struct note {
    char kind; /* 's' submitted, 'c' completed */
    char token[TOKEN_LEN];
};
_Static_assert(sizeof(struct note) < 512, "a note is written to the pipe in one piece");

static void tell(const struct child *child, char kind, const char *token)
{
    struct note note = {.kind = kind};
    memcpy(note.token, token, TOKEN_LEN);
    if (fd_write_full(child->pipe, &note, sizeof(note)) < 0)
        _exit(3);
}

static void tell_receipt(void *context, const struct store_receipt *receipt)
{
    if (receipt->code != 0)
        _exit(4);
    tell(context, 's', receipt->token);
}

static void *work_on(void *context)
{
    struct child *child = context;
    for (;;) {
        struct store_claim claim;
        if (store_claim(child->store, "child", WAIT_MS, &claim) < 0)
            _exit(5);
        if (store_complete(child->store, claim.token, claim.fence, STATUS_COMPLETED, buf_view(&claim.request), 0) < 0)
            _exit(6);
        tell(child, 'c', claim.token);
        buf_release(&claim.request);
    }
    return NULL;
}

/* Submits and completes without end, telling what was acknowledged; never returns. */
static void run_child(const char *url, int pipe)
{
    struct child child = {.pipe = pipe};
    struct error err = ERROR_INIT;
    pthread_t worker;
    if (store_open(url, &config, &child.store, &err) < 0 || pthread_create(&worker, NULL, work_on, &child) != 0)
        _exit(2);
    for (;;) {
        struct store_submission submission = submission_of("");
        submission.request = str_of(submission.token); /* so that the parent can check the content */
        store_submit(child.store, &submission, tell_receipt, &child);
        if (submission.token[0] < '4') { /* now and then wait, so that batches of all sizes are cut off */
            struct store_submission another = submission_of("");
            another.request = str_of(another.token);
            if (submit_wait(child.store, &another).code != 0)
                _exit(4);
        }
    }
}

static void check_note(struct store *store, const struct note *note)
{
    char token[TOKEN_LEN + 1] = "";
    memcpy(token, note->token, TOKEN_LEN);
    struct store_record record;
    assert_int_equal(store_get(store, token, &record), 0);
    assert_string_equal(buf_str(&record.request), token);
    if (note->kind == 'c') {
        assert_int_equal(record.status, STATUS_COMPLETED);
        assert_string_equal(buf_str(&record.result), token);
    } else {
        assert_true(record.status == STATUS_QUEUED || record.status == STATUS_COMPLETED);
    }
    store_record_release(&record);
}

/* The child dies after `enough` notes; returns the notes that were told. */
static void kill_in_the_middle(const char *url, size_t enough, struct buf *notes)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(url, ends[1]);
    close(ends[1]);
    char chunk[4096];
    ssize_t n;
    bool killed = false;
    while ((n = read(ends[0], chunk, sizeof(chunk))) > 0) {
        buf_append(notes, chunk, (size_t)n);
        if (!killed && notes->len >= enough * sizeof(struct note)) {
            assert_int_equal(kill(child, SIGKILL), 0);
            killed = true;
        }
    }
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void kill_loses_nothing(void **state)
{
    struct fixture *f = *state;
    close_only(f);
    static const size_t enough[] = {1, 10, 100, 1000, 3000, 5000};
    for (size_t round = 0; round < ARRAY_LEN(enough); round++) { /* on the same file: what came before must last too */
        struct buf notes = BUF_INIT;
        kill_in_the_middle(f->url, enough[round], &notes);
        assert_true(notes.len / sizeof(struct note) >= enough[round]);
        struct error err = ERROR_INIT;
        assert_int_equal(store_open(f->url, &config, &f->store, &err), 0);
        struct store_depth depth;
        assert_int_equal(store_depth(f->store, &depth), 0);
        assert_int_equal(depth.running, 0); /* its leases died with it */
        for (size_t at = 0; at + sizeof(struct note) <= notes.len; at += sizeof(struct note))
            check_note(f->store, (const struct note *)(notes.data + at));
        buf_release(&notes);
        close_only(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_urls_and_settings_are_refused),
        cmocka_unit_test_setup_teardown(a_second_opener_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_are_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kill_costs_a_delivery_no_try, set_up, tear_down),
        cmocka_unit_test(in_memory_it_works_too),
        cmocka_unit_test_setup_teardown(a_mass_of_pending_bytes_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_status_of_what_is_live_is_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_file_is_refused, set_up, tear_down),
        cmocka_unit_test(the_first_format_is_brought_up),
        cmocka_unit_test_setup_teardown(a_look_needs_no_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_pages_never_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kill_loses_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("store_sqlite", tests, NULL, NULL);
}
