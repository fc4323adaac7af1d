/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect.h: what a pattern cannot see: brackets that do not match, how an output differs from the expected one, whether there was
 * input left. A rule names a detector with `detect:`; it says yes or no and sets captures. Private to hints/.
 */
#ifndef EVALX_HINTS_DETECT_H
#define EVALX_HINTS_DETECT_H

#include "hints/state.h"

struct detector {
    const char *name;
    bool (*look)(struct state *state);
    const char *captures; /* that it sets; blank-separated */
};
const struct detector *detector_find(const char *name); /* NULL */

/* difference.c: true when the output's difference from the expected one has this shape; each wrong answer has one shape at most. */
bool difference_is(struct state *state, const char *shape);

/* loops.c: called like detectors. */
bool loop_unchanged(struct state *state); /* {name} of the condition never changes in it */
bool loop_forever(struct state *state);   /* while (true) without a way out */
bool loop_semicolon(struct state *state); /* while (…); { … } */
bool loop_nested(struct state *state);
bool loop_grows(struct state *state);
bool loop_prints(struct state *state);

/* rounds.c: what each round of a loop does that belongs before or after it. */
bool loop_resets(struct state *state);  /* {name} is set to {value} again, and added to */
bool loop_returns(struct state *state); /* without a condition */
bool loop_flips(struct state *state);   /* {name} is set to {value} by an else, and to another one before it */

#endif
