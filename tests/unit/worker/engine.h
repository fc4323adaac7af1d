/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h: a real jail with the real languages for the tests, submissions made of C, and a place that waits for results. */
#ifndef EVALX_TESTS_WORKER_ENGINE_H
#define EVALX_TESTS_WORKER_ENGINE_H

#include <pthread.h>
#include <stdbool.h>

#include "worker/executor.h"

enum { ENGINE_SLOTS = 2, ENGINE_KEEP_KB = 64, ENGINE_TESTS_MAX = 1000, ENGINE_PATIENCE_S = 60 };

struct engine {
    struct jail *jail;
    struct registry *registry;
    struct executor *executor;
    char folder[64]; /* of artifacts */
};

/* Starts everything; call it before there are threads. Ends the process with 77 and a loud line when it is not root's. */
void engine_open(struct engine *engine, const char *jail_program);
void engine_close(struct engine *engine);

/* A new executor over an empty artifact folder. */
void engine_executor(struct engine *engine);

/* limits resolved; add test cases with submission_case. */
struct submission *submission_of(const char *language, const char *code);
struct test_case *submission_case(struct submission *sub, const char *input,
                                  const char *expected); /* valid until the next */
void submission_file(struct submission *sub, const char *name, const char *content);

/* What callbacks were called with. */
struct watch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct executor *executor;
    unsigned compiled, tested;
    bool cached;
    unsigned order[ENGINE_TESTS_MAX];
    struct result *result;
    unsigned cancel_after; /* tests; 0: never */
    struct job *job;
    struct job_owner owner;
    unsigned *clock;    /* shared by watches: counts test callbacks */
    unsigned last_tick; /* of this one's last test */
};

void watch_init(struct watch *watch, struct executor *executor);
void watch_release(struct watch *watch);
struct job *watch_start(struct watch *watch, struct submission *sub);
void watch_wait_tested(struct watch *watch, unsigned count);
struct result *watch_wait(struct watch *watch); /* the result belongs to the watch */

/* watch_start and watch_wait in one. */
struct result *watch_run(struct watch *watch, struct submission *sub);

#endif
