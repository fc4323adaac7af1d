/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_disk_full.c: the SQLite store on a disk that is full: submits are refused with -ENOSPC, what was accepted can still be
 * completed, nothing is lost or damaged, and all goes on when there is room again. The disk is a tmpfs in a mount namespace of
 * the test's own, which needs root.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"

enum { DISK_BYTES = 64 << 20, REQUEST_BYTES = 256 << 10, MANY = DISK_BYTES / REQUEST_BYTES };

struct disk {
    struct fixture f;
    char request[REQUEST_BYTES];
    char tokens[MANY][TOKEN_LEN + 1];
    size_t stored;
};

static int set_up(void **state)
{
    struct disk *disk = xcalloc(1, sizeof(*disk));
    *state = disk;
    fixture_open(&disk->f, "sqlite:%s/evalx.db");
    store_close(disk->f.store);
    disk->f.store = NULL;
    char options[32];
    snprintf(options, sizeof(options), "size=%d", DISK_BYTES);
    assert_int_equal(mount("disk", disk->f.dir, "tmpfs", 0, options), 0);
    struct error err = ERROR_INIT;
    assert_int_equal(store_open(disk->f.url, &disk->f.config, &disk->f.store, &err), 0);
    memset(disk->request, 'r', sizeof(disk->request));
    return 0;
}

static int tear_down(void **state)
{
    struct disk *disk = *state;
    store_close(disk->f.store);
    disk->f.store = NULL;
    umount2(disk->f.dir, MNT_DETACH);
    fixture_close(&disk->f);
    free(disk);
    return 0;
}

static int submit_large(struct disk *disk)
{
    struct store_submission submission = submission_of("");
    submission.request = (struct str){.data = disk->request, .len = sizeof(disk->request)};
    int code = submit_wait(disk->f.store, &submission).code;
    if (code == 0)
        memcpy(disk->tokens[disk->stored++], submission.token, sizeof(submission.token));
    return code;
}

static void submit_until_refused(struct disk *disk)
{
    int code = 0;
    while (code == 0) {
        assert_true(disk->stored < MANY);
        code = submit_large(disk);
    }
    assert_int_equal(code, -ENOSPC);
}

/* Takes what is left of the disk but `leave` bytes, with a file that free_disk removes. */
static void fill_disk(struct disk *disk, size_t leave)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/filler", disk->f.dir);
    _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    struct statvfs fs;
    assert_int_equal(fstatvfs(fd, &fs), 0);
    size_t free_bytes = (size_t)(fs.f_bavail * fs.f_frsize);
    assert_true(free_bytes >= leave);
    assert_int_equal(posix_fallocate(fd, 0, (off_t)(free_bytes - leave)), 0);
}

static void free_disk(struct disk *disk)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/filler", disk->f.dir);
    assert_int_equal(unlink(path), 0);
}

static void check_all(struct disk *disk, enum status status, size_t result_len)
{
    for (size_t i = 0; i < disk->stored; i++) {
        struct store_record record;
        assert_int_equal(store_get(disk->f.store, disk->tokens[i], &record), 0);
        assert_int_equal(record.status, status);
        assert_int_equal(record.request.len, REQUEST_BYTES);
        assert_memory_equal(record.request.data, disk->request, REQUEST_BYTES);
        assert_int_equal(record.result.len, result_len);
        store_record_release(&record);
    }
}

static void full_refuses_submits_but_completes_the_rest(void **state)
{
    struct disk *disk = *state;
    submit_until_refused(disk);
    assert_true(disk->stored > 20);
    assert_int_equal(store_ping(disk->f.store), -ENOSPC);
    check_all(disk, STATUS_QUEUED, 0);
    for (size_t i = 0; i < disk->stored; i++) {
        struct store_claim claim = take(disk->f.store);
        assert_string_equal(claim.token, disk->tokens[i]);
        buf_release(&claim.request);
        struct str result = {.data = disk->request, .len = 8192};
        assert_int_equal(store_complete(disk->f.store, claim.token, claim.fence, STATUS_COMPLETED, result, 0), 0);
    }
    fixture_reopen(&disk->f, NULL);
    check_all(disk, STATUS_COMPLETED, 8192);
    for (size_t i = 0; i < disk->stored; i++)
        assert_int_equal(store_forget(disk->f.store, disk->tokens[i]), 0);
    disk->stored = 0;
    assert_int_equal(store_ping(disk->f.store), 0); /* the file's own free pages count as room */
    assert_int_equal(submit_large(disk), 0);
    check_all(disk, STATUS_QUEUED, 0);
}

