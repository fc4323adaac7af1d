/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.c: from evidence to hints: which messages there are, which rules are tried on them, and which of the hints stay.
 *
 * The output is cut into messages by the language's message forms ("main.c:3:5: error: " begins one). Each message gets its place
 * in the source, then the rules with a pattern are tried on it in the order of the file: the first one that matches, whose
 * conditions hold and one of whose texts can be filled in, speaks for it. Rules without a pattern look at everything else: signal, limits,
 * source, and how the output differs. The hints are ranked and cut to HINTS_MAX.
 *
 * The work is bounded whatever the output: a window of it, few messages, a match limit.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hints/messages.h"
#include "hints/rule_try.h"
#include "hints/saying.h"
#include "hints/words.h"

/* ---- bindings that every rule has ---- */

/* The last code before line and column: its line, and its last word or sign. */
static void bind_previous(struct state *state)
{
    const struct source *source = state_source(state, state->file_index);
    if ((size_t)state->line > source->line_count)
        return;
    size_t at = source->starts[state->line - 1] + (size_t)MAX(state->column - 1, 0);

    at = MIN(at, source->text.len);
    while (at > 0 && isspace((unsigned char)source->code[at - 1]))
        at--;
    if (at == 0)
        return;
    size_t start = at - 1;
    while (start > 0 && word_char(source->code[start]) && word_char(source->code[start - 1]))
        start--;
    state_bind(state, "prev", (struct str){.data = source->code + start, .len = at - start});
    state_bind_int(state, "prev_line", source_line_at(source, at - 1));
}

static void bind_place(struct state *state)
{
    const struct source *source = state_source(state, state->file_index);
    struct str line = source_plain_line(source, state->line);
    size_t column = (size_t)MAX(state->column - 1, 0);

    state_bind_int(state, "line", state->line);
    if (state->column > 0 && column < line.len) {
        size_t end = column;
        while (end < line.len && word_char(line.data[end]))
            end++;
        state_bind(state, "token", (struct str){.data = line.data + column, .len = MAX(end - column, (size_t)1)});
    }
    bind_previous(state);
}

static void bind_evidence(struct state *state)
{
    const struct hint_evidence *evidence = state->evidence;
    const struct limits *limits = evidence->limits;

    state_bind_int(state, "exit_code", evidence->exit_code);
    if (limits) {
        state_bind_int(state, "memory_mb", limits->memory_kb / 1024);
        state_bind_int(state, "cpu_limit_ms", limits->cpu_time_ms);
        state_bind_int(state, "stack_mb", limits->stack_kb / 1024);
        state_bind_int(state, "output_kb", limits->output_kb);
        state_bind_int(state, "process_limit", limits->processes);
    }
}

/* ---- all of them ---- */

static const struct rule *explain(struct state *state, const struct message *message, int place, struct hint_list *ret)
{
    for (size_t f = 0; f < ARRAY_LEN(state->files); f++)
        for (size_t i = 0; state->files[f] && i < state->files[f]->rule_count; i++) {
            const struct rule *rule = &state->files[f]->rules[i];
            if (rule->has_pattern && try_rule(state, rule, message, rule->rank - place, ret))
                return rule;
        }
    return NULL;
}

/* The very same message again, with the same frames to it: whatever it led to, it leads to again. */
static bool said_before(const struct message *messages, size_t index)
{
    const struct message *message = &messages[index];
    struct str text = {message->stream->data + message->start, message->end - message->start};

    for (size_t i = 0; i < index; i++) {
        const struct message *other = &messages[i];
        if (other->form == message->form && other->body - other->start == message->body - message->start &&
            str_eq((struct str){other->stream->data + other->start, other->end - other->start}, text))
            return true;
    }
    return false;
}

