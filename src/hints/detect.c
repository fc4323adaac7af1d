/* SPDX-License-Identifier: Apache-2.0 */
/* detect.c: see detect.h. */
#include "hints/detect.h"

#include <ctype.h>
#include <string.h>

#include "hints/words.h"

/* ---- brackets ---- */

static char closing(char c)
{
    return c == '(' ? ')' : c == '[' ? ']' : '}';
}

static void bind_char(struct state *state, const char *name, char c)
{
    state_bind(state, name, state_keep(state, (struct str){.data = &c, .len = 1}));
}

static void set_line(struct state *state, int line)
{
    state->line = line;
    state_bind_int(state, "line", line);
}

static bool unclosed(struct state *state)
{
    const struct source_brackets *brackets = state_brackets(state);
    if (brackets->open_line == 0 || brackets->mismatch_line > 0)
        return false;
    bind_char(state, "open", brackets->open_char);
    bind_char(state, "close", closing(brackets->open_char));
    if (brackets->stop_line > brackets->open_line)
        state_bind_int(state, "stop_line", brackets->stop_line);
    if (brackets->end_line > brackets->open_line)
        state_bind_int(state, "end_line", brackets->end_line);
    set_line(state, brackets->open_line);
    return true;
}

static bool unclosed_brace(struct state *state)
{
    return state_brackets(state)->open_char == '{' && unclosed(state);
}

static bool extra_close(struct state *state)
{
    const struct source_brackets *brackets = state_brackets(state);
    if (brackets->extra_line == 0)
        return false;
    bind_char(state, "close", brackets->extra_char);
    set_line(state, brackets->extra_line);
    return true;
}

static bool mismatch(struct state *state)
{
    const struct source_brackets *brackets = state_brackets(state);
    if (brackets->mismatch_line == 0)
        return false;
    bind_char(state, "close", brackets->mismatch_char);
    bind_char(state, "open", brackets->mismatch_open);
    bind_char(state, "wanted", closing(brackets->mismatch_open));
    state_bind_int(state, "open_line", brackets->mismatch_open_line);
    set_line(state, brackets->mismatch_line);
    return true;
}

static bool open_quote(struct state *state)
{
    const struct source *source = state_source(state, 0);
    if (source->open_quote_line == 0)
        return false;
    bind_char(state, "quote", source->open_quote);
    set_line(state, source->open_quote_line);
    return true;
}

/* Of the line the message is about, going on while its parentheses are open, to the end of the statement. */
static void count_parentheses(struct state *state, int from, int *opened, int *closed)
{
    const struct source *source = state_source(state, state->file_index);
    *opened = *closed = 0;
    for (int line = from; line < from + 5; line++) {
        struct str text = source_code_line(source, line);
        for (size_t i = 0; i < text.len; i++) {
            *opened += text.data[i] == '(';
            *closed += text.data[i] == ')';
        }
        text = str_trim(text);
        if (*opened == *closed || (text.len > 0 && strchr(";{}:", text.data[text.len - 1])))
            return;
    }
}

static bool more_open(struct state *state)
{
    int opened, closed;
    count_parentheses(state, state->line, &opened, &closed);
    state_bind_int(state, "opened", opened);
    state_bind_int(state, "closed", closed);
    return opened > closed;
}

/* Likewise of the last line with code before it: the message points at what follows. */
static bool more_open_above(struct state *state)
{
    const struct source *source = state_source(state, state->file_index);
    int line = state->line - 1, opened, closed;

    while (line > 0 && str_trim(source_code_line(source, line)).len == 0)
        line--;
    if (line <= 0)
        return false;
    struct str text = source_code_line(source, line);
    opened = closed = 0;
    for (size_t i = 0; i < text.len; i++) {
        opened += text.data[i] == '(';
        closed += text.data[i] == ')';
    }
    state_bind_int(state, "opened", opened);
    state_bind_int(state, "closed", closed);
    if (opened <= closed)
        return false;
    set_line(state, line);
    return true;
}

