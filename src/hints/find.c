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
#include "hints/words.h"

enum {
    QUOTED_LINE_MAX = 60,
    MESSAGE_MAX = 2048,
    MESSAGES_MAX = 2 * HINT_MESSAGES_MAX,
    BUSY_LEAST_MS = 300,
    NEAR_WINDOW = 2048,
    SHOWN_LEAST = 5,
};

struct message {
    const struct message_form *form;
    const struct buf *stream;
    size_t start, body, end; /* in stream */
    size_t previous;         /* where the message before begins */
    struct str file, line, column, type;
};

/* ---- windows ---- */

/* The quotes that compilers put around names become plain ones; returns the bytes taken. */
static size_t plain_quote(const char *at, size_t left, char *ret)
{
    static const char *const marks[] = {"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d"};
    *ret = *at == '`' ? '\'' : *at;
    if (left < 3 || (unsigned char)*at != 0xe2)
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (memcmp(at, marks[i], 3) == 0) {
            *ret = i < 2 ? '\'' : '"';
            return 3;
        }
    return 1;
}

static void append_plain(struct buf *out, struct str text)
{
    buf_reserve(out, text.len);
    for (size_t i = 0; i < text.len;) {
        char c;
        i += plain_quote(text.data + i, text.len - i, &c);
        if (c != '\r' && c != '\0')
            out->data[out->len++] = c;
    }
    out->data[out->len] = '\0';
}

static void make_window(struct str text, struct buf *out)
{
    const size_t head = HINT_TEXT_WINDOW * 2 / 3, tail = HINT_TEXT_WINDOW - head;

    if (text.len <= HINT_TEXT_WINDOW) {
        append_plain(out, text);
        return;
    }
    append_plain(out, (struct str){.data = text.data, .len = head});
    buf_append_char(out, '\n');
    append_plain(out, (struct str){.data = text.data + text.len - tail, .len = tail});
}

/* ---- messages ---- */

struct place {
    struct str file, line, column, type;
    bool has_message;
    struct str message;
    struct matcher *matcher;
    struct str text;
};

static void take_group(void *context, const char *name, unsigned group)
{
    struct place *place = context;
    struct str value = matcher_group(place->matcher, place->text, group);

    if (!value.data)
        return;
    if (strcmp(name, "file") == 0)
        place->file = value;
    else if (strcmp(name, "line") == 0)
        place->line = value;
    else if (strcmp(name, "column") == 0)
        place->column = value;
    else if (strcmp(name, "type") == 0)
        place->type = value;
    else if (strcmp(name, "message") == 0)
        place->message = value;
}

static int number_of(struct str digits)
{
    int number = 0;
    if (digits.len == 0 || digits.len > 7)
        return 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!isdigit((unsigned char)digits.data[i]))
            return 0;
        number = 10 * number + (digits.data[i] - '0');
    }
    return number;
}

static struct str base_name(struct str path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.data[i] == '/')
            return (struct str){.data = path.data + i + 1, .len = path.len - i - 1};
    return path;
}

/* The submitted file that a message means; -1: none of them. */
static int file_index(const struct state *state, struct str file)
{
    if (!file.data || state->evidence->file_count == 0)
        return 0;
    for (size_t i = 0; i < state->evidence->file_count; i++)
        if (str_eq(base_name(str_of(state->evidence->files[i].name)), base_name(file)))
            return (int)i;
    return -1;
}

static void add_message(struct message *messages, size_t *count, const struct message *message)
{
    size_t at = *count;

    if (at == MESSAGES_MAX)
        return;
    for (size_t i = 0; i < at; i++)
        if (messages[i].stream == message->stream && messages[i].body == message->body)
            return;
    for (; at > 0 && messages[at - 1].stream == message->stream && messages[at - 1].start > message->start; at--)
        messages[at] = messages[at - 1];
    messages[at] = *message;
    ++*count;
}

static void find_messages(struct state *state, const struct message_form *form, const struct buf *stream,
                          struct message *messages, size_t *count)
{
    struct str text = buf_view(stream);
    size_t at = 0;

    for (int found = 0; found < HINT_MESSAGES_MAX && at <= text.len; found++) {
        if (!hint_pattern_match(&form->head, &state->matcher, text, at))
            return;
        struct place place = {.matcher = &state->matcher, .text = text};
        struct str whole = matcher_group(&state->matcher, text, 0);
        hint_pattern_names(&form->head, take_group, &place);
        struct message message = {
            .form = form,
            .stream = stream,
            .start = (size_t)(whole.data - text.data),
            .body = (size_t)(whole.data - text.data) + whole.len,
            .file = place.file,
            .line = place.line,
            .column = place.column,
            .type = place.type,
        };
        if (place.message.data)
            message.body = (size_t)(place.message.data - text.data);
        add_message(messages, count, &message);
        at = MAX(message.start + whole.len, message.start + 1);
    }
}