static void explain_messages(struct state *state, struct hint_list *ret)
{
    struct message messages[MESSAGES_MAX];
    struct saying saying = {.count = 0};
    size_t count = all_messages(state, messages);

    for (size_t i = 0; i < count; i++) {
        size_t bindings = state->binding_count, scratch = state->scratch_len;
        locate(state, &messages[i]);
        bool warning = messages[i].form->warning;
        struct said *there = saying_there(state, &saying);
        bool echo = said_before(messages, i) || saying_is_echo(state, there, warning);
        if (state->line > 0)
            bind_place(state);
        if (messages[i].type.data)
            state_bind(state, "type", messages[i].type);
        size_t hints = ret->count;
        const struct rule *rule = echo ? NULL : explain(state, &messages[i], saying.explained, ret);
        if (rule)
            saying_add(state, &saying, there, warning, hints, ret);
        state->binding_count = bindings;
        state->scratch_len = scratch;
        if ((rule && rule->last) || saying.explained >= HINTS_MAX)
            break;
    }
    state->line = state->column = 0;
    state->file_index = 0;
}

static void explain_evidence(struct state *state, struct hint_list *ret)
{
    for (size_t f = 0; f < ARRAY_LEN(state->files); f++)
        for (size_t i = 0; state->files[f] && i < state->files[f]->rule_count; i++) {
            const struct rule *rule = &state->files[f]->rules[i];
            if (!rule->has_pattern)
                try_rule(state, rule, NULL, rule->rank, ret);
        }
}

/* True when an earlier hint speaks of the same line, and of the same thing. */
static bool repeats_line(const struct hint_list *list, size_t index)
{
    const struct hint *hint = &list->items[index];
    for (size_t i = 0; hint->line > 0 && i < index; i++)
        if (list->items[i].line == hint->line && !(hint->beside || list->items[i].beside) &&
            strcmp(list->items[i].file, hint->file) == 0)
            return true;
    return false;
}

/*
 * One hint a line, the best one; and the vague ones only when there is nothing better: up to RULE_RANK_FALLBACK nothing at all, up to
 * RULE_RANK_VAGUE nothing that names a line.
 */
static void drop_fallbacks(struct hint_list *list)
{
    hint_list_rank(list, SIZE_MAX);
    bool precise = list->count > 0 && list->items[0].line > 0 && list->items[0].rank > RULE_RANK_VAGUE;
    for (size_t i = 1; i < list->count; i++) {
        struct hint *hint = &list->items[i];
        if (repeats_line(list, i) || hint->rank <= (precise ? RULE_RANK_VAGUE : RULE_RANK_FALLBACK))
            hint->rank = 0;
    }
    hint_list_rank(list, SIZE_MAX);
    size_t keep = MIN(list->count, (size_t)1);
    while (keep < list->count && list->items[keep].rank > 0)
        keep++;
    hint_list_rank(list, MIN(keep, (size_t)HINTS_MAX));
}

static void state_init(struct state *state, const struct hint_rules *rules, const struct hint_evidence *evidence,
                       const char *hint_language)
{
    state->rules = rules;
    state->file = hint_rules_file(rules, evidence->language);
    state->files[0] = state->file;
    if (state->file && state->file->base)
        state->files[1] = hint_rules_file(rules, state->file->base);
    state->files[2] = hint_rules_file(rules, "common");
    state->evidence = evidence;
    state->hint_language = hint_language;
    matcher_init(&state->matcher);
    make_window(evidence->out, &state->out);
    make_window(evidence->err, &state->err);
    make_window(evidence->notes, &state->notes);
    bind_evidence(state);
}

static void state_release(struct state *state)
{
    matcher_release(&state->matcher);
    buf_release(&state->out);
    buf_release(&state->err);
    buf_release(&state->notes);
    for (size_t i = 0; i < SOURCES_MAX; i++)
        if (state->has_source[i])
            source_release(&state->sources[i]);
}

void hints_find(const struct hint_rules *rules, const struct hint_evidence *evidence, const char *hint_language,
                struct hint_list *ret)
{
    struct hint_list found = {0};

    if (evidence->verdict == VERDICT_ACCEPTED || evidence->verdict == VERDICT_SKIPPED ||
        evidence->verdict == VERDICT_INTERNAL_ERROR)
        return;
    struct state *state = xcalloc(1, sizeof(*state));
    state_init(state, rules, evidence, hint_language);
    explain_messages(state, &found);
    explain_evidence(state, &found);
    drop_fallbacks(&found);
    for (size_t i = 0; i < found.count; i++)
        hint_list_add(ret, &found.items[i]);
    free(found.items);
    state_release(state);
    free(state);
}
