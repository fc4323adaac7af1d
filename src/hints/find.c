/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.c: from evidence to hints.
 *
 * The output is cut into messages by the language's message forms ("main.c:3:5: error: " begins one). Each message gets its place
 * in the source, then the rules with a pattern are tried on it in the order of the file: the first one that matches, whose
 * conditions hold and one of whose texts can be filled in, speaks for it. Rules without a pattern look at everything else: signal, limits,
 * source, and how the output differs. The hints are ranked and cut to HINTS_MAX.
 *
 * The work is bounded whatever the output: a window of it, few messages, a match limit.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "hints/detect.h"
#include "hints/messages.h"
#include "hints/saying.h"
#include "hints/words.h"

enum { QUOTED_LINE_MAX = 60, BUSY_LEAST_MS = 300, SEARCH_WINDOW = 8192, SEARCH_WINDOW_MADE = 4096 };

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

/* ---- conditions ---- */

static struct str code_row(const struct state *state, int step)
{
    const struct source *source = &state->sources[state->file_index];
    for (int line = state->line + step; line >= 1 && (size_t)line <= source->line_count; line += step)
        if (str_trim(source_code_line(source, line)).len > 0)
            return source_plain_line(source, line);
    return (struct str){.data = "", .len = 0};
}

static struct str code_part(const struct source *source, int line, bool before)
{
    if (line < 1 || (size_t)line > source->line_count)
        return (struct str){.data = source->code, .len = source->text.len};
    size_t start = before ? 0 : MIN(source->starts[line], source->text.len);
    size_t end = before ? source->starts[line - 1] : source->text.len;
    return (struct str){.data = source->code + start, .len = end - start};
}

/* What of the source is searched: all of a usual program, of a long one what is near the line. */
static struct str search_window(const struct state *state, const char *base, struct str text, size_t size)
{
    const struct source *source = &state->sources[state->file_index];
    size_t offset = (size_t)(text.data - base), line = 0;

    if (text.len <= size)
        return text;
    if (state->line > 0 && (size_t)state->line <= source->line_count)
        line = source->starts[state->line - 1];
    size_t start = line > offset ? MIN(line - offset, text.len) : 0;
    start -= MIN(start, size * 2 / 3);
    start = MIN(start, text.len - size);
    return (struct str){.data = text.data + start, .len = size};
}

static struct str subject_text(struct state *state, enum subject subject, size_t size)
{
    struct source *source = state_source(state, state->file_index);
    struct str line = source_plain_line(source, state->line);
    size_t column = MIN((size_t)MAX(state->column - 1, 0), line.len);

    switch (subject) {
    case SUBJECT_LEFT:
        return (struct str){.data = line.data, .len = column};
    case SUBJECT_RIGHT:
        return (struct str){.data = line.data + column, .len = line.len - column};
    case SUBJECT_AT:
        return line;
    case SUBJECT_ABOVE:
        return code_row(state, -1);
    case SUBJECT_BELOW:
        return code_row(state, 1);
    case SUBJECT_SOURCE:
        return search_window(state, source->plain, (struct str){.data = source->plain, .len = source->text.len}, size);
    case SUBJECT_CODE:
        return search_window(state, source->code, (struct str){.data = source->code, .len = source->text.len}, size);
    case SUBJECT_BEFORE:
    case SUBJECT_AFTER:
        return search_window(state, source->code, code_part(source, state->line, subject == SUBJECT_BEFORE), size);
    case SUBJECT_STDOUT:
        return buf_view(&state->out);
    case SUBJECT_STDERR:
        return buf_view(&state->err);
    case SUBJECT_NOTES:
        return buf_view(&state->notes);
    case SUBJECT_STDIN:
        return (struct str){.data = state->evidence->stdin_data.data,
                            .len = MIN(state->evidence->stdin_data.len, (size_t)HINT_TEXT_WINDOW)};
    case SUBJECT_EXPECTED:
        return (struct str){.data = state->evidence->expected.data,
                            .len = MIN(state->evidence->expected.len, (size_t)HINT_TEXT_WINDOW)};
    case SUBJECT_NAME:
        return state_value(state, str_of("name"));
    case SUBJECT_COUNT:
        break;
    }
    return (struct str){0};
}

