/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_read.h: one rule of a rule file, with its conditions, texts and examples. Private to hints/.
 */
#ifndef EVALX_HINTS_RULE_READ_H
#define EVALX_HINTS_RULE_READ_H

#include "hints/yaml_walk.h"

/* For walk_items: appends the rule to a struct rule_file (rules.h), which owns it, also when there was a mistake in it. */
void read_rule(struct walk *walk, const yaml_node_t *node, void *file);

#endif
