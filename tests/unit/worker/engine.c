/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c: see engine.h. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine.h"
#include "worker/tree.h"

/* ---- languages ---- */

static int run_version(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                       int *exit_code)
{
    /* The languages that these tests use; the others' version commands would only take time. */
    static const char *const used[] = {"/usr/bin/gcc", "/usr/bin/g++", "/usr/bin/python3", "/usr/bin/bash",
                                       "/bin/bash"};
    bool wanted = false;
    for (size_t i = 0; i < ARRAY_LEN(used); i++)
        wanted = wanted || strcmp(argv[0], used[i]) == 0;
    if (!wanted)
        return -ENOENT;
    struct limits limits = limits_default();
    limits.memory_kb = 1 << 20;
    const struct box_spec spec = {
        .argv = argv, .envp = envp, .stdin_fd = -1, .artifact_fd = -1, .collect_fd = -1, .limits = limits};
    struct box_report report = {0};
    int r = box_run(jail_box(context, 0), &spec, &report, NULL);
    if (r < 0)
        return r;
    buf_append(output, report.out.data, report.out.len);
    *exit_code = report.exit_code;
    box_report_release(&report);
    return 0;
}

static void must(int r, const struct error *err)
{
    if (r >= 0)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(1);
}

void engine_open(struct engine *engine, const char *jail_program)
{
    struct error err = ERROR_INIT;
    if (geteuid() != 0) {
        fprintf(stderr, "SKIPPED: needs root (boxes are made by root)\n");
        exit(77);
    }
    must(registry_load(LANGUAGES_FOLDER, &engine->registry, &err), &err);
    const struct jail_config config = {
        .program = jail_program,
        .slots = ENGINE_SLOTS,
        .mounts = registry_mounts(engine->registry),
        .uid_base = 91000,
    };
    must(jail_start(&config, &engine->jail, &err), &err);
    registry_discover(engine->registry, run_version, engine->jail);
}

static void remove_folder(struct engine *engine)
{
    if (engine->folder[0])
        tree_remove(AT_FDCWD, engine->folder);
    engine->folder[0] = '\0';
}

void engine_executor(struct engine *engine)
{
    struct error err = ERROR_INIT;
    executor_free(engine->executor);
    engine->executor = NULL;
    remove_folder(engine);
    snprintf(engine->folder, sizeof(engine->folder), "/tmp/evalx-worker-XXXXXX");
    assert_non_null(mkdtemp(engine->folder));
    const struct executor_config config = {
        .jail = engine->jail,
        .registry = engine->registry,
        .artifact_dir = engine->folder,
        .artifact_cache_kb = 1 << 20,
        .output_keep_kb = ENGINE_KEEP_KB,
    };
    if (executor_new(&config, &engine->executor, &err) < 0)
        fail_msg("%s", err.message);
}

void engine_close(struct engine *engine)
{
    executor_free(engine->executor);
    remove_folder(engine);
    jail_stop(engine->jail);
    registry_free(engine->registry);
}

/* ---- submissions ---- */

struct submission *submission_of(const char *language, const char *code)
{
    struct submission *sub = submission_new();
    sub->language = xstrdup(language);
    buf_append_str(&sub->code, code);
    sub->limits = limits_default();
    sub->created_ms = 1;
    return sub;
}

struct test_case *submission_case(struct submission *sub, const char *input, const char *expected)
{
    sub->tests = xrealloc(sub->tests, (sub->test_count + 1) * sizeof(*sub->tests));
    struct test_case *test = &sub->tests[sub->test_count++];
    *test = (struct test_case){.has_expected = expected != NULL, .limits = sub->limits};
    buf_append_str(&test->stdin_data, input);
    buf_append_str(&test->expected, expected ? expected : "");
    return test;
}

void submission_file(struct submission *sub, const char *name, const char *content)
{
    sub->files = xrealloc(sub->files, (sub->file_count + 1) * sizeof(*sub->files));
    struct source_file *file = &sub->files[sub->file_count++];
    *file = (struct source_file){.name = xstrdup(name)};
    buf_append_str(&file->content, content);
}

/* ---- watching ---- */

static void on_compiled(void *context, const struct compile_result *compile)
{
    struct watch *watch = context;
    pthread_mutex_lock(&watch->lock);
    watch->compiled++;
    watch->cached = compile->cached;
    pthread_mutex_unlock(&watch->lock);
}

static void on_tested(void *context, unsigned index, const struct test_result *test)
{
    struct watch *watch = context;
    pthread_mutex_lock(&watch->lock);
    if (!test->done || test->verdict == VERDICT_SKIPPED)
        abort();
    watch->order[watch->tested++] = index;
    if (watch->clock)
        watch->last_tick = __atomic_add_fetch(watch->clock, 1, __ATOMIC_RELAXED);
    if (watch->cancel_after && watch->tested == watch->cancel_after)
        executor_cancel(watch->executor, watch->job);
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
}

static void on_finished(void *context, struct result *result)
{
    struct watch *watch = context;
    pthread_mutex_lock(&watch->lock);
    watch->result = result;
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
}

void watch_init(struct watch *watch, struct executor *executor)
{
    *watch = (struct watch){.executor = executor};
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->changed, NULL);
}

void watch_release(struct watch *watch)
{
    result_free(watch->result);
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
}

struct job *watch_start(struct watch *watch, struct submission *sub)
{
    static const struct job_callbacks callbacks = {
        .compiled = on_compiled, .tested = on_tested, .finished = on_finished};
    pthread_mutex_lock(&watch->lock);
    struct job *job = watch->job = executor_start(watch->executor, sub, watch->owner, &callbacks, watch);
    pthread_mutex_unlock(&watch->lock);
    return job;
}

static void wait_until(struct watch *watch, bool (*done)(const struct watch *, unsigned), unsigned argument)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += ENGINE_PATIENCE_S;
    pthread_mutex_lock(&watch->lock);
    int r = 0;
    while (!done(watch, argument) && r == 0)
        r = pthread_cond_timedwait(&watch->changed, &watch->lock, &end);
    pthread_mutex_unlock(&watch->lock);
    if (r != 0)
        fail_msg("nothing happened for %d seconds", ENGINE_PATIENCE_S);
}

static bool has_tested(const struct watch *watch, unsigned count)
{
    return watch->tested >= count;
}

static bool has_finished(const struct watch *watch, unsigned unused)
{
    (void)unused;
    return watch->result != NULL;
}

void watch_wait_tested(struct watch *watch, unsigned count)
{
    wait_until(watch, has_tested, count);
}

struct result *watch_wait(struct watch *watch)
{
    wait_until(watch, has_finished, 0);
    return watch->result;
}

struct result *watch_run(struct watch *watch, struct submission *sub)
{
    watch_start(watch, sub);
    return watch_wait(watch);
}
