/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hints.h: why a program failed, in words for the one who wrote it.
 *
 * A pure function over what is known of one failing step: hints_find. It knows no language by itself: everything it can say stands
 * in rule files (hints/LANGUAGE.yaml, hints/common.yaml; docs/hints.md says how to write one). A loaded set of rules never
 * changes and may be shared by threads.
 *
 * However hostile the output: at most HINT_TEXT_WINDOW bytes of each stream are looked at, in at most HINT_MESSAGES_MAX messages,
 * and every match runs under PCRE2's match limits.
 */
#ifndef EVALX_HINTS_HINTS_H
#define EVALX_HINTS_HINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/hint.h"
#include "model/limits.h"
#include "model/verdict.h"

enum {
    HINT_TEXT_WINDOW = 12288,   /* bytes of each stream that are looked at: the first two thirds and the last */
    HINT_SOURCE_WINDOW = 65536, /* bytes of a source file that are looked at */
    HINT_MESSAGES_MAX = 8,
    HINT_TEXT_MAX = 400, /* bytes of a hint */
};

struct hint_rules;

/* Loads every *.yaml of folder. A mistake in a file is an error with file and line. */
int hint_rules_load(const char *folder, struct hint_rules **ret, struct error *err);
void hint_rules_free(struct hint_rules *rules);
DEFINE_CLEANUP(struct hint_rules, hint_rules_free)

size_t hint_rules_count(const struct hint_rules *rules);

/* HINT_CRASH: a program that was killed has been run once more with sanitizers; err is their report, exit_code theirs. */
enum hint_stage { HINT_COMPILE, HINT_RUN, HINT_CRASH };

struct hint_file {
    const char *name;
    struct str text;
};

/* What is known of the step that failed. */
struct hint_evidence {
    const char *language; /* "cpp" */
    const char *version;  /* "12.2.0"; NULL: not known */
    enum hint_stage stage;
    enum verdict verdict;
    int exit_code; /* -1: did not exit */
    int signal;    /* 0: none */
    int64_t cpu_ns, memory_kb;
    const struct limits *limits; /* NULL: not known */
    struct str out, err;         /* of the compiler, or of the program */
    struct str notes;            /* what a compiler says of the program, and nobody is shown: warnings, fix-its */
    struct str stdin_data, expected;
    bool has_expected;
    const struct hint_file *files; /* the main source first */
    size_t file_count;
};

/* Appends at most HINTS_MAX hints, ranked. None for a verdict of accepted, skipped or internal_error. */
void hints_find(const struct hint_rules *rules, const struct hint_evidence *evidence, const char *hint_language,
                struct hint_list *ret);

/*
 * Runs the examples of every rule of the set. Appends one line "FILE:LINE: …" for each mistake to report; returns how many. Also
 * tells of rules that can never be reached.
 */
size_t hint_rules_check(const struct hint_rules *rules, struct buf *report, size_t *ret_examples);

#endif