static bool form_applies(const struct state *state, const struct message_form *form)
{
    const struct hint_evidence *evidence = state->evidence;
    if (form->stage != evidence->stage)
        return false;
    if (form->exit_codes.count == 0 && form->signals.count == 0)
        return true;
    return (form->exit_codes.count > 0 && codes_hold(&form->exit_codes, evidence->exit_code)) ||
           (form->signals.count > 0 && codes_hold(&form->signals, evidence->signal));
}

/* The forms of the language, or for a stage that it has none for, of its base, else those of common. */
static const struct rule_file *forms_of(const struct state *state)
{
    for (size_t f = 0; f < ARRAY_LEN(state->files); f++)
        for (size_t i = 0; state->files[f] && i < state->files[f]->form_count; i++)
            if (state->files[f]->forms[i].stage == state->evidence->stage)
                return state->files[f];
    return NULL;
}

static size_t all_messages(struct state *state, struct message *messages)
{
    const struct rule_file *file = forms_of(state);
    size_t count = 0;

    for (size_t i = 0; file && i < file->form_count; i++) {
        const struct message_form *form = &file->forms[i];
        if (!form_applies(state, form))
            continue;
        if (form->in_err)
            find_messages(state, form, &state->err, messages, &count);
        if (form->in_out)
            find_messages(state, form, &state->out, messages, &count);
    }
    for (size_t i = 0; i < count; i++) {
        struct message *message = &messages[i];
        message->end = MIN(message->stream->len, message->body + MESSAGE_MAX);
        message->previous = i > 0 && messages[i - 1].stream == message->stream ? messages[i - 1].body : 0;
        if (i + 1 < count && messages[i + 1].stream == message->stream)
            message->end = MAX(MIN(message->end, messages[i + 1].start), message->body);
    }
    return count;
}

/* ---- where a message points ---- */

/* The place nearest to the message that is in a submitted file. */
static bool look_in_frames(struct state *state, const struct message *message, struct str text, bool last)
{
    bool found = false;
    size_t at = 0;

    for (int tries = 0; tries < 64 && at < text.len; tries++) {
        struct place place = {.matcher = &state->matcher, .text = text};
        if (!hint_pattern_match(&message->form->frames, &state->matcher, text, at))
            break;
        struct str whole = matcher_group(&state->matcher, text, 0);
        hint_pattern_names(&message->form->frames, take_group, &place);
        at = (size_t)(whole.data - text.data) + MAX(whole.len, (size_t)1);
        int index = file_index(state, place.file);
        if (index < 0 || number_of(place.line) == 0)
            continue;
        state->line = number_of(place.line);
        state->column = number_of(place.column);
        state->file_index = (size_t)index;
        found = true;
        if (!last)
            break;
    }
    return found;
}

static struct str near_text(const struct message *message, bool before)
{
    const char *data = message->stream->data;
    size_t from =
        before ? MAX(message->start - MIN(message->start, (size_t)NEAR_WINDOW), message->previous) : message->body;
    size_t to = before ? message->body : MIN(message->stream->len, message->body + 2 * NEAR_WINDOW);
    return (struct str){.data = data + from, .len = to - from};
}

/* gcc counts a tab up to the next multiple of 8 and wide characters as they look; made a byte of the line here. */
static int byte_column(struct str line, int column)
{
    int width = 1;
    for (size_t i = 0; i < line.len; i++) {
        if (width >= column)
            return (int)i + 1;
        if (line.data[i] == '\t')
            width = ((width - 1) / 8 + 1) * 8 + 1;
        else if (((unsigned char)line.data[i] & 0xc0) != 0x80)
            width++;
    }
    return (int)line.len + 1;
}

/* "    ^" below a copy of the source line, as javac, node and Python show it. */
static int caret_column(struct state *state, const struct message *message)
{
    struct str line = source_line(state_source(state, state->file_index), state->line);
    struct str above = {0};
    bool before = message->form->has_frames && message->form->frames_before;
    struct str text = near_text(message, before);
    size_t indent = 0;

    while (indent < line.len && isspace((unsigned char)line.data[indent]))
        indent++;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        struct str row = {.data = text.data + at, .len = end ? (size_t)(end - text.data) - at : text.len - at};
        struct str mark = str_trim(row);
        if (mark.len > 0 && mark.data[0] == '^' && above.data && str_eq(str_trim(above), str_trim(line))) {
            size_t shift = (size_t)(str_trim(above).data - above.data), place = (size_t)(mark.data - row.data);
            return place >= shift ? (int)(place - shift + indent) + 1 : 0;
        }
        above = row;
        at += row.len + 1;
    }
    return 0;
}

/*
 * A translated program's messages name the translation ("main.js:7"), but show the line: that line of the source, when there is exactly
 * one like it. 0: none.
 */
