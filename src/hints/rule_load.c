/* SPDX-License-Identifier: Apache-2.0 */
/* rule_load.c: one rule file from its text: form and patterns. What the rules mean together, check.c looks at. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "hints/detect.h"
#include "hints/rules.h"
#include "hints/yaml_walk.h"

const char *const subject_names[SUBJECT_COUNT] = {
    [SUBJECT_LEFT] = "left",         [SUBJECT_RIGHT] = "right",   [SUBJECT_AT] = "at",
    [SUBJECT_ABOVE] = "above",       [SUBJECT_BELOW] = "below",   [SUBJECT_SOURCE] = "source",
    [SUBJECT_CODE] = "code",         [SUBJECT_BEFORE] = "before", [SUBJECT_STDOUT] = "stdout",
    [SUBJECT_AFTER] = "after",       [SUBJECT_STDERR] = "stderr", [SUBJECT_STDIN] = "stdin",
    [SUBJECT_EXPECTED] = "expected", [SUBJECT_NAME] = "name",     [SUBJECT_NOTES] = "notes",
};

/* Grows a zeroed-element array by one and gives the new element. */
#define GROW(items, count)                                             \
    __extension__({                                                    \
        (items) = xrealloc((items), ((count) + 1) * sizeof(*(items))); \
        memset(&(items)[(count)], 0, sizeof(*(items)));                \
        &(items)[(count)++];                                           \
    })

/* ---- values ---- */

static void read_pattern(struct walk *walk, const yaml_node_t *node, bool anchored, struct pattern *pattern)
{
    struct error why = ERROR_INIT;
    const char *text = walk_text(walk, node);
    if (walk->code == 0 && hint_pattern_compile(pattern, text, anchored, true, &why) < 0)
        walk_mistake(walk, node, "bad pattern: %s", why.message);
}

static void read_stage(struct walk *walk, const yaml_node_t *node, enum hint_stage *stage)
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

static int signal_number(const char *text)
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

static void read_exit_code(struct walk *walk, const yaml_node_t *node, void *codes)
{
    add_code(walk, node, codes, walk_integer(walk, node, 0, 255));
}

static void read_signal(struct walk *walk, const yaml_node_t *node, void *codes)
{
    int number = signal_number(walk_text(walk, node));
    if (number == 0)
        walk_mistake(walk, node, "must be the name of a signal, such as SIGSEGV");
    add_code(walk, node, codes, number);
}

static enum verdict read_verdict_name(struct walk *walk, const yaml_node_t *node)
{
    enum verdict verdict = VERDICT_RUNTIME_ERROR;
    if (verdict_from_name(walk_text(walk, node), &verdict) < 0)
        walk_mistake(walk, node, "must be a verdict, such as wrong_answer");
    return verdict;
}

static void read_verdict(struct walk *walk, const yaml_node_t *node, void *bits)
{
    *(unsigned *)bits |= 1u << read_verdict_name(walk, node);
}

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

static void read_rule(struct walk *walk, const yaml_node_t *node, void *target)
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

/* ---- message forms ---- */

static void read_form_stage(struct walk *walk, const yaml_node_t *node, void *form)
{
    read_stage(walk, node, &((struct message_form *)form)->stage);
}

static void read_form_head(struct walk *walk, const yaml_node_t *node, void *form)
{
    read_pattern(walk, node, false, &((struct message_form *)form)->head);
}

static void read_form_frames(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct message_form *form = target;
    form->has_frames = true;
    read_pattern(walk, node, false, &form->frames);
}

static void read_form_side(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct message_form *form = target;
    const char *side = walk_text(walk, node);
    form->frames_before = strcmp(side, "after") != 0;
    form->frames_after = strcmp(side, "before") != 0;
    if (strcmp(side, "before") != 0 && strcmp(side, "after") != 0 && strcmp(side, "both") != 0)
        walk_mistake(walk, node, "must be before, after or both");
}