static void nothing_left_is_survived(void **state)
{
    struct disk *disk = *state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(submit_large(disk), 0);
    struct store_claim claim = take(disk->f.store);
    buf_release(&claim.request);
    fill_disk(disk, 0);
    assert_int_equal(submit_large(disk), -ENOSPC);
    struct buf result = BUF_INIT; /* more than the log has room for */
    buf_reserve(&result, 24 << 20);
    memset(result.data, 'x', result.len = 24 << 20);
    for (int round = 0; round < 3; round++)
        assert_int_equal(
            store_complete(disk->f.store, claim.token, claim.fence, STATUS_COMPLETED, buf_view(&result), 0), -ENOSPC);
    assert_status(disk->f.store, claim.token, STATUS_RUNNING);
    assert_int_equal(store_renew(disk->f.store, claim.token, claim.fence), 0); /* a lease needs no disk */
    assert_depth(disk->f.store, 7, 1);
    free_disk(disk);
    result.len = 100;
    assert_int_equal(store_complete(disk->f.store, claim.token, claim.fence, STATUS_COMPLETED, buf_view(&result), 0),
                     0);
    buf_release(&result);
    assert_int_equal(store_cancel(disk->f.store, disk->tokens[7]), 0);
    fixture_reopen(&disk->f, NULL);
    assert_status(disk->f.store, claim.token, STATUS_COMPLETED);
    assert_status(disk->f.store, disk->tokens[7], STATUS_CANCELLED);
    assert_depth(disk->f.store, 6, 0);
    assert_int_equal(store_ping(disk->f.store), 0);
}

struct completion {
    struct store *store;
    pthread_t thread;
    struct store_claim claim;
    struct str result;
    int code;
};

static void *complete_it(void *argument)
{
    struct completion *c = argument;
    c->code = store_complete(c->store, c->claim.token, c->claim.fence, STATUS_COMPLETED, c->result, 0);
    return NULL;
}

static void one_that_does_not_fit_harms_no_other(void **state)
{
    struct disk *disk = *state;
    struct completion completions[9] = {0};
    for (size_t i = 0; i < ARRAY_LEN(completions); i++)
        assert_int_equal(submit_large(disk), 0);
    for (size_t i = 0; i < ARRAY_LEN(completions); i++) {
        completions[i].store = disk->f.store;
        completions[i].claim = take(disk->f.store);
        buf_release(&completions[i].claim.request);
    }
    fill_disk(disk, 2 << 20);
    struct buf large = BUF_INIT;
    buf_reserve(&large, 40 << 20);
    memset(large.data, 'x', large.len = 40 << 20);
    for (size_t i = 0; i < ARRAY_LEN(completions); i++) {
        completions[i].result = i == 4 ? buf_view(&large) : STR("fits");
        assert_int_equal(pthread_create(&completions[i].thread, NULL, complete_it, &completions[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(completions); i++)
        pthread_join(completions[i].thread, NULL);
    for (size_t i = 0; i < ARRAY_LEN(completions); i++) {
        assert_int_equal(completions[i].code, i == 4 ? -ENOSPC : 0);
        assert_status(disk->f.store, completions[i].claim.token, i == 4 ? STATUS_RUNNING : STATUS_COMPLETED);
    }
    buf_release(&large);
}

int main(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0) {
        printf("a full disk cannot be made here: a mount namespace needs root\n");
        return 77; /* skipped */
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(full_refuses_submits_but_completes_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_left_is_survived, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_does_not_fit_harms_no_other, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("store_disk_full", tests, NULL, NULL);
}
