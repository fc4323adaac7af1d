/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submission.h: one request, validated: a program, its language, limits and 1..N test cases. No I/O.
 *
 * Made from a client's JSON by submission_parse, which reports every mistake with the JSON path of the field that has it;
 * kept in the store as submission_store's bytes and read back by submission_load, which hold any byte sequence exactly.
 */
#ifndef EVALX_MODEL_SUBMISSION_H
#define EVALX_MODEL_SUBMISSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/random.h"
#include "model/limits.h"

enum {
    SUBMISSION_TESTS_MAX = 1000,
    SUBMISSION_FILES_MAX = 256,
    SUBMISSION_ARGS_MAX = 256,         /* entries of args, test_cases[].args and compiler_options each */
    SUBMISSION_ARGS_BYTES_MAX = 32768, /* all bytes of one such list */
    SUBMISSION_NAME_MAX = 255,         /* bytes of a file's path or of a test case's name */
    SUBMISSION_WEBHOOK_URL_MAX = 2048,
    SUBMISSION_COLLECT_MAX = 16,     /* entries of collect */
    COLLECTED_KB_MAX = 1024,         /* of all files collected from one test case ... */
    COLLECTED_TOTAL_KB_MAX = 65536,  /* ... and from all of them: each gets an equal share */
    OUTPUT_TOTAL_KB_MAX = 65536,     /* of all test cases' output together, as JSON: each stream gets an equal share */
    SUBMISSION_METADATA_MAX = 16384, /* bytes of metadata as compact JSON */
    SUBMISSION_HINT_LANGUAGE_MAX = 16, /* bytes of hint_language */
    SUBMISSION_PRIORITY_MAX = 10,      /* priority is -10..10, 0 by default, higher first */
};

/* What a webhook may be told of; webhook_events has 1u << each. */
enum webhook_event { WEBHOOK_STARTED, WEBHOOK_TEST, WEBHOOK_COMPLETED };

enum encoding { ENCODING_UTF8, ENCODING_BASE64 };

enum checker_type { CHECKER_LINES, CHECKER_EXACT, CHECKER_TOKENS, CHECKER_FLOAT, CHECKER_PROGRAM, CHECKER_INTERACTOR };

struct submission;

struct checker_spec {
    enum checker_type type;
    /* CHECKER_FLOAT: a token passes when within either. Requests: 1e-6 each when neither is given, else the other is 0. */
    double abs, rel;
    /* CHECKER_PROGRAM, CHECKER_INTERACTOR: of it only language, version, code, files and compiler_options count. Otherwise NULL. */
    struct submission *program;
};

struct string_list {
    char **items; /* NUL-terminated, no NUL inside */
    size_t count;
};

struct source_file {
    char *name; /* relative path, validated: no "..", no leading '/', no empty part, no NUL or control byte */
    struct buf content;
};

struct test_case {
    char *name; /* NULL when not given */
    struct buf stdin_data;
    bool has_expected;
    struct buf expected;
    struct string_list args; /* empty: the submission's */
    bool has_args;
    struct limits limits; /* as given (0 = not given) until submission_resolve_limits */
};

struct submission {
    char token[TOKEN_LEN + 1]; /* set by whoever accepts it */
    char *language;            /* as the client wrote it */
    char *version;             /* NULL: any */
    struct buf code;           /* may be empty when files has the program */
    struct source_file *files;
    size_t file_count;
    struct string_list compiler_options;
    struct string_list args;
    struct test_case *tests;
    size_t test_count;    /* 1..SUBMISSION_TESTS_MAX */
    struct limits limits; /* as given (0 = not given) until submission_resolve_limits */
    struct checker_spec checker;
    bool stop_on_first_failure;
    struct string_list collect; /* paths below the working directory, valid as source names, no two the same */
    enum encoding encoding;     /* of the request, and by default of the answer */
    char *webhook_url;          /* NULL when none */
    unsigned webhook_events;    /* bits 1u << enum webhook_event; without a URL they mean nothing */
    int priority;
    bool no_hints;       /* "hints": false */
    char *hint_language; /* NULL: English */
    json_t *metadata;    /* an object; never NULL */
    int64_t created_ms;  /* realtime; set by whoever accepts it */
    bool array_form;     /* came as an array: mistakes name "[3]", not "test_cases[3]"; not stored */
};

/* A list of mistakes, each with the JSON path of its field ("test_cases[3].stdin"; "" is the body itself). */
struct field_error {
    char *field;
    char *message;
};
struct field_errors {
    struct field_error *items;
    size_t count; /* at most FIELD_ERRORS_MAX are kept */
};
enum { FIELD_ERRORS_MAX = 32 };

void field_errors_add(struct field_errors *errors, const char *field, const char *format, ...) ATTR_PRINTF(3, 4);
void field_errors_release(struct field_errors *errors);

/*
 * Reads the body of POST /execute-batch: an object (without test_cases: one test case, no input), or the array form. There
 * each item is a test case; the first also carries what is common: its args and limits are everybody's who gives none, later
 * items may hold stdin, expected_output, name, args and limits only. A field that is null counts as not given.
 * -EINVAL when anything is wrong, with at least one entry in errors. Knows nothing of languages or configured caps.
 */
int submission_parse_batch(const json_t *body, struct submission **ret, struct field_errors *errors);

/* Reads the body of POST /execute: one program with stdin, expected_output, args at the top; becomes one test case. */
int submission_parse_single(const json_t *body, struct submission **ret, struct field_errors *errors);

/*
 * Fills the limits that were not given, of the submission and of every test case (which inherit the submission's), from
 * defaults (cut to the caps), and reports each that is above its cap ("limits.cpu_time_ms": "must be at most 15000"). -EINVAL
 * when any is. A wall limit that was not given becomes at least twice the CPU limit.
 */
int submission_resolve_limits(struct submission *sub, const struct limits *defaults, const struct limits *caps,
                              struct field_errors *errors);

/* Bytes that the files collected from one test case may have together. */
int64_t submission_collect_bytes(const struct submission *sub, const struct limits *limits);

/* Bytes, as JSON, that each output stream of each test case may keep, so that a result stays of a size that can be handled. */
int64_t submission_output_bytes(const struct submission *sub);

/* NULL when name is fit to be a source file's path (see struct source_file); otherwise what is wrong with it. */
const char *source_name_mistake(struct str name);

/* What the program is started with in that test case: its own arguments, or the submission's. */
const struct string_list *submission_args(const struct submission *sub, size_t test);

struct submission *submission_new(void); /* empty: no test cases yet, metadata {} */
void submission_free(struct submission *sub);
DEFINE_CLEANUP(struct submission, submission_free)

/* The stored form: versioned, exact for every byte; appended to out. */
void submission_store(const struct submission *sub, struct buf *out);
int submission_load(const void *data, size_t len, struct submission **ret, struct error *err);

#endif
