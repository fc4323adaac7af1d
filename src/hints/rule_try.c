/* SPDX-License-Identifier: Apache-2.0 */
/* rule_try.c: see rule_try.h. Whether one rule applies and holds, and what it says then, fit to be shown. */
#include "hints/rule_try.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "hints/condition.h"
#include "hints/detect.h"
#include "hints/words.h"

enum { QUOTED_LINE_MAX = 60, BUSY_LEAST_MS = 300 };

static int compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a, *end_b;
        long x = strtol(a, &end_a, 10), y = strtol(b, &end_b, 10);
        if (x != y)
            return x < y ? -1 : 1;
        a = *end_a == '.' ? end_a + 1 : "";
        b = *end_b == '.' ? end_b + 1 : "";
    }
    return 0;
}

/* An unknown version could be any. */
static bool version_holds(const char *wanted, const char *version)
{
    if (!wanted || !version)
        return true;
    size_t sign = strspn(wanted, "<>=");
    int order = compare_versions(version, wanted + sign);
    return (order < 0 && strchr("<", wanted[0])) || (order > 0 && wanted[0] == '>') ||
           (order == 0 && memchr(wanted, '=', sign));
}

static bool is_busy(const struct hint_evidence *evidence)
{
    int64_t least = BUSY_LEAST_MS;
    if (evidence->limits && evidence->limits->cpu_time_ms > 0)
        least = MIN(least, evidence->limits->cpu_time_ms / 2);
    return evidence->cpu_ns >= least * NS_PER_MS;
}

static bool rule_applies(const struct state *state, const struct rule *rule)
{
    const struct hint_evidence *evidence = state->evidence;
    return rule->stage == evidence->stage && (!rule->only || word_listed(str_of(evidence->language), rule->only)) &&
           (rule->verdicts == 0 || (rule->verdicts >> evidence->verdict & 1)) &&
           codes_hold(&rule->exit_codes, evidence->exit_code) && codes_hold(&rule->signals, evidence->signal) &&
           (rule->busy < 0 || (rule->busy == 1) == is_busy(evidence)) &&
           version_holds(rule->version, evidence->version);
}

static const struct text_set *texts_of(const struct rule *rule, const char *language)
{
    const struct text_set *english = NULL;
    for (size_t i = 0; i < rule->text_count; i++) {
        if (language && strcmp(rule->texts[i].language, language) == 0)
            return &rule->texts[i];
        if (strcmp(rule->texts[i].language, "en") == 0)
            english = &rule->texts[i];
    }
    return english;
}

/* Fit to be shown: UTF-8, one line, not too long. */
static char *finished_text(const struct buf *text)
{
    _cleanup_(buf_release) struct buf whole = BUF_INIT;
    utf8_repair(text->data, text->len, &whole);
    buf_truncate(&whole, utf8_cut(buf_str(&whole), whole.len, HINT_TEXT_MAX));
    for (size_t i = 0; i < whole.len; i++)
        if ((unsigned char)whole.data[i] < 0x20 || whole.data[i] == 0x7f)
            whole.data[i] = ' ';
    return buf_steal(&whole, NULL);
}

/*
 * A text that names nothing of its line gets the line itself: "Line 9, `total += days[i]`: …", so that one sees at once what is meant.
 */
static bool names_something(const struct state *state, struct str line, const struct buf *text)
{
    for (size_t i = 0; i < line.len; i++) {
        if (!word_char(line.data[i]) || isdigit((unsigned char)line.data[i]) || (i > 0 && word_char(line.data[i - 1])))
            continue;
        size_t len = 1;
        while (i + len < line.len && word_char(line.data[i + len]))
            len++;
        struct str word = {line.data + i, len};
        if (state->file && word_listed(word, state->file->keywords))
            continue;
        for (const char *at = memmem(text->data, text->len, word.data, len); at;
             at = memmem(at + 1, text->len - (size_t)(at + 1 - text->data), word.data, len))
            if ((at == text->data || !word_char(at[-1])) && !word_char(at[len]))
                return true;
    }
    return false;
}

static void quote_line(struct state *state, struct buf *text)
{
    struct str line = str_trim(source_line(state_source(state, state->file_index), state->line));
    char start[32];
    size_t len = (size_t)snprintf(start, sizeof start, "Line %d:", state->line);

    if (state->line == 0 || text->len <= len || memcmp(text->data, start, len) != 0 || line.len < 3 ||
        line.len > QUOTED_LINE_MAX || memchr(line.data, '`', line.len) || names_something(state, line, text))
        return;
    _cleanup_(buf_release) struct buf rest = BUF_INIT;
    buf_append(&rest, text->data + len, text->len - len);
    buf_truncate(text, len - 1);
    buf_printf(text, ", `%.*s`:", (int)line.len, line.data);
    buf_append(text, rest.data, rest.len);
}

static bool speak(struct state *state, const struct rule *rule, int rank, struct hint_list *ret)
{
    const struct text_set *set = texts_of(rule, state->hint_language);
    const struct hint_evidence *evidence = state->evidence;

    for (size_t i = 0; set && i < set->count; i++) {
        _cleanup_(buf_release) struct buf text = BUF_INIT;
        if (!text_fill(state, set->items[i], &text) || text.len == 0)
            continue;
        quote_line(state, &text);
        struct hint hint = {.text = finished_text(&text),
                            .rule = xstrdup(rule->id),
                            .source = evidence->stage == HINT_CRASH ? HINT_FROM_SANITIZER : HINT_FROM_RULE,
                            .rank = rank};
        int line = number_of(state_value(state, str_of("line")));
        if (line > 0 && state->file_index < evidence->file_count) {
            hint.line = line;
            hint.file = xstrdup(evidence->files[state->file_index].name);
        }
        hint_list_add(ret, &hint);
        return true;
    }
    return false;
}

bool try_rule(struct state *state, const struct rule *rule, const struct message *message, int rank,
              struct hint_list *ret)
{
    size_t bindings = state->binding_count, scratch = state->scratch_len;
    int line = state->line, column = state->column;
    bool holds = rule_applies(state, rule);

    if (holds && message) {
        struct taking taking = {
            .state = state,
            .text = {.data = message->stream->data + message->body, .len = message->end - message->body}};
        holds = hint_pattern_match(&rule->pattern, &state->matcher, taking.text, 0);
        if (holds)
            hint_pattern_names(&rule->pattern, take_binding, &taking);
        if (state->line == 0) /* no place of its own: the rule may have read one */
            state->line = number_of(state_value(state, str_of("line")));
    }
    for (size_t i = 0; holds && i < rule->condition_count; i++)
        holds = condition_holds(state, &rule->conditions[i]);
    if (holds && rule->detector)
        holds = rule->detector->look(state);
    holds = holds && speak(state, rule, rank, ret);
    state->binding_count = bindings;
    state->scratch_len = scratch;
    state->line = line;
    state->column = column;
    return holds;
}
