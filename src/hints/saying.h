/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saying.h: what has been said of each line so far, while a compiler's messages are explained one after the other: which of them only echo
 * another, and which of two hints about one line goes first. Private to hints/.
 */
#ifndef EVALX_HINTS_SAYING_H
#define EVALX_HINTS_SAYING_H

#include "hints/state.h"

/* A line that messages have been explained of. */
struct said {
    size_t file_index;
    int line, column;    /* of the first */
    int hint;            /* its index in the list; -1: it was in there already */
    bool error, warning; /* of which kinds they were */
};

struct saying {
    struct said items[HINTS_MAX];
    size_t count;
    int explained; /* messages; the caller stops at HINTS_MAX */
};

/* What was said of the line that state is at; NULL: nothing. */
struct said *saying_there(const struct state *state, struct saying *saying);

/*
 * A second message about the same line is nearly always an echo of the first. Not when one is an error and the other a warning: that of the
 * warning's own place says why the program was refused, and one of another place speaks of something else.
 */
bool saying_is_echo(const struct state *state, const struct said *there, bool warning);

/*
 * A rule has spoken for the message: its hint is the last of list, unless list still has the `before` hints, for it was among them. there is what
 * saying_there gave. Of an error and a warning of one place the surer one stays, of two places both do, the error first.
 */
void saying_add(const struct state *state, struct saying *saying, struct said *there, bool warning, size_t before,
                struct hint_list *list);

#endif
