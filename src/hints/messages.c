/* SPDX-License-Identifier: Apache-2.0 */
/* messages.c: see messages.h. The work is bounded: a window of the output, few messages, few frames. */
#include "hints/messages.h"

#include <ctype.h>
#include <string.h>

#include "hints/words.h"

enum { MESSAGE_MAX = 2048, NEAR_WINDOW = 2048, SHOWN_LEAST = 5, SHOWN_ROWS = 12, FRAMES_MAX = 192 };

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
        char c = text.data[i];
        if (c != '`' && c != '\r' && c != '\0' && (unsigned char)c != 0xe2) {
            out->data[out->len++] = c;
            i++;
            continue;
        }
        i += plain_quote(text.data + i, text.len - i, &c);
        if (c != '\r' && c != '\0')
            out->data[out->len++] = c;
    }
    out->data[out->len] = '\0';
}

void make_window(struct str text, struct buf *out)
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

size_t all_messages(struct state *state, struct message *messages)
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

    for (; state->frames_seen < FRAMES_MAX && at < text.len; state->frames_seen++) {
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

/* The line that is row, blanks around it apart: 0 when none is, -1 when several are. */
static int only_line(const struct source *source, struct str row)
{
    struct str text = source->text;
    int found = 0;

    for (const char *at = text.data; (at = memmem(at, text.len - (size_t)(at - text.data), row.data, row.len)); at++) {
        int line = source_line_at(source, (size_t)(at - text.data));
        if (!str_eq(str_trim(source_line(source, line)), row))
            continue;
        if (found > 0)
            return -1;
        found = line;
        at += row.len - 1;
    }
    return found;
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

    for (size_t at = 0, rows = 0; at < text.len && found == 0 && rows < SHOWN_ROWS; rows++) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        struct str row = {.data = text.data + at, .len = end ? (size_t)(end - text.data) - at : text.len - at};
        at += row.len + 1;
        row = str_trim(row);
        if (row.len >= SHOWN_LEAST)
            found = only_line(source, row);
    }
    return MAX(found, 0);
}

void locate(struct state *state, const struct message *message)
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
    else if (state->file && state->file->display_columns && state->evidence->stage == HINT_COMPILE &&
             strcmp(state->file->language, state->evidence->language) == 0)
        state->column = byte_column(line, state->column);
    if ((size_t)state->column > line.len + 1)
        state->column = (int)line.len + 1;
}