static void read_form_stream(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct message_form *form = target;
    const char *stream = walk_text(walk, node);
    form->in_out = strcmp(stream, "stdout") == 0 || strcmp(stream, "both") == 0;
    form->in_err = strcmp(stream, "stderr") == 0 || strcmp(stream, "both") == 0;
    if (!form->in_out && !form->in_err)
        walk_mistake(walk, node, "must be stdout, stderr or both");
}

static void read_form_exit_codes(struct walk *walk, const yaml_node_t *node, void *form)
{
    walk_items(walk, node, read_exit_code, &((struct message_form *)form)->exit_codes);
}

static void read_form_signals(struct walk *walk, const yaml_node_t *node, void *form)
{
    walk_items(walk, node, read_signal, &((struct message_form *)form)->signals);
}

static void read_form_warning(struct walk *walk, const yaml_node_t *node, void *form)
{
    ((struct message_form *)form)->warning = walk_bool(walk, node);
}

static const struct walk_key form_keys[] = {
    {"stage", read_form_stage},    {"head", read_form_head},       {"frames", read_form_frames},
    {"side", read_form_side},      {"stream", read_form_stream},   {"exit_code", read_form_exit_codes},
    {"signal", read_form_signals}, {"warning", read_form_warning},
};

static void read_form(struct walk *walk, const yaml_node_t *node, void *target)
{
    struct rule_file *file = target;
    struct message_form *form = GROW(file->forms, file->form_count);
    form->line = walk_line(node);
    form->in_err = form->frames_after = true;
    walk_mapping(walk, node, form_keys, ARRAY_LEN(form_keys), form);
    if (!form->head.code)
        walk_mistake(walk, node, "the message has no head");
}

/* ---- tables ---- */

static void read_table_entry(struct walk *walk, const char *key, const yaml_node_t *value, void *target)
{
    struct table *table = target;
    table->keys = xrealloc(table->keys, (table->count + 1) * sizeof(*table->keys));
    table->values = xrealloc(table->values, (table->count + 1) * sizeof(*table->values));
    table->keys[table->count] = xstrdup(key);
    table->values[table->count++] = xstrdup(walk_text(walk, value));
}

static void read_table(struct walk *walk, const char *key, const yaml_node_t *value, void *target)
{
    struct rule_file *file = target;
    struct table *table = GROW(file->tables, file->table_count);
    table->name = xstrdup(key);
    walk_pairs(walk, value, read_table_entry, table);
}

/* ---- the file ---- */

#define FILE_TEXT(member, place)                                                             \
    static void read_file_##member(struct walk *walk, const yaml_node_t *node, void *target) \
    {                                                                                        \
        walk_set_text(walk, node, &((struct rule_file *)target)->place);                     \
    }
FILE_TEXT(language, language)
FILE_TEXT(also, also)
FILE_TEXT(base, base)
FILE_TEXT(source_name, source_name)
FILE_TEXT(keywords, keywords)
FILE_TEXT(names, names)
FILE_TEXT(comments, syntax_comments)
FILE_TEXT(quotes, syntax_quotes)
FILE_TEXT(long_quotes, syntax_long_quotes)

static void read_columns(struct walk *walk, const yaml_node_t *node, void *file)
{
    const char *text = walk_text(walk, node);
    ((struct rule_file *)file)->display_columns = strcmp(text, "display") == 0;
    if (strcmp(text, "display") != 0 && strcmp(text, "bytes") != 0)
        walk_mistake(walk, node, "must be bytes or display");
}

static void read_block_comments(struct walk *walk, const yaml_node_t *node, void *file)
{
    ((struct rule_file *)file)->syntax.block_comments = walk_bool(walk, node);
}

static void read_triple_quotes(struct walk *walk, const yaml_node_t *node, void *file)
{
    ((struct rule_file *)file)->syntax.triple_quotes = walk_bool(walk, node);
}

static void read_char_ticks(struct walk *walk, const yaml_node_t *node, void *file)
{
    ((struct rule_file *)file)->syntax.char_ticks = walk_bool(walk, node);
}

static const struct walk_key syntax_keys[] = {
    {"comments", read_file_comments},       {"quotes", read_file_quotes},
    {"long_quotes", read_file_long_quotes}, {"block_comments", read_block_comments},
    {"triple_quotes", read_triple_quotes},  {"char_ticks", read_char_ticks},
};

