/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hint.h: one hint: what most probably went wrong, where, and what to try. Plain text of one or two short sentences.
 *
 * A zeroed list is valid and empty. The text is what clients see; the rest tells programs where it came from.
 */
#ifndef EVALX_MODEL_HINT_H
#define EVALX_MODEL_HINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
    HINTS_MAX = 3,       /* of one result, and of the whole submission */
    HINT_RANK_SURE = 60, /* from here: a rule that understood a message, or as sure as such a one */
};

enum hint_source { HINT_FROM_RULE, HINT_FROM_SANITIZER, HINT_FROM_MODEL };

struct hint {
    char *text;
    char *rule; /* "python.name"; never NULL */
    enum hint_source source;
    char *file;  /* NULL when not known */
    int line;    /* from 1; 0 when not known */
    int rank;    /* higher first; not stored: a stored list is in its final order */
    bool beside; /* another hint of the same line speaks of something else; not stored */
};

struct hint_list {
    struct hint *items;
    size_t count;
};

void hint_release(struct hint *hint); /* what it points to */
void hint_list_release(struct hint_list *list);

/* Takes over the strings of hint. A text that is there already is dropped (the higher rank stays). */
void hint_list_add(struct hint_list *list, const struct hint *hint);
void hint_list_copy(struct hint_list *list, const struct hint *hint);

/* Highest rank first, otherwise in the order they came; at most most stay. */
void hint_list_rank(struct hint_list *list, size_t most);

/* Whether the first of a ranked list names a line and means it. Not of a list that was stored: its ranks are gone. */
bool hint_list_is_sure(const struct hint_list *list);

const char *hint_source_name(enum hint_source source); /* "rule", "sanitizer", "model" */

/* The public forms: the texts, and objects {text, rule, source, file, line}. New references. */
json_t *hint_texts_json(const struct hint_list *list);
json_t *hint_details_json(const struct hint_list *list);

#endif