static int line_shown(struct state *state, const struct message *message)
{
    const struct source *source = state_source(state, 0);
    struct str text = near_text(message, true);
    int found = 0;

    for (size_t at = 0; at < text.len && found == 0;) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        struct str row = {.data = text.data + at, .len = end ? (size_t)(end - text.data) - at : text.len - at};
        at += row.len + 1;
        row = str_trim(row);
        for (int line = 1; row.len >= SHOWN_LEAST && (size_t)line <= source->line_count; line++) {
            if (!str_eq(str_trim(source_line(source, line)), row))
                continue;
            found = found == 0 ? line : -1;
        }
    }
    return MAX(found, 0);
}

static void locate(struct state *state, const struct message *message)
{
    int index = file_index(state, message->file);
    const struct message_form *form = message->form;

    state->line = state->column = 0;
    state->file_index = 0;
    if (index >= 0 && number_of(message->line) > 0) {
        state->line = number_of(message->line);
        state->column = number_of(message->column);
        state->file_index = (size_t)index;
    } else if (form->has_frames) {
        bool found = form->frames_after && look_in_frames(state, message, near_text(message, false), false);
        if (!found && form->frames_before)
            found = look_in_frames(state, message, near_text(message, true), true);
        if (!found && form->frames_before)
            state->line = line_shown(state, message);
    }
    if (state->line == 0)
        return;
    struct str line = source_line(state_source(state, state->file_index), state->line);
    if (state->column == 0)
        state->column = caret_column(state, message);
    else if (state->file && state->file->display_columns &&
             strcmp(state->file->language, state->evidence->language) == 0)
        state->column = byte_column(line, state->column);
    if ((size_t)state->column > line.len + 1)
        state->column = (int)line.len + 1;
}

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

static struct str subject_text(struct state *state, enum subject subject)
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
        return (struct str){.data = source->plain, .len = source->text.len};
    case SUBJECT_CODE:
        return (struct str){.data = source->code, .len = source->text.len};
    case SUBJECT_BEFORE:
    case SUBJECT_AFTER:
        return code_part(source, state->line, subject == SUBJECT_BEFORE);
    case SUBJECT_STDOUT:
        return buf_view(&state->out);
    case SUBJECT_STDERR:
        return buf_view(&state->err);
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

static bool condition_holds(struct state *state, const struct condition *condition)
{
    struct pattern made = {0};
    const struct pattern *pattern = &condition->pattern;
    struct str text = subject_text(state, condition->subject);

    if (condition->subject <= SUBJECT_BELOW && state->line == 0)
        return false;
    if ((condition->subject == SUBJECT_LEFT || condition->subject == SUBJECT_RIGHT) && state->column == 0)
        return false;
    if (condition->dynamic) {
        _cleanup_(buf_release) struct buf written = BUF_INIT;
        if (!expand(state, condition->text, &written) ||
            hint_pattern_compile(&made, buf_str(&written), false, false, NULL) < 0)
            return condition->negative;
        pattern = &made;
    }
    bool found = hint_pattern_match(pattern, &state->matcher, text, 0);
    if (found && !condition->negative) {
        struct taking taking = {.state = state, .text = text, .passing = condition->dynamic};
        hint_pattern_names(pattern, take_binding, &taking);
        take_place(state, condition->subject, &taking);
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
        struct hint hint = {.text = finished_text(&text), .rule = xstrdup(rule->id), .rank = rank};
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

/* A second message about the same line is nearly always an echo of the first. */
static bool is_echo(const struct state *state, const int *lines, size_t count)
{
    if (state->line == 0 || state->evidence->stage != HINT_COMPILE)
        return false;
    for (size_t i = 0; i < count; i++)
        if (lines[i] == state->line)
            return true;
    return false;
}

static void explain_messages(struct state *state, struct hint_list *ret)
{
    struct message messages[MESSAGES_MAX];
    int lines[MESSAGES_MAX];
    size_t count = all_messages(state, messages), explained = 0;

    for (size_t i = 0; i < count; i++) {
        size_t bindings = state->binding_count, scratch = state->scratch_len;
        locate(state, &messages[i]);
        bool echo = is_echo(state, lines, explained);
        if (state->line > 0)
            bind_place(state);
        if (messages[i].type.data)
            state_bind(state, "type", messages[i].type);
        const struct rule *rule = echo ? NULL : explain(state, &messages[i], (int)explained, ret);
        if (rule)
            lines[explained++] = state->line;
        state->binding_count = bindings;
        state->scratch_len = scratch;
        if ((rule && rule->last) || explained == HINTS_MAX)
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

/* True when an earlier hint speaks of the same line. */
static bool repeats_line(const struct hint_list *list, size_t index)
{
    const struct hint *hint = &list->items[index];
    for (size_t i = 0; hint->line > 0 && i < index; i++)
        if (list->items[i].line == hint->line && strcmp(list->items[i].file, hint->file) == 0)
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
    bind_evidence(state);
}

static void state_release(struct state *state)
{
    matcher_release(&state->matcher);
    buf_release(&state->out);
    buf_release(&state->err);
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