static void read_syntax(struct walk *walk, const yaml_node_t *node, void *file)
{
    walk_mapping(walk, node, syntax_keys, ARRAY_LEN(syntax_keys), file);
}

static void read_forms(struct walk *walk, const yaml_node_t *node, void *file)
{
    walk_items(walk, node, read_form, file);
}

static void read_tables(struct walk *walk, const yaml_node_t *node, void *file)
{
    walk_pairs(walk, node, read_table, file);
}

static void read_rules(struct walk *walk, const yaml_node_t *node, void *file)
{
    walk_items(walk, node, read_rule, file);
}

static const struct walk_key file_keys[] = {
    {"language", read_file_language}, {"also", read_file_also},   {"base", read_file_base},
    {"file", read_file_source_name},  {"syntax", read_syntax},    {"columns", read_columns},
    {"keywords", read_file_keywords}, {"names", read_file_names}, {"messages", read_forms},
    {"tables", read_tables},          {"rules", read_rules},
};

int rule_file_parse(const char *path, struct str text, struct rule_file *ret, struct error *err)
{
    struct walk walk;
    struct rule_file file = {.path = xstrdup(path)};
    int r = walk_open(&walk, path, text, err);

    if (r == 0) {
        walk_mapping(&walk, walk_root(&walk), file_keys, ARRAY_LEN(file_keys), &file);
        if (!file.language)
            walk_mistake(&walk, walk_root(&walk), "language is missing");
        r = walk.code;
        walk_close(&walk);
    }
    if (r < 0) {
        rule_file_release(&file);
        return r;
    }
    file.syntax.line_comments = file.syntax_comments ? file.syntax_comments : "";
    file.syntax.quotes = file.syntax_quotes ? file.syntax_quotes : "\"'";
    file.syntax.long_quotes = file.syntax_long_quotes ? file.syntax_long_quotes : "";
    *ret = file;
    return 0;
}

/* ---- the end ---- */

static void rule_release(struct rule *rule)
{
    free(rule->id);
    free(rule->pattern_text);
    free(rule->only);
    free(rule->version);
    hint_pattern_release(&rule->pattern);
    for (size_t i = 0; i < rule->condition_count; i++) {
        free(rule->conditions[i].text);
        hint_pattern_release(&rule->conditions[i].pattern);
    }
    free(rule->conditions);
    for (size_t i = 0; i < rule->text_count; i++) {
        for (size_t k = 0; k < rule->texts[i].count; k++)
            free(rule->texts[i].items[k]);
        free(rule->texts[i].items);
        free(rule->texts[i].language);
    }
    free(rule->texts);
    for (size_t i = 0; i < rule->example_count; i++) {
        struct example *example = &rule->examples[i];
        char *const texts[] = {example->message, example->source, example->stdin_data, example->expected,
                               example->output,  example->notes,  example->hint,       example->language};
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            free(texts[k]);
    }
    free(rule->examples);
}

void rule_file_release(struct rule_file *file)
{
    for (size_t i = 0; i < file->rule_count; i++)
        rule_release(&file->rules[i]);
    for (size_t i = 0; i < file->form_count; i++) {
        hint_pattern_release(&file->forms[i].head);
        hint_pattern_release(&file->forms[i].frames);
    }
    for (size_t i = 0; i < file->table_count; i++) {
        for (size_t k = 0; k < file->tables[i].count; k++) {
            free(file->tables[i].keys[k]);
            free(file->tables[i].values[k]);
        }
        free(file->tables[i].keys);
        free(file->tables[i].values);
        free(file->tables[i].name);
    }
    char *const texts[] = {file->path,          file->language,          file->also,  file->base,
                           file->source_name,   file->keywords,          file->names, file->syntax_comments,
                           file->syntax_quotes, file->syntax_long_quotes};
    for (size_t k = 0; k < ARRAY_LEN(texts); k++)
        free(texts[k]);
    free(file->rules);
    free(file->forms);
    free(file->tables);
    *file = (struct rule_file){0};
}
