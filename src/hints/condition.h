/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition.h: what a rule asks of the source and the output besides its own pattern (`at:`, `not_code:`, …). Private to hints/.
 */
#ifndef EVALX_HINTS_CONDITION_H
#define EVALX_HINTS_CONDITION_H

#include "hints/state.h"

/* A match whose named groups become captures. text is what was searched, and must live as long as the rule is tried. */
struct taking {
    struct state *state;
    struct str text, here; /* here: the group of that name; data NULL: none */
    bool passing;          /* the pattern, and with it the names, is gone before the rule is done */
};

/* For hint_pattern_names: binds one group of the last match; context is a struct taking. A group that took no part binds nothing. */
void take_binding(void *context, const char *name, unsigned group);

/*
 * Whether the condition holds, of the line and with the captures that state has by now. When its pattern had to be found, and was, the named
 * groups become captures; found in the source, {found} does, too, and a state without a line gets that one. try_rule takes it all back.
 */
bool condition_holds(struct state *state, const struct condition *condition);

#endif
