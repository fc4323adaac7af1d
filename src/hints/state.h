/* SPDX-License-Identifier: Apache-2.0 */
/* state.h: one call of hints_find: the evidence made ready, and what has been captured so far. Private to hints/. */
#ifndef EVALX_HINTS_STATE_H
#define EVALX_HINTS_STATE_H

#include "hints/rules.h"

enum { BINDINGS_MAX = 64, SCRATCH_MAX = 16384, SOURCES_MAX = 4 };

struct binding {
    const char *name;
    struct str value;
};

struct state {
    const struct hint_rules *rules;
    const struct rule_file *file, *files[3]; /* the language's own (may be NULL); it, its base, common */
    const struct hint_evidence *evidence;
    const char *hint_language;
    struct matcher matcher;
    struct buf out, err, notes;         /* windows, quotes made plain */
    struct source sources[SOURCES_MAX]; /* of the first files, made when they are asked for */
    bool has_source[SOURCES_MAX];
    struct source_brackets brackets; /* of the main file */
    bool has_brackets;
    int frames_seen;   /* of all messages together: bounded */
    const char *shape; /* of the wrong answer; NULL: not looked for, "": none */
    struct {
        struct str expected, got; /* the first words that differ */
        int line, right_lines, expected_lines, got_lines, decimals;
        struct str extra;
    } difference;
    /* of the rule that is being tried: */
    struct binding bindings[BINDINGS_MAX];
    size_t binding_count;
    int line, column;          /* 0: not known; column in bytes from 1 */
    size_t file_index;         /* of the file that line is in */
    char scratch[SCRATCH_MAX]; /* for values that are made, not found */
    size_t scratch_len;
};

struct source *state_source(struct state *state, size_t file_index); /* an empty one when there is no such file */
const struct source_brackets *state_brackets(struct state *state);

void state_bind(struct state *state, const char *name, struct str value); /* name must outlive the call */
void state_bind_text(struct state *state, const char *name, const char *text);
void state_bind_int(struct state *state, const char *name, int64_t number);
struct str state_value(const struct state *state, struct str name); /* data NULL: not bound */
const char *state_keep_name(struct state *state, const char *name); /* a copy; NULL when there is no room */
struct str state_keep(struct state *state, struct str value);       /* a copy; cut when there is no room */

int number_of(struct str digits); /* a captured number; 0 when it is none, or too large for a line number */

/* text.c: fills in a text; false when some capture or helper has no value. Appends to out. */
bool text_fill(struct state *state, const char *text, struct buf *out);

/* The next {name} or {helper:name} from *at, which moves behind it: what stands before it, helper (may be empty) and name. */
bool text_next(const char **at, struct str *ret_before, struct str *ret_helper, struct str *ret_name);
bool text_helper_known(struct str helper); /* built in; tables are helpers, too */

#endif
