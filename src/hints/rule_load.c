/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_load.c: one rule file from its text: the language's syntax, its message forms and tables; each rule is read by rule_read.c. What
 * the rules mean together, check.c looks at.
 */
#include <string.h>

#include "hints/rule_read.h"
#include "hints/rule_values.h"

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
