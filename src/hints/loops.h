/* SPDX-License-Identifier: Apache-2.0 */
/* loops.h: the loops of a source of any language, as far as words, braces and indentation tell. Private to hints/. */
#ifndef EVALX_HINTS_LOOPS_H
#define EVALX_HINTS_LOOPS_H

#include "hints/source.h"

enum { LOOPS_MAX = 64, LOOPS_SCAN_MAX = 32768 /* bytes of a source */ };

/* Offsets in source->code. */
struct loop {
    size_t at;             /* of its word */
    struct str condition;  /* empty: none */
    size_t body, body_end; /* body == body_end: nothing; code[body] is '{', or what follows the head */
    bool empty_statement;  /* while (…); */
};

/* In the order of the source; returns how many of the LOOPS_MAX. */
size_t loops_find(const struct source *source, struct loop *loops);

/* Whether something in its body may end it early. */
bool loop_can_leave(const struct source *source, const struct loop *loop);

#endif
