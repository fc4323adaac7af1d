/* SPDX-License-Identifier: Apache-2.0 */
/* rule_read.c: see rule_read.h. Each key of a rule, a condition and an example has its function, the tables say which. */
#include "hints/rule_read.h"

#include <stdlib.h>
#include <string.h>

#include "hints/detect.h"
#include "hints/rule_values.h"

static const char *const subject_names[SUBJECT_COUNT] = {
    [SUBJECT_LEFT] = "left",         [SUBJECT_RIGHT] = "right",   [SUBJECT_AT] = "at",
    [SUBJECT_ABOVE] = "above",       [SUBJECT_BELOW] = "below",   [SUBJECT_SOURCE] = "source",
    [SUBJECT_CODE] = "code",         [SUBJECT_BEFORE] = "before", [SUBJECT_STDOUT] = "stdout",
    [SUBJECT_AFTER] = "after",       [SUBJECT_STDERR] = "stderr", [SUBJECT_STDIN] = "stdin",
    [SUBJECT_EXPECTED] = "expected", [SUBJECT_NAME] = "name",     [SUBJECT_NOTES] = "notes",
};

/* ---- rules ---- */

static void read_id(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_set_text(walk, node, &((struct rule *)rule)->id);
}

static void read_rule_stage(struct walk *walk, const yaml_node_t *node, void *rule)
{
    read_stage(walk, node, &((struct rule *)rule)->stage);
}

static void read_rule_pattern(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct rule *rule = target;
    rule->has_pattern = true;
    walk_set_text(walk, node, &rule->pattern_text);
    read_pattern(walk, node, true, &rule->pattern);
}

static bool is_subject(const char *key, enum subject *subject, bool *negative)
{
    *negative = strncmp(key, "not_", 4) == 0;
    for (int i = 0; i < SUBJECT_COUNT; i++)
        if (strcmp(subject_names[i], key + (*negative ? 4 : 0)) == 0) {
            *subject = (enum subject)i;
            return true;
        }
    return false;
}

struct condition_target {
    struct rule *rule;
    enum subject subject;
    bool negative;
};

static void read_condition(struct walk *walk, const yaml_node_t *node, void *target)
{
    const struct condition_target *wanted = target;
    struct condition *condition = GROW(wanted->rule->conditions, wanted->rule->condition_count);

    condition->subject = wanted->subject;
    condition->negative = wanted->negative;
    condition->line = walk_line(node);
    walk_set_text(walk, node, &condition->text);
    condition->dynamic = strstr(condition->text, "{{") != NULL;
    if (!condition->dynamic)
        read_pattern(walk, node, false, &condition->pattern);
}

static void read_exit_codes(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_items(walk, node, read_exit_code, &((struct rule *)rule)->exit_codes);
}

static void read_signals(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_items(walk, node, read_signal, &((struct rule *)rule)->signals);
}

static void read_verdicts(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_items(walk, node, read_verdict, &((struct rule *)rule)->verdicts);
}

static void read_version(struct walk *walk, const yaml_node_t *node, void *rule)
{
    const char *text = walk_text(walk, node);
    size_t sign = strspn(text, "<>=");
    if (sign == 0 || sign > 2 || strspn(text + sign, "0123456789.") != strlen(text + sign) || !text[sign])
        walk_mistake(walk, node, "must be a comparison, such as '>=3.10'");
    walk_set_text(walk, node, &((struct rule *)rule)->version);
}

static void read_only(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_set_text(walk, node, &((struct rule *)rule)->only);
}

static void read_busy(struct walk *walk, const yaml_node_t *node, void *rule)
{
    ((struct rule *)rule)->busy = walk_bool(walk, node);
}

static void read_rank(struct walk *walk, const yaml_node_t *node, void *rule)
{
    ((struct rule *)rule)->rank = walk_integer(walk, node, 1, 99);
}

static void read_last(struct walk *walk, const yaml_node_t *node, void *rule)
{
    ((struct rule *)rule)->last = walk_bool(walk, node);
}

static void read_detect(struct walk *walk, const yaml_node_t *node, void *rule)
{
    const struct detector *detector = detector_find(walk_text(walk, node));
    if (!detector)
        walk_mistake(walk, node, "unknown detector \"%.64s\"", walk_text(walk, node));
    ((struct rule *)rule)->detector = detector;
}

static void add_alternative(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct text_set *set = target;
    char **item = GROW(set->items, set->count);
    walk_set_text(walk, node, item);
}

