/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h: what one test case came to, and where a submission stands. The names are the API's. */
#ifndef EVALX_MODEL_VERDICT_H
#define EVALX_MODEL_VERDICT_H

#include <stdbool.h>

/* Ordered: when several test cases of a submission differ, the submission's verdict is the first failing case's. */
#define VERDICTS(X)                                   \
    X(VERDICT_ACCEPTED, "accepted")                   \
    X(VERDICT_WRONG_ANSWER, "wrong_answer")           \
    X(VERDICT_TIME_LIMIT, "time_limit_exceeded")      \
    X(VERDICT_MEMORY_LIMIT, "memory_limit_exceeded")  \
    X(VERDICT_OUTPUT_LIMIT, "output_limit_exceeded")  \
    X(VERDICT_RUNTIME_ERROR, "runtime_error")         \
    X(VERDICT_COMPILATION_ERROR, "compilation_error") \
    X(VERDICT_SKIPPED, "skipped")                     \
    X(VERDICT_INTERNAL_ERROR, "internal_error")

#define STATUSES(X)                  \
    X(STATUS_QUEUED, "queued")       \
    X(STATUS_RUNNING, "running")     \
    X(STATUS_COMPLETED, "completed") \
    X(STATUS_FAILED, "failed")       \
    X(STATUS_CANCELLED, "cancelled")

#define ENUM_MEMBER(id, name) id,
enum verdict { VERDICTS(ENUM_MEMBER) VERDICT_COUNT };
enum status { STATUSES(ENUM_MEMBER) STATUS_COUNT };
#undef ENUM_MEMBER

const char *verdict_name(enum verdict verdict);
const char *status_name(enum status status);

/* "SIGSEGV" for 11, "SIGRTMIN+6" for 40: one word wherever a signal is told. Static storage. */
const char *signal_name(int signal);

/* 0, or -EINVAL when no such name exists. */
int verdict_from_name(const char *name, enum verdict *ret);
int status_from_name(const char *name, enum status *ret);

/* completed, failed or cancelled: nothing will change any more. */
bool status_final(enum status status);

#endif
