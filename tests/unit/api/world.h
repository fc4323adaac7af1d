/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h: a real API on a real port over a real SQLite store in a folder of its own, with three invented languages; and a worker
 * played by the test, step by step, so that nothing depends on time.
 */
#ifndef EVALX_TESTS_API_WORLD_H
#define EVALX_TESTS_API_WORLD_H

#include "../http/harness.h"
#include "api/api.h"
#include "base/json.h"
#include "model/result.h"

struct world {
    char folder[64];
    struct store_config store_config;
    struct api_config config;
    struct store *store;
    struct registry *registry;
    struct api *api;
};

void world_prepare(struct world *w); /* folder, registry, default configurations: to be changed before world_start */
void world_start(struct world *w);
void world_stop(struct world *w); /* API and store */
void world_end(struct world *w);  /* everything */

/* Waits until so many requests are open as visits (commits, waits, streams). */
void await_visits(const struct world *w, size_t count);

/* ---- a client ---- */
int client_of(const struct world *w); /* connected */
int open_request(const struct world *w, const char *method, const char *path, const char *headers, const char *body);
struct reply ask(const struct world *w, const char *method, const char *path, const char *headers, const char *body);
json_t *ask_json(const struct world *w, int status, const char *method, const char *path, const char *body);
json_t *body_of(const struct reply *r);

/* Asserts a problem of this status whose only error is about field (NULL: no errors), and which mentions text (NULL: any). */
void assert_problem(const struct reply *r, int status, const char *field, const char *text);
void assert_refused(const struct world *w, const char *path, const char *body, int status, const char *field,
                    const char *text);

/* Submits and returns the token (the caller frees). */
char *submit(const struct world *w, const char *body);
const char *text_at(const json_t *object, const char *key);

extern const char three_tests[]; /* a submission with three test cases of the compiled language */

/* ---- a worker ---- */
struct job {
    struct store *store;
    struct store_claim claim;
    struct submission *submission;
    struct result *result;
    size_t ended;
};
void job_claim(struct world *w, struct job *job);
void job_compile(struct job *job);
void job_test(struct job *job, size_t index, enum verdict verdict, struct str out);
void job_finish(struct job *job); /* stores the result */
void job_drop(struct job *job);   /* frees without a word, as a worker that died */
void run_next(struct world *w);   /* claims, accepts every test case, finishes */

#endif
