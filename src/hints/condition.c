/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition.c: see condition.h. A condition looks for its pattern in a subject, such as the line above or the program's input, and takes
 * what it captures and where it was found.
 */
#include "hints/condition.h"

#include <ctype.h>
#include <string.h>

#include "hints/words.h"

enum { SEARCH_WINDOW = 8192, SEARCH_WINDOW_MADE = 4096 };

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

void take_binding(void *context, const char *name, unsigned group)
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

bool condition_holds(struct state *state, const struct condition *condition)
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
