/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.h: what became of a submission: its compile step, its test cases, the whole; and the document that clients see.
 *
 * Times are nanoseconds, memory KiB. Results are kept in the store as bytes (result_store, test_store: any byte sequence
 * exactly) and rendered into the public document only when somebody asks, in the encoding that he asks for.
 */
#ifndef EVALX_MODEL_RESULT_H
#define EVALX_MODEL_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/hint.h"
#include "model/submission.h"
#include "model/verdict.h"

/* A file that was asked for by collect. */
struct collected_file {
    char *name;
    bool refused; /* not handed out: not there, not a regular file with one name, or too large; then content is empty */
    struct buf content;
};

struct test_result {
    bool done; /* false: not reported yet (only the index is meaningful) */
    enum verdict verdict;
    struct buf out, err; /* captured, cut to the stored maximum */
    bool truncated;      /* either was cut */
    int exit_code;       /* -1 when it did not exit (signalled or never ran) */
    int signal;          /* 0 when none */
    int64_t cpu_ns, wall_ns, memory_kb;
    char *message;                /* NULL when there is nothing to say */
    bool has_points;              /* a checker gave some: */
    double points;                /* finite */
    struct hint_list hints;       /* at most HINTS_MAX, the best first; empty when it is accepted */
    struct collected_file *files; /* in the order of collect */
    size_t file_count;
};

enum compile_state { COMPILE_NONE /* interpreted, nothing to check */, COMPILE_OK, COMPILE_FAILED };

struct compile_result {
    enum compile_state state;
    enum verdict verdict; /* when failed: compilation_error (also for its limits) or internal_error */
    int exit_code, signal;
    struct buf out, err;
    bool truncated;
    int64_t time_ns, memory_kb;
    bool cached;
    char *message; /* e.g. "compile time limit exceeded"; NULL when none */
};

struct result {
    enum status status;              /* completed, failed or cancelled */
    enum verdict verdict;            /* see result_conclude */
    char *message;                   /* for failed: why; NULL otherwise */
    char *language, *version;        /* resolved: "cpp", "12.2.0" */
    int64_t started_ms, finished_ms; /* realtime; started 0 = never */
    int64_t queued_ns, compile_ns, run_ns;
    struct compile_result compile;
    struct test_result *tests; /* one a test case, input order */
    size_t test_count;
    uint16_t *order;        /* indices of the tests in the order they ended (for event streams); test_count entries */
    struct hint_list hints; /* of the compile step, or the best of the test cases'; at most HINTS_MAX */
    bool explained;         /* hints were looked for; not stored */
    int crashed;       /* index of the first test case whose crash can be looked into; -1: there is none; not stored */
    bool hints_follow; /* better hints may come after the end, as notes (notes.h) */
};

struct result *result_new(size_t test_count);
void result_free(struct result *result);
DEFINE_CLEANUP(struct result, result_free)
void test_result_release(struct test_result *test);
void compile_result_release(struct compile_result *compile);

/*
 * Sets status completed and the verdict. A failed compile step's verdict is the whole's; otherwise the first test case (in input
 * order) that is neither accepted nor skipped decides, where one that is not done counts as internal_error; otherwise the whole
 * is skipped when any test case is, and accepted when all are.
 */
void result_conclude(struct result *result);

/* Stored forms (appended to out), and back. */
void result_store(const struct result *result, struct buf *out);
int result_load(const void *data, size_t len, struct result **ret, struct error *err);
void test_result_store(const struct test_result *test, struct buf *out);
int test_result_load(const void *data, size_t len, struct test_result *ret, struct error *err);
void compile_result_store(const struct compile_result *compile, struct buf *out);
int compile_result_load(const void *data, size_t len, struct compile_result *ret, struct error *err);

/*
 * The public forms. New references. "hint_details" is there only when there are hints. Keys in the order of the documentation. exit_code is null when the program did not exit;
 * signal is a name ("SIGSEGV") or null; "points" is there only when a checker gave some, "files" only when the submission collects; "truncated" and "lossy" are there only when true. The compile step has "signal" and
 * "message" only when there is one, and is null altogether when the language has none or it has not been done yet.
 */
json_t *test_result_json(const struct submission *sub, size_t index, const struct test_result *test,
                         enum encoding encoding);
json_t *compile_result_json(const struct compile_result *compile, enum encoding encoding);

/*
 * The submission document of GET /submissions/{token}. result may hold only part of the tests (done) while the submission is
 * queued or running, and may be NULL when there is none; status says where it stands. Every key is always there (null when not
 * known yet) except message (failed only) and webhook (only when the submission has a webhook_url). results has the test cases
 * that are done, in input order; as long as some are missing, each has an "index" too.
 */
json_t *result_document(const struct submission *sub, enum status status, const struct result *result,
                        enum encoding encoding);

/* Keeps only the named top-level fields (comma-separated) of a document; token always stays. -EINVAL names an unknown one. */
int document_select(json_t *document, const char *fields, struct error *err);

#endif