static void read_language_text(struct walk *walk, const char *key, const yaml_node_t *value, void *target)
{
    struct rule *rule = target;
    struct text_set *set = GROW(rule->texts, rule->text_count);
    set->language = xstrdup(key);
    walk_items(walk, value, add_alternative, set);
}

static void read_texts(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_pairs(walk, node, read_language_text, rule);
}

/* ---- examples ---- */

#define EXAMPLE_TEXT(member)                                                                     \
    static void read_example_##member(struct walk *walk, const yaml_node_t *node, void *example) \
    {                                                                                            \
        walk_set_text(walk, node, &((struct example *)example)->member);                         \
    }
EXAMPLE_TEXT(message)
EXAMPLE_TEXT(source)
EXAMPLE_TEXT(stdin_data)
EXAMPLE_TEXT(expected)
EXAMPLE_TEXT(output)
EXAMPLE_TEXT(notes)
EXAMPLE_TEXT(language)

static void read_example_hint(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct example *example = target;
    walk_set_text(walk, node, &example->hint);
    if (strcmp(example->hint, "none") == 0) {
        free(example->hint);
        example->hint = NULL;
    }
}

static void read_example_verdict(struct walk *walk, const yaml_node_t *node, void *example)
{
    ((struct example *)example)->verdict = read_verdict_name(walk, node);
}

static void read_example_exit_code(struct walk *walk, const yaml_node_t *node, void *example)
{
    ((struct example *)example)->exit_code = walk_integer(walk, node, 0, 255);
}

static void read_example_signal(struct walk *walk, const yaml_node_t *node, void *example)
{
    ((struct example *)example)->signal = signal_number(walk_text(walk, node));
}

static void read_example_cpu(struct walk *walk, const yaml_node_t *node, void *example)
{
    ((struct example *)example)->cpu_ms = walk_integer(walk, node, 0, 1000000);
}

static const struct walk_key example_keys[] = {
    {"message", read_example_message},   {"source", read_example_source},       {"stdin", read_example_stdin_data},
    {"expected", read_example_expected}, {"output", read_example_output},       {"language", read_example_language},
    {"verdict", read_example_verdict},   {"exit_code", read_example_exit_code}, {"signal", read_example_signal},
    {"cpu_ms", read_example_cpu},        {"hint", read_example_hint},           {"notes", read_example_notes},
};

static void read_example(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct rule *rule = target;
    struct example *example = GROW(rule->examples, rule->example_count);
    example->line = walk_line(node);
    example->exit_code = -1;
    example->verdict = VERDICT_ACCEPTED; /* not given: the stage's usual one */
    walk_mapping(walk, node, example_keys, ARRAY_LEN(example_keys), example);
}

static void read_examples(struct walk *walk, const yaml_node_t *node, void *rule)
{
    walk_items(walk, node, read_example, rule);
}

static const struct walk_key rule_keys[] = {
    {"id", read_id},
    {"stage", read_rule_stage},
    {"pattern", read_rule_pattern},
    {"only", read_only},
    {"exit_code", read_exit_codes},
    {"signal", read_signals},
    {"busy", read_busy},
    {"verdict", read_verdicts},
    {"version", read_version},
    {"rank", read_rank},
    {"last", read_last},
    {"detect", read_detect},
    {"text", read_texts},
    {"examples", read_examples},
};

static void read_rule_key(struct walk *walk, const char *key, const yaml_node_t *value, void *target)
{
    struct condition_target condition = {.rule = target};
    if (is_subject(key, &condition.subject, &condition.negative)) {
        walk_items(walk, value, read_condition, &condition);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(rule_keys); i++)
        if (strcmp(rule_keys[i].name, key) == 0) {
            rule_keys[i].read(walk, value, target);
            return;
        }
    walk_mistake(walk, value, "unknown key \"%.64s\"", key);
}

void read_rule(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct rule_file *file = target;
    struct rule *rule = GROW(file->rules, file->rule_count);
    rule->line = walk_line(node);
    rule->busy = -1;
    walk_pairs(walk, node, read_rule_key, rule);
    if (!rule->id)
        walk_mistake(walk, node, "the rule has no id");
    if (rule->text_count == 0)
        walk_mistake(walk, node, "the rule has no text");
    if (rule->rank == 0)
        rule->rank = rule->has_pattern ? RULE_RANK_MESSAGE : RULE_RANK_EVIDENCE;
}
