/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: rule files in memory: what is looked up in them, and their end. */
#include "hints/rules.h"

#include <stdlib.h>
#include <string.h>

#include "hints/words.h"

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

void hint_rules_free(struct hint_rules *rules)
{
    if (!rules)
        return;
    for (size_t i = 0; i < rules->count; i++)
        rule_file_release(&rules->files[i]);
    free(rules->files);
    free(rules);
}

size_t hint_rules_count(const struct hint_rules *rules)
{
    size_t count = 0;
    for (size_t i = 0; i < rules->count; i++)
        count += rules->files[i].rule_count;
    return count;
}

const struct rule_file *hint_rules_file(const struct hint_rules *rules, const char *language)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->files[i].language, language) == 0 || word_listed(str_of(language), rules->files[i].also))
            return &rules->files[i];
    return NULL;
}

const char *table_value(const struct rule_file *file, const char *table, struct str key)
{
    for (size_t i = 0; file && i < file->table_count; i++) {
        if (strcmp(file->tables[i].name, table) != 0)
            continue;
        for (size_t k = 0; k < file->tables[i].count; k++)
            if (str_is(key, file->tables[i].keys[k]))
                return file->tables[i].values[k];
    }
    return NULL;
}

bool codes_hold(const struct codes *codes, int code)
{
    for (size_t i = 0; i < codes->count; i++)
        if (codes->items[i] == code)
            return true;
    return codes->count == 0;
}
