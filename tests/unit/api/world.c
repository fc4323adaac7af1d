/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: see world.h. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/internal.h"
#include "api/visit.h"
#include "base/clock.h"
#include "base/fd.h"

const char three_tests[] =
    "{\"language\":\"cee\",\"code\":\"x\",\"test_cases\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}],"
    "\"metadata\":{\"n\":1}}";

/* ---- set-up ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    _cleanup_(freep) char *path = xasprintf("%s/languages/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
    close(fd);
}

static int invented_version(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                            int *exit_code)
{
    (void)context;
    (void)envp;
    if (strstr(argv[0], "missing"))
        return -ENOENT;
    buf_append_str(output, "version 12.2.0\n");
    *exit_code = 0;
    return 0;
}

static void load_languages(struct world *w)
{
    static const char version[] = "version: {command: [/bin/sh], pattern: 'version ([0-9.]+)'}\n";
    _cleanup_(freep) char *folder = xasprintf("%s/languages", w->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    _cleanup_(freep) char *cee = xasprintf("name: cee\ntitle: Cee\naliases: [ceelang]\npackage: cee\nsource: main.c\n%s"
                                           "compile: {command: [/bin/sh, '{options}', '{source}'], options: "
                                           "['-O[0-3]']}\nrun: {command: [/artifact/main]}\n",
                                           version);
    _cleanup_(freep) char *script = xasprintf("name: script\ntitle: Script\npackage: script\nsource: main.x\n%s"
                                              "run: {command: [/bin/sh, '{source}'], limits: {wall_time_ms: 7000}}\n",
                                              version);
    write_file(w->folder, "cee.yaml", cee);
    write_file(w->folder, "script.yaml", script);
    write_file(
        w->folder, "absent.yaml",
        "name: absent\ntitle: Absent\npackage: absent\nsource: main.y\n"
        "version: {command: [/missing], pattern: 'version ([0-9.]+)'}\nrun: {command: [/missing, '{source}']}\n");
    struct error err = ERROR_INIT;
    if (registry_load(folder, &w->registry, &err) < 0)
        fail_msg("%s", err.message);
    registry_discover(w->registry, invented_version, NULL);
}

void world_prepare(struct world *w)
{
    *w = (struct world){.folder = "/tmp/evalx-api-XXXXXX"};
    assert_non_null(mkdtemp(w->folder));
    load_languages(w);
    w->store_config = (struct store_config){.lease_ms = 60000, .retention_ms = 3600000, .max_depth = 100000};
    w->config = api_config_default();
    w->config.http.listen = "127.0.0.1:0";
}

void world_start(struct world *w)
{
    struct error err = ERROR_INIT;
    _cleanup_(freep) char *url = xasprintf("sqlite:%s/queue.sqlite", w->folder);
    if (store_open(url, &w->store_config, &w->store, &err) < 0)
        fail_msg("%s", err.message);
    w->config.store = w->store;
    w->config.registry = w->registry;
    if (api_start(&w->config, &w->api, &err) < 0)
        fail_msg("%s", err.message);
}

void world_stop(struct world *w)
{
    api_stop(STEAL(w->api), 1000);
    store_close(STEAL(w->store));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void world_end(struct world *w)
{
    world_stop(w);
    registry_free(w->registry);
    nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static size_t count_visits(struct api *api)
{
    size_t n = 0;
    pthread_mutex_lock(&api->lock);
    for (const struct visit *v = api->visits; v; v = v->next)
        n++;
    pthread_mutex_unlock(&api->lock);
    return n;
}

void await_visits(const struct world *w, size_t count)
{
    int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (count_visits(w->api) != count) {
        if (clock_monotonic_ns() > until)
            fail_msg("%zu visits instead of %zu", count_visits(w->api), count);
        usleep(1000);
    }
}

/* ---- a client ---- */

int client_of(const struct world *w)
{
    return client_to(w->api->server);
}

int open_request(const struct world *w, const char *method, const char *path, const char *headers, const char *body)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    buf_printf(&text, "%s %s HTTP/1.1\r\nHost: x\r\n%s", method, path, headers ? headers : "");
    if (body)
        buf_printf(&text, "%sContent-Length: %zu\r\n",
                   headers && strstr(headers, "Content-Type") ? "" : "Content-Type: application/json\r\n",
                   strlen(body));
    buf_printf(&text, "\r\n%s", body ? body : "");
    int fd = client_of(w);
    client_send(fd, text.data, text.len);
    return fd;
}

struct reply ask(const struct world *w, const char *method, const char *path, const char *headers, const char *body)
{
    int fd = open_request(w, method, path, headers, body);
    struct reply r = client_read(fd, strcmp(method, "HEAD") == 0);
    close(fd);
    return r;
}