static bool more_closed(struct state *state)
{
    int opened, closed;
    count_parentheses(state, state->line, &opened, &closed);
    state_bind_int(state, "opened", opened);
    state_bind_int(state, "closed", closed);
    return closed > opened;
}

/* ---- functions that call themselves ---- */

static size_t skip_blank(const char *code, size_t at)
{
    while (isspace((unsigned char)code[at]))
        at++;
    return at;
}

enum { BODY_MAX = 8192 };

/* The end of what the bracket at `at` opens; at itself when it never ends, or not within BODY_MAX. */
static size_t past_bracket(const char *code, size_t at)
{
    char open = code[at], close = closing(open);
    size_t depth = 0;
    for (size_t i = at; code[i] && i < at + BODY_MAX; i++) {
        depth += code[i] == open;
        depth -= code[i] == close;
        if (depth == 0)
            return i + 1;
    }
    return at;
}

/* The body of an indented block that begins after the line at `at`. */
static size_t past_block(const struct source *source, size_t at)
{
    int line = source_line_at(source, at);
    struct str head = source_code_line(source, line);
    size_t indent = strspn(head.data, " \t");
    while ((size_t)++line <= source->line_count) {
        struct str text = source_code_line(source, line);
        if (str_trim(text).len > 0 && strspn(text.data, " \t") <= indent)
            break;
    }
    return (size_t)line > source->line_count ? source->text.len : source->starts[line - 1];
}

static bool calls(const char *code, size_t from, size_t to, struct str name, size_t *ret_at)
{
    for (size_t i = from; i + name.len < to; i++) {
        if (memcmp(code + i, name.data, name.len) != 0 || word_char(code[i - 1]) || word_char(code[i + name.len]))
            continue;
        if (code[skip_blank(code, i + name.len)] != '(')
            continue;
        *ret_at = i;
        return true;
    }
    return false;
}

static bool is_keyword_head(struct str word)
{
    return word_listed(word, "if while for switch catch return else match foreach function func fn def elif sizeof");
}

/* The function whose name is at code[start..end): true when its body calls it. */
static bool calls_itself(const struct source *source, size_t start, size_t end, size_t *ret_at)
{
    const char *code = source->code;
    struct str name = {code + start, end - start};
    size_t open = skip_blank(code, end);
    if (code[open] != '(' || is_keyword_head(name))
        return false;
    size_t body = past_bracket(code, open);
    if (body == open)
        return false;
    size_t at = body;
    while (code[at] && code[at] != '{' && code[at] != ';' && code[at] != '\n' && code[at] != '(' && at < body + 60)
        at++;
    if (code[at] == '\n')
        at = skip_blank(code, at);
    if (code[at] == '{')
        return calls(code, at, past_bracket(code, at), name, ret_at);
    bool defined = start >= 4 && (memcmp(code + start - 4, "def ", 4) == 0);
    return defined && calls(code, body, past_block(source, start), name, ret_at);
}

static bool recursion(struct state *state)
{
    const struct source *source = state_source(state, 0);
    const char *code = source->code;
    size_t len = MIN(source->text.len, (size_t)16384), call = 0;

    for (size_t i = 0, tries = 0; i < len && tries < 200; i++) {
        if (!word_char(code[i]) || isdigit((unsigned char)code[i]))
            continue;
        size_t start = i;
        while (i < len && word_char(code[i]))
            i++;
        if (code[skip_blank(code, i)] != '(')
            continue;
        tries++;
        if (!calls_itself(source, start, i, &call))
            continue;
        state_bind(state, "function", (struct str){code + start, i - start});
        state_bind_int(state, "call_line", source_line_at(source, call));
        set_line(state, source_line_at(source, start));
        return true;
    }
    return false;
}

/* ---- input ---- */

static int count_lines(struct str text)
{
    int lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines + (text.len > 0 && text.data[text.len - 1] != '\n');
}

static bool no_input(struct state *state)
{
    return str_trim(state->evidence->stdin_data).len == 0;
}

static bool some_input(struct state *state)
{
    state_bind_int(state, "input_lines", count_lines(state->evidence->stdin_data));
    return !no_input(state);
}

