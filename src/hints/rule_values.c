/* SPDX-License-Identifier: Apache-2.0 */
/* rule_values.c: see rule_values.h. */
#include "hints/rule_values.h"

#include <string.h>

void read_pattern(struct walk *walk, const yaml_node_t *node, bool anchored, struct pattern *pattern)
{
    struct error why = ERROR_INIT;
    const char *text = walk_text(walk, node);
    if (walk->code == 0 && hint_pattern_compile(pattern, text, anchored, true, &why) < 0)
        walk_mistake(walk, node, "bad pattern: %s", why.message);
}

void read_stage(struct walk *walk, const yaml_node_t *node, enum hint_stage *stage)
{
    const char *text = walk_text(walk, node);
    if (strcmp(text, "compile") == 0)
        *stage = HINT_COMPILE;
    else if (strcmp(text, "run") == 0 || strcmp(text, "verdict") == 0)
        *stage = HINT_RUN;
    else if (strcmp(text, "crash") == 0)
        *stage = HINT_CRASH;
    else
        walk_mistake(walk, node, "the stage must be compile, run, verdict or crash");
}

int signal_number(const char *text)
{
    for (int number = 1; number < 32; number++)
        if (strcmp(text, signal_name(number)) == 0)
            return number;
    return 0;
}

static void add_code(struct walk *walk, const yaml_node_t *node, struct codes *codes, int code)
{
    if (codes->count == RULE_CODES_MAX)
        walk_mistake(walk, node, "more than %d", RULE_CODES_MAX);
    else
        codes->items[codes->count++] = code;
}

void read_exit_code(struct walk *walk, const yaml_node_t *node, void *codes)
{
    add_code(walk, node, codes, walk_integer(walk, node, 0, 255));
}

void read_signal(struct walk *walk, const yaml_node_t *node, void *codes)
{
    int number = signal_number(walk_text(walk, node));
    if (number == 0)
        walk_mistake(walk, node, "must be the name of a signal, such as SIGSEGV");
    add_code(walk, node, codes, number);
}

enum verdict read_verdict_name(struct walk *walk, const yaml_node_t *node)
{
    enum verdict verdict = VERDICT_RUNTIME_ERROR;
    if (verdict_from_name(walk_text(walk, node), &verdict) < 0)
        walk_mistake(walk, node, "must be a verdict, such as wrong_answer");
    return verdict;
}

void read_verdict(struct walk *walk, const yaml_node_t *node, void *bits)
{
    *(unsigned *)bits |= 1u << read_verdict_name(walk, node);
}