json_t *body_of(const struct reply *r)
{
    json_t *body = NULL;
    struct error err = ERROR_INIT;
    if (json_parse(buf_str(&r->body), r->body.len, &body, &err) < 0)
        fail_msg("%s: %s", err.message, buf_str(&r->body));
    return body;
}

json_t *ask_json(const struct world *w, int status, const char *method, const char *path, const char *body)
{
    _cleanup_(reply_release) struct reply r = ask(w, method, path, NULL, body);
    if (r.status != status)
        fail_msg("%s %s: %d %s", method, path, r.status, buf_str(&r.body));
    return body_of(&r);
}

const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text)
        fail_msg("no text \"%s\"", key);
    return text;
}

void assert_problem(const struct reply *r, int status, const char *field, const char *text)
{
    if (r->status != status)
        fail_msg("%d instead of %d: %s", r->status, status, buf_str(&r->body));
    assert_true(reply_has(r, "Content-Type: application/problem+json"));
    json_auto_t *problem = body_of(r);
    assert_int_equal(json_integer_value(json_object_get(problem, "status")), status);
    const json_t *errors = json_object_get(problem, "errors");
    assert_int_equal(json_array_size(errors), field ? 1 : 0);
    if (field)
        assert_string_equal(text_at(json_array_get(errors, 0), "field"), field);
    if (text && !strstr(buf_str(&r->body), text))
        fail_msg("no \"%s\" in: %s", text, buf_str(&r->body));
}

void assert_refused(const struct world *w, const char *path, const char *body, int status, const char *field,
                    const char *text)
{
    _cleanup_(reply_release) struct reply r = ask(w, "POST", path, NULL, body);
    assert_problem(&r, status, field, text);
}

char *submit(const struct world *w, const char *body)
{
    json_auto_t *receipt = ask_json(w, 202, "POST", "/execute-batch", body);
    return xstrdup(text_at(receipt, "token"));
}

/* ---- a worker ---- */

void job_claim(struct world *w, struct job *job)
{
    *job = (struct job){.store = w->store};
    assert_int_equal(store_claim(w->store, "test", PATIENCE_MS, &job->claim), 0);
    assert_int_equal(submission_load(job->claim.request.data, job->claim.request.len, &job->submission, NULL), 0);
    assert_string_equal(job->submission->token, job->claim.token);
    job->result = result_new(job->submission->test_count);
    job->result->started_ms = clock_realtime_ms();
    job->result->language = xstrdup("cee");
    job->result->version = xstrdup("12.2.0");
}

void job_compile(struct job *job)
{
    _cleanup_(buf_release) struct buf data = BUF_INIT;
    struct compile_result *compile = &job->result->compile;
    compile->state = COMPILE_OK;
    compile->exit_code = 0;
    buf_append_str(&compile->err, "a warning");
    compile_result_store(compile, &data);
    assert_int_equal(
        store_progress(job->store, job->claim.token, job->claim.fence, STORE_EVENT_COMPILE, 0, buf_view(&data)), 0);
}

void job_test(struct job *job, size_t index, enum verdict verdict, struct str out)
{
    _cleanup_(buf_release) struct buf data = BUF_INIT;
    struct test_result *test = &job->result->tests[index];
    test->done = true;
    test->verdict = verdict;
    test->exit_code = 0;
    test->cpu_ns = 1500000;
    buf_append(&test->out, out.data, out.len);
    job->result->order[job->ended++] = (uint16_t)index;
    test_result_store(test, &data);
    assert_int_equal(store_progress(job->store, job->claim.token, job->claim.fence, STORE_EVENT_TEST, (unsigned)index,
                                    buf_view(&data)),
                     0);
}

void job_drop(struct job *job)
{
    buf_release(&job->claim.request);
    submission_free(job->submission);
    result_free(job->result);
}

void job_finish(struct job *job)
{
    _cleanup_(buf_release) struct buf data = BUF_INIT;
    result_conclude(job->result);
    job->result->finished_ms = clock_realtime_ms();
    result_store(job->result, &data);
    assert_int_equal(
        store_complete(job->store, job->claim.token, job->claim.fence, job->result->status, buf_view(&data), 0), 0);
    job_drop(job);
}

void run_next(struct world *w)
{
    struct job job;
    job_claim(w, &job);
    job_compile(&job);
    for (size_t i = 0; i < job.submission->test_count; i++)
        job_test(&job, i, VERDICT_ACCEPTED, STR("ok"));
    job_finish(&job);
}
