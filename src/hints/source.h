/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h: a submitted program as the rules look at it: its lines, what of it is code, its brackets. Private to hints/.
 *
 * Two copies of the text are made, as long as it and with the same newlines: in `code` comments and the inside of strings are
 * blanks (the quotes stay), in `plain` only comments are.
 */
#ifndef EVALX_HINTS_SOURCE_H
#define EVALX_HINTS_SOURCE_H

#include <stdbool.h>

#include "base/buf.h"

/* How a language writes comments and strings. */
struct source_syntax {
    const char *line_comments; /* blank-separated starts: "// #"; may be empty */
    bool block_comments;       /* C's */
    const char *quotes;        /* characters that open and close a string */
    const char *long_quotes;   /* those of them that may span lines, e.g. "`" */
    bool triple_quotes;        /* Python's, Java's, Kotlin's */
    bool char_ticks;           /* ' is a character literal only when it is closed soon (Rust's lifetimes) */
};

/* An identifier of the code, and how often it stands there. */
struct source_word {
    struct str word;
    unsigned count;
};
enum { SOURCE_WORDS_MAX = 512 };

struct source {
    struct str text;
    char *code, *plain;  /* text.len bytes and a NUL each */
    size_t *starts;      /* of the lines; starts[line_count] is past the end */
    size_t line_count;   /* at least 1 */
    int open_quote_line; /* first line with a string that its end of line broke off; 0: none */
    char open_quote;
    struct source_word *words; /* made when first asked for; NULL before */
    size_t word_count;
};

void source_init(struct source *source, struct str text, const struct source_syntax *syntax);
void source_release(struct source *source);

/* Line numbers are from 1; the views have no newline; empty for lines that are not there. */
struct str source_line(const struct source *source, int line);
struct str source_code_line(const struct source *source, int line);
struct str source_plain_line(const struct source *source, int line);
int source_line_at(const struct source *source, size_t offset);
struct str str_trim(struct str text);

/* What does not fit among the brackets of a language with braces. Lines from 1, 0: nothing found. */
struct source_brackets {
    int open_line; /* of the bracket that is never closed, by indentation when that tells, and its kind */
    char open_char;
    int stop_line;  /* the line before which it should have been closed, by indentation; 0: unknown */
    int end_line;   /* the last line of code, when that is in its block by indentation; 0: it is not */
    int extra_line; /* of the closing bracket that is one too many */
    char extra_char;
    int mismatch_line; /* a closing bracket of another kind than the open one: "(]" */
    char mismatch_char, mismatch_open;
    int mismatch_open_line;
};
void source_match_brackets(const struct source *source, struct source_brackets *ret);

#endif
