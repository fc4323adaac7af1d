/* SPDX-License-Identifier: Apache-2.0 */
/* messages.h: an output cut into messages, and the place in the source that each means. Private to hints/. */
#ifndef EVALX_HINTS_MESSAGES_H
#define EVALX_HINTS_MESSAGES_H

#include "hints/state.h"

enum { MESSAGES_MAX = 2 * HINT_MESSAGES_MAX };

struct message {
    const struct message_form *form;
    const struct buf *stream;
    size_t start, body, end; /* in stream */
    size_t previous;         /* where the message before begins */
    struct str file, line, column, type;
};

/* Appends the part of text that is looked at, its quotes made plain. */
void make_window(struct str text, struct buf *out);

/* The messages of the evidence's stage, by the language's forms; returns how many (at most MESSAGES_MAX), in the order of the output. */
size_t all_messages(struct state *state, struct message *messages);

/* Sets line, column and file_index of the state; line 0 when the message means no submitted file. */
void locate(struct state *state, const struct message *message);

#endif
