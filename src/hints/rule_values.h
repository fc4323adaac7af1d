/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_values.h: the values that rules, examples and message forms have in common, read from a rule file. Every function reports what is
 * wrong through walk_mistake. Private to hints/.
 */
#ifndef EVALX_HINTS_RULE_VALUES_H
#define EVALX_HINTS_RULE_VALUES_H

#include <string.h>

#include "hints/rules.h"
#include "hints/yaml_walk.h"

/* Grows a zeroed-element array by one and gives the new element. */
#define GROW(items, count)                                             \
    __extension__({                                                    \
        (items) = xrealloc((items), ((count) + 1) * sizeof(*(items))); \
        memset(&(items)[(count)], 0, sizeof(*(items)));                \
        &(items)[(count)++];                                           \
    })

/* Compiles a pattern into an empty one, which the caller releases, also after a mistake; anchored: see hint_pattern_compile. */
void read_pattern(struct walk *walk, const yaml_node_t *node, bool anchored, struct pattern *pattern);
void read_stage(struct walk *walk, const yaml_node_t *node, enum hint_stage *stage);

int signal_number(const char *text); /* of "SIGSEGV"; 0: no such name */

/* For walk_items: add one to a struct codes. */
void read_exit_code(struct walk *walk, const yaml_node_t *node, void *codes);
void read_signal(struct walk *walk, const yaml_node_t *node, void *codes);

enum verdict read_verdict_name(struct walk *walk, const yaml_node_t *node); /* a runtime error after a mistake */

/* For walk_items: sets the verdict's bit in an unsigned. */
void read_verdict(struct walk *walk, const yaml_node_t *node, void *bits);

#endif
