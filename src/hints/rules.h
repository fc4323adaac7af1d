/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h: rule files in memory. Private to hints/; docs/hints.md explains the words. */
#ifndef EVALX_HINTS_RULES_H
#define EVALX_HINTS_RULES_H

#include "hints/hints.h"
#include "hints/pattern.h"
#include "hints/source.h"

enum {
    RULE_CODES_MAX = 8,                 /* of exit_code, signal */
    RULE_RANK_MESSAGE = HINT_RANK_SURE, /* of a rule with a pattern, when it says none */
    RULE_RANK_EVIDENCE = 40,            /* of one without */
    RULE_RANK_VAGUE = 30,               /* up to here: only when nothing better names a line */
    RULE_RANK_FALLBACK = 10,            /* up to here: only when there is nothing better */
};

/* What a condition's pattern is looked for in. */
enum subject {
    SUBJECT_LEFT,   /* the source line at {line} up to {column} */
    SUBJECT_RIGHT,  /* … and from there */
    SUBJECT_AT,     /* the source line at {line}, without comments */
    SUBJECT_ABOVE,  /* the last line with code before it */
    SUBJECT_BELOW,  /* the first line with code after it */
    SUBJECT_SOURCE, /* the main source without comments */
    SUBJECT_CODE,   /* … and without what stands in strings */
    SUBJECT_BEFORE, /* the code before {line} */
    SUBJECT_AFTER,  /* the code after it */
    SUBJECT_STDOUT,
    SUBJECT_STDERR,
    SUBJECT_NOTES, /* what a compiler said besides */
    SUBJECT_STDIN,
    SUBJECT_EXPECTED,
    SUBJECT_NAME, /* the value of {name} */
    SUBJECT_COUNT
};

struct condition {
    enum subject subject;
    bool negative;          /* not_…: must not be found */
    char *text;             /* as written */
    bool dynamic;           /* has {{name}} in it: compiled when it is known */
    struct pattern pattern; /* otherwise */
    int line;
};

struct codes {
    int items[RULE_CODES_MAX];
    size_t count; /* 0: any */
};

struct text_set {
    char *language; /* "en" */
    char **items;   /* the first that can be filled in is said */
    size_t count;
};

struct example {
    int line;
    char *message, *source, *stdin_data, *expected, *output, *notes, *hint; /* hint NULL: must not match */
    char *language;                                                         /* NULL: the file's */
    enum verdict verdict;
    int exit_code, signal;
    int64_t cpu_ms;
};

struct detector; /* detect.h */

struct rule {
    char *id;
    int line;
    enum hint_stage stage;
    bool has_pattern;
    char *pattern_text;
    struct pattern pattern;
    struct condition *conditions;
    size_t condition_count;
    struct codes exit_codes, signals;
    unsigned verdicts;  /* bits; 0: any */
    unsigned languages; /* … of only: index bits into the file's languages; unused: names below */
    char *only;         /* blank-separated languages; NULL: all of the file's */
    char *version;      /* ">=3.10", "<1.20"; NULL: any */
    const struct detector *detector;
    int busy; /* 1: used CPU time, 0: used next to none, -1: any */
    int rank;
    bool last; /* nothing after this message counts */
    struct text_set *texts;
    size_t text_count;
    struct example *examples;
    size_t example_count;
};

/* Where in an output messages begin. */
struct message_form {
    enum hint_stage stage;
    struct pattern head;
    struct pattern frames; /* places in the source, near the message */
    bool has_frames, frames_before, frames_after;
    bool warning; /* the compiler goes on after it */
    bool in_out, in_err;
    struct codes exit_codes, signals;
    int line;
};

struct table {
    char *name;
    char **keys, **values;
    size_t count;
};

struct rule_file {
    char *path;
    char *language; /* "common" for all */
    char *also;     /* blank-separated: other languages with these rules */
    char *base;     /* a language whose rules, tables and names hold here, too, after the file's own; NULL: none */
    struct source_syntax syntax;
    char *syntax_comments, *syntax_quotes, *syntax_long_quotes;
    bool display_columns; /* `language`'s columns count a tab up to the next multiple of 8; those of `also` do not */
    char *keywords, *names;
    char *source_name; /* of the main source, for examples: "main.c" */
    struct message_form *forms;
    size_t form_count;
    struct table *tables;
    size_t table_count;
    struct rule *rules;
    size_t rule_count;
};

struct hint_rules {
    struct rule_file *files;
    size_t count;
};

/* rule_load.c: 0, or a negative errno with the place of the first mistake in err; ret is then left alone. path is for messages only. */
int rule_file_parse(const char *path, struct str text, struct rule_file *ret, struct error *err);
void rule_file_release(struct rule_file *file); /* what it owns; it is empty then */

const struct rule_file *hint_rules_file(const struct hint_rules *rules, const char *language); /* NULL */
const char *table_value(const struct rule_file *file, const char *table, struct str key);      /* NULL */
bool codes_hold(const struct codes *codes, int code);                                          /* true when empty */

#endif
