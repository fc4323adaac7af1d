/* SPDX-License-Identifier: Apache-2.0 */
/* test_artifact.c: the artifact cache: single flight, crash leftovers, damage, eviction, neighbours, and hostile things in the folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "worker/artifact.h"
#include "worker/tree.h"

enum { PLENTY_KB = 1 << 20, THREADS = 8, ROUNDS = 40 };

struct fixture {
    char path[64];
    int dir;
    struct artifact_cache *cache;
};

static void make_key(unsigned number, char out[SHA256_HEX_LEN + 1])
{
    unsigned char sum[SHA256_SIZE];
    sha256_of(&number, sizeof(number), sum);
    hex_encode(sum, sizeof(sum), out);
}

static void open_cache(struct fixture *f, int64_t limit_kb)
{
    struct error err = ERROR_INIT;
    if (artifact_cache_open(f->path, limit_kb, &f->cache, &err) < 0)
        fail_msg("%s", err.message);
}

static void reopen(struct fixture *f, int64_t limit_kb)
{
    artifact_cache_close(f->cache);
    open_cache(f, limit_kb);
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    snprintf(f->path, sizeof(f->path), "/tmp/evalx-artifact-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    open_cache(f, PLENTY_KB);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    artifact_cache_close(f->cache);
    close(f->dir);
    assert_int_equal(tree_remove(AT_FDCWD, f->path), 0);
    free(f);
    return 0;
}

/* Makes the artifact of a key that must not be there, with one file `main` of this content. */
static struct artifact *make(struct fixture *f, const char *key, const char *content)
{
    struct compile_result compile = {.state = COMPILE_OK, .time_ns = 42, .memory_kb = 7};
    struct artifact *artifact = NULL;
    struct error err = ERROR_INIT;
    int files = -1, sources = -1;

    buf_append_str(&compile.err, "a warning");
    assert_int_equal(artifact_acquire(f->cache, key, &artifact), -ENOENT);
    assert_int_equal(artifact_begin(f->cache, key, &files, &sources, &err), 0);
    assert_int_equal(tree_write(sources, "main.c", STR("int main(void) {}")), 0);
    assert_int_equal(tree_write(files, "main", str_of(content)), 0);
    assert_int_equal(tree_write(files, "data/deep/input.txt", STR("data")), 0);
    if (artifact_commit(f->cache, key, &compile, &artifact, &err) < 0)
        fail_msg("%s", err.message);
    compile_result_release(&compile);
    return artifact;
}

static void assert_content(const struct artifact *artifact, const char *content)
{
    _cleanup_(buf_release) struct buf got = BUF_INIT;
    assert_int_equal(fd_read_file(artifact_dirfd(artifact), "main", 4096, &got), 0);
    assert_string_equal(buf_str(&got), content);
}

static unsigned entries(const struct fixture *f, const char *prefix)
{
    unsigned count = 0;
    DIR *dir = opendir(f->path);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            count++;
    closedir(dir);
    return count;
}

/* ---- the plain way ---- */

static void what_is_committed_is_found_again(void **state)
{
    struct fixture *f = *state;
    char key[SHA256_HEX_LEN + 1];
    struct artifact *artifact = NULL;

    make_key(1, key);
    artifact_release(f->cache, make(f, key, "program"));
    for (int start = 0; start < 2; start++) {
        assert_int_equal(artifact_acquire(f->cache, key, &artifact), 0);
        assert_content(artifact, "program");
        assert_int_equal(artifact_compile(artifact)->time_ns, 42);
        assert_string_equal(buf_str(&artifact_compile(artifact)->err), "a warning");
        artifact_release(f->cache, artifact);
        reopen(f, PLENTY_KB);
    }
    assert_int_equal(entries(f, "tmp-"), 0);
}