/* An output that repeats one line: {repeated}. */
static bool repeats(struct state *state)
{
    const struct buf *out = &state->out;
    struct str first = {.data = buf_str(out), .len = strcspn(buf_str(out), "\n")};
    if (first.len == 0 || first.len > 80 || out->len < 3 * (first.len + 1))
        return false;
    for (size_t at = 0; at + first.len < MIN(out->len, (size_t)4096); at += first.len + 1)
        if (memcmp(out->data + at, first.data, first.len) != 0 || out->data[at + first.len] != '\n')
            return false;
    state_bind(state, "repeated", first);
    return true;
}

/* What a sanitizer says of a block in bytes, in elements: {index} is accessed of {length}; {bytes} is its size. */
static int64_t bytes_of(const struct state *state, const char *name)
{
    return number_of(state_value(state, str_of(name)));
}

static bool room(struct state *state)
{
    int64_t from = bytes_of(state, "from"), size = bytes_of(state, "size");
    int64_t bytes = MAX(bytes_of(state, "to") - from, bytes_of(state, "region"));
    int64_t past = MAX(bytes_of(state, "offset") - from - bytes, bytes_of(state, "past"));

    if (bytes <= 0 || past < 0)
        return false;
    state_bind_int(state, "bytes", bytes);
    if (!state_value(state, str_of("size")).data)
        return true;
    if (size <= 0 || size > 16 || bytes % size != 0 || past % size != 0)
        return false;
    state_bind_int(state, "length", bytes / size);
    state_bind_int(state, "index", (bytes + past) / size);
    return true;
}

/* ---- the table ---- */

#define SHAPE(name)                               \
    static bool shape_##name(struct state *state) \
    {                                             \
        return difference_is(state, #name);       \
    }
/* clang-format off */
#define SHAPES(X) \
    X(no_output) X(space) X(newlines) X(joined) X(letter_case) X(list_brackets) X(punctuation) X(prompt) X(debug) X(extra_text) \
    X(ends_early) X(goes_on) X(first_only) X(reversed) X(order) X(not_a_number) X(wrapped) X(floored) X(decimals) X(sign) \
    X(off_by_one) X(one_word) X(later_line) X(other)
/* clang-format on */
SHAPES(SHAPE)

#define SHAPE_ROW(name) \
    {"shape_" #name, shape_##name, "expected got diff_line right_lines expected_lines got_lines decimals extra"},
static const struct detector detectors[] = {{"unclosed", unclosed, "open close stop_line end_line line"},
                                            {"unclosed_brace", unclosed_brace, "open close stop_line end_line line"},
                                            {"extra_close", extra_close, "close line"},
                                            {"mismatch", mismatch, "close open wanted open_line line"},
                                            {"open_quote", open_quote, "quote line"},
                                            {"more_open", more_open, "opened closed"},
                                            {"more_open_above", more_open_above, "opened closed line"},
                                            {"more_closed", more_closed, "opened closed"},
                                            {"recursion", recursion, "function call_line line"},
                                            {"no_input", no_input, ""},
                                            {"some_input", some_input, "input_lines"},
                                            {"repeats", repeats, "repeated"},
                                            {"room", room, "bytes length index"},
                                            {"loop_unchanged", loop_unchanged, "name line"},
                                            {"loop_forever", loop_forever, "line"},
                                            {"loop_semicolon", loop_semicolon, "line"},
                                            {"loop_nested", loop_nested, "inner_line line"},
                                            {"loop_grows", loop_grows, "word name loop_line line"},
                                            {"loop_prints", loop_prints, "word name loop_line line"},
                                            {"loop_resets", loop_resets, "name value loop_line line"},
                                            {"loop_returns", loop_returns, "loop_line line"},
                                            {"loop_flips", loop_flips, "name value loop_line line"},
                                            SHAPES(SHAPE_ROW)};

const struct detector *detector_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(detectors); i++)
        if (strcmp(detectors[i].name, name) == 0)
            return &detectors[i];
    return NULL;
}
