/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_try.h: one rule tried on one message, or on the evidence as a whole. Private to hints/.
 */
#ifndef EVALX_HINTS_RULE_TRY_H
#define EVALX_HINTS_RULE_TRY_H

#include "hints/messages.h"

/*
 * True when the rule speaks: it applies to the evidence, its pattern matches the message (NULL: a rule without a pattern), its conditions and
 * its detector hold, and one of its texts can be filled in. That hint, with this rank, is then added to ret (hint_list_add: it may be
 * there already). The state's line and column are those of the message; whatever the rule captures is forgotten on return.
 */
bool try_rule(struct state *state, const struct rule *rule, const struct message *message, int rank,
              struct hint_list *ret);

#endif