static void only_the_files_are_shown(void **state)
{
    struct fixture *f = *state;
    char key[SHA256_HEX_LEN + 1];
    struct stat st;

    make_key(1, key);
    umask(077);
    struct artifact *artifact = make(f, key, "program");
    umask(022);
    int dir = artifact_dirfd(artifact);
    assert_int_equal(faccessat(dir, "meta", F_OK, 0), -1);
    assert_int_equal(faccessat(dir, "main.c", F_OK, 0), -1);
    assert_int_equal(faccessat(f->dir, key, F_OK, 0), 0);
    assert_int_equal(entries(f, ""), 1);
    assert_int_equal(fstatat(dir, "main", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(fstatat(dir, "data/deep", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(fstat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    artifact_release(f->cache, artifact);
}

static void abandoned_makings_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct artifact *artifact = NULL;
    char key[SHA256_HEX_LEN + 1];
    int files, sources;

    make_key(1, key);
    for (int begun = 0; begun < 2; begun++) {
        assert_int_equal(artifact_acquire(f->cache, key, &artifact), -ENOENT);
        if (begun) {
            assert_int_equal(artifact_begin(f->cache, key, &files, &sources, NULL), 0);
            assert_int_equal(tree_write(files, "a/b/c", STR("x")), 0);
        }
        assert_int_equal(artifact_acquire(f->cache, key, &artifact), -EAGAIN);
        artifact_abandon(f->cache, key);
        assert_int_equal(entries(f, ""), 0);
    }
    artifact_release(f->cache, make(f, key, "program"));
}

static void a_making_must_have_been_acquired(void **state)
{
    struct fixture *f = *state;
    struct compile_result compile = {0};
    struct artifact *artifact = NULL;
    char key[SHA256_HEX_LEN + 1];
    int files, sources;

    make_key(1, key);
    assert_int_equal(artifact_begin(f->cache, key, &files, &sources, NULL), -EINVAL);
    assert_int_equal(artifact_commit(f->cache, key, &compile, &artifact, NULL), -EINVAL);
    artifact_abandon(f->cache, key);
    artifact_release(f->cache, make(f, key, "program"));
    assert_int_equal(artifact_begin(f->cache, key, &files, &sources, NULL), -EINVAL);
}

/* ---- threads ---- */

struct race {
    struct fixture *f;
    pthread_barrier_t start;
    unsigned made[ROUNDS]; /* by __atomic */
};

static void *racer(void *argument)
{
    struct race *race = argument;
    struct compile_result compile = {.state = COMPILE_OK};

    for (unsigned round = 0; round < ROUNDS; round++) {
        char key[SHA256_HEX_LEN + 1];
        struct artifact *artifact = NULL;
        int files, sources, r;

        make_key(round, key);
        pthread_barrier_wait(&race->start);
        while ((r = artifact_acquire(race->f->cache, key, &artifact)) == -EAGAIN)
            sched_yield();
        if (r == -ENOENT) {
            __atomic_add_fetch(&race->made[round], 1, __ATOMIC_RELAXED);
            r = artifact_begin(race->f->cache, key, &files, &sources, NULL);
            if (r == 0)
                r = tree_write(files, "main", str_of(key));
            if (r == 0)
                r = artifact_commit(race->f->cache, key, &compile, &artifact, NULL);
        }
        _cleanup_(buf_release) struct buf content = BUF_INIT;
        if (r != 0 || fd_read_file(artifact_dirfd(artifact), "main", 4096, &content) != 0 ||
            strcmp(buf_str(&content), key) != 0)
            __atomic_add_fetch(&race->made[round], 100, __ATOMIC_RELAXED);
        if (r == 0)
            artifact_release(race->f->cache, artifact);
    }
    return NULL;
}

static void run_race(struct race *race)
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&race->start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, racer, race), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&race->start);
}

static void each_key_is_made_by_one_thread(void **state)
{
    struct race race = {.f = *state};

    run_race(&race);
    for (unsigned i = 0; i < ROUNDS; i++)
        assert_int_equal(race.made[i], 1);
    assert_int_equal(entries(race.f, ""), ROUNDS);
}

/* With room for three, threads evict what others are about to ask for; everybody still gets a whole artifact with the right content. */
static void eviction_under_load_never_breaks_an_artifact(void **state)
{
    struct race race = {.f = *state};

    reopen(race.f, 96);
    run_race(&race);
    for (unsigned i = 0; i < ROUNDS; i++)
        assert_in_range(race.made[i], 1, THREADS);
    assert_in_range(entries(race.f, ""), 1, 3);
}

/* ---- eviction ---- */

static void the_least_recently_used_go_first(void **state)
{
    struct fixture *f = *state;
    char keys[5][SHA256_HEX_LEN + 1];
    struct artifact *held = NULL, *artifact = NULL;

    for (unsigned i = 0; i < 5; i++)
        make_key(i, keys[i]);
    for (unsigned i = 0; i < 3; i++)
        artifact_release(f->cache, make(f, keys[i], "program"));
    assert_int_equal(artifact_acquire(f->cache, keys[0], &artifact), 0); /* now 1 is the oldest */
    artifact_release(f->cache, artifact);
    assert_int_equal(artifact_acquire(f->cache, keys[1], &held), 0);
    artifact_release(f->cache, held);
    reopen(f, 3 * 32); /* the order of use survives: 2, 0, 1 */
    artifact_release(f->cache, make(f, keys[3], "program"));
    assert_int_equal(faccessat(f->dir, keys[2], F_OK, 0), -1);
    assert_int_equal(faccessat(f->dir, keys[0], F_OK, 0), 0);
    assert_int_equal(artifact_acquire(f->cache, keys[0], &held), 0);
    artifact_release(f->cache, make(f, keys[4], "program"));
    assert_int_equal(faccessat(f->dir, keys[1], F_OK, 0), -1);
    assert_int_equal(faccessat(f->dir, keys[0], F_OK, 0), 0);
    artifact_release(f->cache, held);
}

static void what_is_held_stays_however_small_the_limit(void **state)
{
    struct fixture *f = *state;
    char keys[2][SHA256_HEX_LEN + 1];

    reopen(f, 1);
    make_key(0, keys[0]);
    make_key(1, keys[1]);
    struct artifact *first = make(f, keys[0], "first"), *second = make(f, keys[1], "second"), *again = NULL;
    assert_int_equal(artifact_acquire(f->cache, keys[0], &again), 0);
    assert_ptr_equal(first, again);
    artifact_release(f->cache, first);
    assert_content(again, "first");
    artifact_release(f->cache, again);
    assert_int_equal(faccessat(f->dir, keys[0], F_OK, 0), -1);
    assert_content(second, "second");
    artifact_release(f->cache, second);
    assert_int_equal(entries(f, ""), 0);
}

/* Another process that works in the same folder: it may neither remove what we hold nor sweep what we are making. */
static void another_process_respects_what_is_in_use(void **state)
{
    struct fixture *f = *state;
    char keys[3][SHA256_HEX_LEN + 1];
    struct artifact *artifact = NULL;
    int files, sources, status;

    for (unsigned i = 0; i < 3; i++)
        make_key(i, keys[i]);
    struct artifact *held = make(f, keys[0], "held");
    artifact_release(f->cache, make(f, keys[1], "unused"));
    assert_int_equal(artifact_acquire(f->cache, keys[2], &artifact), -ENOENT);
    assert_int_equal(artifact_begin(f->cache, keys[2], &files, &sources, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        /* A descriptor that the fork copied shares our locks; an unrelated process has none of them. */
        close_range(3, ~0U, 0);
        struct artifact_cache *theirs = NULL;
        int r = artifact_cache_open(f->path, 0, &theirs, NULL);
        artifact_cache_close(theirs);
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(faccessat(f->dir, keys[0], F_OK, 0), 0);
    assert_int_equal(faccessat(f->dir, keys[1], F_OK, 0), -1);
    assert_int_equal(entries(f, "tmp-"), 1);
    artifact_abandon(f->cache, keys[2]);
    assert_content(held, "held");
    artifact_release(f->cache, held);
    artifact_release(f->cache, make(f, keys[1], "made again")); /* the table still knew it: found gone, made anew */
}

static void the_faster_process_wins_and_both_have_it(void **state)
{
    struct fixture *f = *state;
    struct fixture other = *f;
    struct compile_result compile = {.state = COMPILE_OK};
    struct artifact *ours = NULL;
    char key[SHA256_HEX_LEN + 1];
    int files, sources;

    make_key(1, key);
    open_cache(&other, PLENTY_KB);
    assert_int_equal(artifact_acquire(f->cache, key, &ours), -ENOENT);
    assert_int_equal(artifact_begin(f->cache, key, &files, &sources, NULL), 0);
    assert_int_equal(tree_write(files, "main", STR("slower")), 0);
    struct artifact *theirs = make(&other, key, "faster");
    assert_int_equal(artifact_commit(f->cache, key, &compile, &ours, NULL), 0);
    assert_content(ours, "faster");
    artifact_release(f->cache, ours);
    artifact_release(other.cache, theirs);
    artifact_cache_close(other.cache);
    assert_int_equal(entries(f, ""), 1);
}

/* ---- damage ---- */

static void overwrite(const struct fixture *f, const char *key, const char *name, const char *content)
{
    _cleanup_(freep) char *path = xasprintf("%s/%s", key, name);
    _cleanup_(fd_closep) int fd = openat(f->dir, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, content, strlen(content)), 0);
}

static void damage_nothing_but_the_program(const struct fixture *f, const char *key)
{
    overwrite(f, key, "files/main", "PROGRAM");
}
static void empty_the_program(const struct fixture *f, const char *key)
{
    overwrite(f, key, "files/main", "");
}
static void remove_a_file(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/files/data/deep/input.txt", key);
    assert_int_equal(unlinkat(f->dir, path, 0), 0);
}
static void add_a_file(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/files/more", key);
    close(openat(f->dir, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}
static void change_a_mode(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/files/main", key);
    assert_int_equal(fchmodat(f->dir, path, 0755, 0), 0);
}
static void replace_by_a_link(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/files/main", key);
    assert_int_equal(unlinkat(f->dir, path, 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", f->dir, path), 0);
}
static void put_a_fifo(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/files/pipe", key);
    assert_int_equal(mkfifoat(f->dir, path, 0644), 0);
}
static void empty_meta(const struct fixture *f, const char *key)
{
    overwrite(f, key, "meta", "");
}
static void rubbish_meta(const struct fixture *f, const char *key)
{
    char rubbish[1000];
    memset(rubbish, 'x', sizeof(rubbish) - 1);
    rubbish[sizeof(rubbish) - 1] = '\0';
    overwrite(f, key, "meta", rubbish);
}
static void flip_a_bit_of_meta(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/meta", key);
    _cleanup_(fd_closep) int fd = openat(f->dir, path, O_RDWR | O_CLOEXEC);
    char byte;
    assert_int_equal(pread(fd, &byte, 1, 180), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 180), 1);
}
static void remove_meta(const struct fixture *f, const char *key)
{
    _cleanup_(freep) char *path = xasprintf("%s/meta", key);
    assert_int_equal(unlinkat(f->dir, path, 0), 0);
}
static void swap_for_another_keys(const struct fixture *f, const char *key)
{
    char other[SHA256_HEX_LEN + 1];
    make_key(77, other);
    assert_int_equal(renameat(f->dir, key, f->dir, "aside"), 0);
    assert_int_equal(renameat(f->dir, other, f->dir, key), 0);
    assert_int_equal(renameat(f->dir, "aside", f->dir, other), 0);
}

typedef void damage_fn(const struct fixture *f, const char *key);
static damage_fn *const damages[] = {
    damage_nothing_but_the_program,
    empty_the_program,
    remove_a_file,
    add_a_file,
    change_a_mode,
    replace_by_a_link,
    put_a_fifo,
    empty_meta,
    rubbish_meta,
    flip_a_bit_of_meta,
    remove_meta,
    swap_for_another_keys,
};

/* The damage happened while no process looked: found at the start or at the first use, and the artifact is made anew. */
static void damaged_artifacts_are_made_anew(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        char key[SHA256_HEX_LEN + 1], other[SHA256_HEX_LEN + 1];
        struct artifact *artifact = NULL;
        make_key((unsigned)i, key);
        make_key(77, other);
        artifact_release(f->cache, make(f, key, "program"));
        artifact_release(f->cache, make(f, other, "other"));
        damages[i](f, key);
        reopen(f, PLENTY_KB);
        artifact = make(f, key, "new"); /* checks that it is not there */
        assert_content(artifact, "new");
        artifact_release(f->cache, artifact);
        if (artifact_acquire(f->cache, other, &artifact) == 0)
            artifact_release(f->cache, artifact);
        else
            artifact_abandon(f->cache, other);
        assert_int_equal(tree_remove(f->dir, key), 0);
        tree_remove(f->dir, other);
        reopen(f, PLENTY_KB);
        assert_int_equal(entries(f, ""), 0);
    }
}

static void a_start_sweeps_what_a_crash_left(void **state)
{
    struct fixture *f = *state;
    char key[SHA256_HEX_LEN + 1];
    int status;

    make_key(1, key);
    pid_t child = fork();
    if (child == 0) { /* dies in the middle of a making */
        struct artifact_cache *cache = NULL;
        struct artifact *artifact = NULL;
        int files, sources;
        int r = artifact_cache_open(f->path, PLENTY_KB, &cache, NULL);
        if (r == 0)
            r = artifact_acquire(cache, key, &artifact) == -ENOENT ? 0 : -1;
        if (r == 0)
            r = artifact_begin(cache, key, &files, &sources, NULL);
        if (r == 0)
            r = tree_write(files, "half/main", STR("half"));
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(entries(f, "tmp-"), 1);
    close(openat(f->dir, "tmp-1-file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    assert_int_equal(symlinkat("/etc", f->dir, "tmp-1-link"), 0);
    assert_int_equal(symlinkat("/etc", f->dir, key), 0);
    close(openat(f->dir, "notes.txt", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    reopen(f, PLENTY_KB);
    assert_int_equal(entries(f, ""), 1); /* what is not the cache's is left alone */
    assert_int_equal(faccessat(f->dir, "notes.txt", F_OK, 0), 0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
    artifact_release(f->cache, make(f, key, "program"));
}

/* ---- keys ---- */

static void everything_that_matters_changes_the_key(void **state)
{
    (void)state;
    char option[] = "-O2", file_name[] = "a.h", other_name[] = "b.h", name[] = "c", source[] = "main.c", word[] = "gcc";
    char *options[] = {option}, *argv[] = {word};
    struct source_file file = {.name = file_name};
    struct language language = {.name = name, .source = source, .compile_argv = {.items = argv, .count = 1}};
    struct submission sub = {0};
    char keys[10][SHA256_HEX_LEN + 1];
    unsigned n = 0;

    artifact_key(&language, &sub, false, keys[n++]);
    buf_append_str(&sub.code, "int main;");
    artifact_key(&language, &sub, false, keys[n++]);
    sub.compiler_options = (struct string_list){.items = options, .count = 1};
    artifact_key(&language, &sub, false, keys[n++]);
    sub.files = &file;
    sub.file_count = 1;
    artifact_key(&language, &sub, false, keys[n++]);
    file.name = other_name;
    artifact_key(&language, &sub, false, keys[n++]);
    buf_append_str(&file.content, "#define X");
    artifact_key(&language, &sub, false, keys[n++]);
    language.toolchain_id[0] = 'f';
    artifact_key(&language, &sub, false, keys[n++]);
    language.compile_limits.memory_kb = 1;
    artifact_key(&language, &sub, false, keys[n++]);
    language.compile_argv.count = 0;
    artifact_key(&language, &sub, false, keys[n++]);
    language.env = (struct string_list){.items = argv, .count = 1};
    artifact_key(&language, &sub, false, keys[n++]);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(keys[i], keys[k]);
    char again[SHA256_HEX_LEN + 1];
    sub.stop_on_first_failure = true; /* of no consequence for the program */
    artifact_key(&language, &sub, false, again);
    assert_string_equal(again, keys[n - 1]);
    buf_release(&sub.code);
    buf_release(&file.content);
}

/* ---- the tree underneath ---- */

static void names_cannot_lead_outside(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"", ".", "..", "../x", "a/../../x", "/etc/x", "a//b", "a/", "./a"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(tree_write(f->dir, bad[i], STR("x")), -EINVAL);
    assert_int_equal(symlinkat("/tmp", f->dir, "link"), 0);
    assert_int_equal(tree_write(f->dir, "link/x", STR("x")), -ENOTDIR);
    assert_int_equal(tree_write(f->dir, "link", STR("x")), -EEXIST);
    assert_int_equal(tree_write(f->dir, "plain", STR("x")), 0);
    assert_int_equal(tree_write(f->dir, "plain", STR("x")), -EEXIST);
    assert_int_equal(tree_write(f->dir, "plain/x", STR("x")), -ENOTDIR);
    assert_int_equal(tree_remove(f->dir, "link"), 0);
    assert_int_equal(access("/tmp", F_OK), 0);
    assert_int_equal(tree_remove(f->dir, "link"), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_committed_is_found_again),        TEST(only_the_files_are_shown),
        TEST(abandoned_makings_leave_nothing),         TEST(a_making_must_have_been_acquired),
        TEST(each_key_is_made_by_one_thread),          TEST(eviction_under_load_never_breaks_an_artifact),
        TEST(the_least_recently_used_go_first),        TEST(what_is_held_stays_however_small_the_limit),
        TEST(another_process_respects_what_is_in_use), TEST(the_faster_process_wins_and_both_have_it),
        TEST(damaged_artifacts_are_made_anew),         TEST(a_start_sweeps_what_a_crash_left),
        TEST(everything_that_matters_changes_the_key), TEST(names_cannot_lead_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