struct taking {
    struct state *state;
    struct str text, here;
    bool passing; /* the pattern, and with it the names, is gone before the rule is done */
};

static void take_binding(void *context, const char *name, unsigned group)
{
    struct taking *taking = context;
    struct str value = matcher_group(&taking->state->matcher, taking->text, group);

    if (!value.data)
        return;
    if (strcmp(name, "here") == 0)
        taking->here = value;
    if (taking->passing)
        name = state_keep_name(taking->state, name);
    if (name)
        state_bind(taking->state, name, value);
}

/* Where in the source it was found: {found}, and {line} when the message had none. */
static void take_place(struct state *state, enum subject subject, const struct taking *taking)
{
    const struct source *source = state_source(state, state->file_index);
    struct str where = taking->here.data ? taking->here : matcher_group(&state->matcher, taking->text, 0);
    const char *base = subject == SUBJECT_SOURCE ? source->plain : source->code;

    if (subject < SUBJECT_SOURCE || subject > SUBJECT_AFTER)
        return;
    while (where.len > 1 && isspace((unsigned char)where.data[0]))
        where.data++, where.len--;
    int line = source_line_at(source, (size_t)(where.data - base));
    state_bind_int(state, "found", line);
    if (state->line > 0)
        return;
    state->line = line;
    state_bind_int(state, "line", line);
}

/* {{name}} becomes the captured text, letter by letter. */
static bool expand(struct state *state, const char *text, struct buf *out)
{
    for (const char *at; (at = strstr(text, "{{")); text = strstr(at, "}}") + 2) {
        buf_append(out, text, (size_t)(at - text));
        const char *end = strstr(at, "}}");
        if (!end)
            return false;
        struct str value = state_value(state, (struct str){.data = at + 2, .len = (size_t)(end - at - 2)});
        if (value.len == 0 || value.len > WORD_LEN_MAX)
            return false;
        for (size_t i = 0; i < value.len; i++) {
            if (!word_char(value.data[i]))
                buf_append_char(out, '\\');
            buf_append_char(out, value.data[i]);
        }
    }
    buf_append_str(out, text);
    return true;
}

/* Compiling a pattern for one search is the dearest thing here: not when the text lacks letters that it needs. */
static bool may_match(const struct buf *pattern, struct str text)
{
    char literal[PATTERN_LITERAL_MAX];
    size_t len = pattern_literal(buf_str(pattern), literal, sizeof literal);
    return len == 0 || (text.len > 0 && memmem(text.data, text.len, literal, len));
}

static bool condition_holds(struct state *state, const struct condition *condition)
{
    struct pattern made = {0};
    const struct pattern *pattern = &condition->pattern;
    struct str text = subject_text(state, condition->subject, condition->dynamic ? SEARCH_WINDOW_MADE : SEARCH_WINDOW);

    if (condition->subject <= SUBJECT_BELOW && state->line == 0)
        return false;
    if ((condition->subject == SUBJECT_LEFT || condition->subject == SUBJECT_RIGHT) && state->column == 0)
        return false;
    if (condition->dynamic) {
        _cleanup_(buf_release) struct buf written = BUF_INIT;
        if (!expand(state, condition->text, &written) || !may_match(&written, text) ||
            hint_pattern_compile(&made, buf_str(&written), false, false, NULL) < 0)
            return condition->negative;
        pattern = &made;
    }
    bool found = hint_pattern_match(pattern, &state->matcher, text, 0);
    if (found && !condition->negative) {
        struct taking taking = {.state = state, .text = text, .passing = condition->dynamic};
        hint_pattern_names(pattern, take_binding, &taking);
        take_place(state, condition->subject, &taking);
        if (condition->subject == SUBJECT_NOTES && state->line == 0) /* the place that the note speaks of */
            state->line = number_of(state_value(state, str_of("line")));
    }
    if (made.code)
        hint_pattern_release(&made);
    return found != condition->negative;
}

/* ---- one rule ---- */

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

static bool try_rule(struct state *state, const struct rule *rule, const struct message *message, int rank,
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
