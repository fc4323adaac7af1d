/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops.h: loops that cannot end, as far as the source alone shows it. Private to hints/.
 *
 * Whatever might end a loop in a way that is not seen here (a call that may change something, a break) makes the answer no: what is
 * said to a learner must be true.
 */
#ifndef EVALX_HINTS_LOOPS_H
#define EVALX_HINTS_LOOPS_H

#include "hints/state.h"

/* A loop whose condition looks at variables of which its body changes none: {name} the first of them, {line} the loop's. */
bool loop_is_stuck(struct state *state);

/* A loop without any condition and without anything that leaves it: {line}. */
bool loop_is_endless(struct state *state);

/* A `;` right after the head of a loop whose condition nothing changes then: {name}, {line}. */
bool loop_is_empty(struct state *state);

#endif
