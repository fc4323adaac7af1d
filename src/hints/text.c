/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c: filling in a rule's text. {name} is a capture; {helper:name} is what the helper makes of it; a table's name is a helper
 * that looks the capture up. A text of which one part cannot be filled in is not said.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "hints/state.h"
#include "hints/words.h"

enum { QUOTED_LINE_MAX = 70, VALUE_MAX = 60, QUOTED_WORDS_MAX = 4096 };

static size_t name_length(const char *text)
{
    size_t len = 0;
    while (islower((unsigned char)text[len]) || isdigit((unsigned char)text[len]) || text[len] == '_')
        len++;
    return islower((unsigned char)text[0]) ? len : 0;
}

bool text_next(const char **at, struct str *ret_before, struct str *ret_helper, struct str *ret_name)
{
    const char *start = *at;

    for (const char *brace = strchr(start, '{'); brace; brace = strchr(brace + 1, '{')) {
        size_t first = name_length(brace + 1);
        const char *end = brace + 1 + first;
        struct str helper = {.data = brace + 1, .len = 0}, name = {.data = brace + 1, .len = first};
        if (first == 0)
            continue;
        if (*end == ':') {
            size_t second = name_length(end + 1);
            helper.len = first;
            name = (struct str){.data = end + 1, .len = second};
            end += 1 + second;
        }
        if (*end != '}' || name.len == 0)
            continue;
        *ret_before = (struct str){.data = start, .len = (size_t)(brace - start)};
        *ret_helper = helper;
        *ret_name = name;
        *at = end + 1;
        return true;
    }
    return false;
}

/* ---- helpers: each appends its value; false: there is none ---- */

static bool value_plain(struct state *state, struct str name, struct buf *out)
{
    struct str value = str_trim(state_value(state, name));
    if (!value.data || value.len == 0)
        return false;
    size_t cut = utf8_cut(value.data, value.len, VALUE_MAX);
    buf_append(out, value.data, cut);
    if (cut < value.len)
        buf_append_str(out, "…");
    return true;
}

static bool near(struct state *state, struct str name, struct buf *out, bool own, bool library)
{
    static struct source nothing; /* has no words, ever */
    const struct rule_file *file = state->file;
    struct str word = state_value(state, name);
    struct source *source = own ? state_source(state, state->file_index) : &nothing;
    const struct rule_file *base = state->files[1];
    const char *const names[] = {library && file ? file->names : NULL, library && base ? base->names : NULL};
    struct str found = word_nearest(word, source, names, ARRAY_LEN(names), file ? file->keywords : NULL);
    buf_append(out, found.data, found.len);
    return found.len > 0;
}

static bool value_nearest(struct state *state, struct str name, struct buf *out)
{
    return near(state, name, out, true, true);
}

static bool value_own(struct state *state, struct str name, struct buf *out)
{
    return near(state, name, out, true, false);
}

static bool value_library(struct state *state, struct str name, struct buf *out)
{
    return near(state, name, out, false, true);
}

/* The nearest keyword: "whlie" → "while". */
static bool value_keyword(struct state *state, struct str name, struct buf *out)
{
    static struct source nothing; /* has no words, ever */
    const char *const keywords[] = {state->file ? state->file->keywords : NULL};
    struct str found = word_nearest(state_value(state, name), &nothing, keywords, 1, NULL);
    unsigned most = found.len <= 4 ? 1 : 2; /* a keyword is a bolder guess than a name of the program's own */
    if (found.len == 0 || word_cost(state_value(state, name), found, most) > most)
        return false;
    buf_append(out, found.data, found.len);
    return true;
}

static bool value_line(struct state *state, struct str name, struct buf *out)
{
    struct str line = str_trim(source_line(state_source(state, state->file_index), state->line));
    (void)name;
    if (line.len == 0 || line.len > QUOTED_LINE_MAX)
        return false;
    buf_append(out, line.data, line.len);
    return true;
}

static bool line_number(int line, struct buf *out)
{
    if (line > 0)
        buf_printf(out, "%d", line);
    return line > 0;
}

static bool value_first(struct state *state, struct str name, struct buf *out)
{
    return line_number(word_line(state_source(state, state->file_index), state_value(state, name), 0), out);
}

static bool value_earlier(struct state *state, struct str name, struct buf *out)
{
    return line_number(word_line(state_source(state, state->file_index), state_value(state, name), state->line), out);
}

static bool shifted(struct state *state, struct str name, long long by, struct buf *out)
{
    struct str value = state_value(state, name);
    char text[24], *end;
    if (value.len == 0 || value.len > 18)
        return false;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    long long number = strtoll(text, &end, 10);
    if (*end != '\0')
        return false;
    buf_printf(out, "%lld", number + by);
    return true;
}

static bool value_dec(struct state *state, struct str name, struct buf *out)
{
    return shifted(state, name, -1, out);
}

static bool value_inc(struct state *state, struct str name, struct buf *out)
{
    return shifted(state, name, 1, out);
}

/* The last part of a qualified name: "java.util.Scanner" → "Scanner". */
static bool value_short(struct state *state, struct str name, struct buf *out)
{
    struct str value = state_value(state, name);
    size_t start = value.len;
    while (start > 0 && word_char(value.data[start - 1]))
        start--;
    buf_append(out, value.data + start, value.len - start);
    return start < value.len;
}

static bool value_upper(struct state *state, struct str name, struct buf *out)
{
    struct str value = state_value(state, name);
    if (value.len == 0)
        return false;
    buf_append_char(out, (char)toupper((unsigned char)value.data[0]));
    buf_append(out, value.data + 1, value.len - 1);
    return true;
}

static bool value_lower(struct state *state, struct str name, struct buf *out)
{
    struct str value = state_value(state, name);
    for (size_t i = 0; i < value.len; i++)
        buf_append_char(out, (char)tolower((unsigned char)value.data[i]));
    return value.len > 0;
}

/* The words within the source's strings, blank-separated. */
static void quoted_words(const struct source *source, struct buf *words)
{
    for (size_t i = 0; i < source->text.len && words->len < QUOTED_WORDS_MAX; i++) {
        size_t start = i;
        while (i < source->text.len && source->code[i] == ' ' && word_char(source->plain[i]))
            i++;
        if (i == start)
            continue;
        buf_append(words, source->plain + start, i - start);
        buf_append_char(words, ' ');
    }
}

/* The nearest word in a string of the source: the keys of dictionaries. */
static bool value_quoted(struct state *state, struct str name, struct buf *out)
{
    static struct source nothing;
    _cleanup_(buf_release) struct buf words = BUF_INIT;

    quoted_words(state_source(state, state->file_index), &words);
    const char *const names[] = {buf_str(&words)};
    struct str found = word_nearest(state_value(state, name), &nothing, names, 1, NULL);
    buf_append(out, found.data, found.len);
    return found.len > 0;
}

static const struct {
    const char *name;
    bool (*value)(struct state *state, struct str name, struct buf *out);
} helpers[] = {
    {"nearest", value_nearest}, {"own", value_own},   {"library", value_library}, {"keyword", value_keyword},
    {"quoted", value_quoted},   {"line", value_line}, {"first", value_first},     {"earlier", value_earlier},
    {"dec", value_dec},         {"inc", value_inc},   {"short", value_short},     {"upper", value_upper},
    {"lower", value_lower},
};

bool text_helper_known(struct str helper)
{
    for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
        if (str_is(helper, helpers[i].name))
            return true;
    return false;
}

static bool fill_one(struct state *state, struct str helper, struct str name, struct buf *out)
{
    if (helper.len == 0)
        return value_plain(state, name, out);
    for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
        if (str_is(helper, helpers[i].name))
            return helpers[i].value(state, name, out);
    _cleanup_(freep) char *table = str_dup(helper);
    const char *value = NULL;
    for (size_t f = 0; f < ARRAY_LEN(state->files) && !value; f++)
        value = table_value(state->files[f], table, state_value(state, name));
    if (value)
        buf_append_str(out, value);
    return value != NULL;
}

bool text_fill(struct state *state, const char *text, struct buf *out)
{
    struct str before, helper, name;

    while (text_next(&text, &before, &helper, &name)) {
        buf_append(out, before.data, before.len);
        if (!fill_one(state, helper, name, out))
            return false;
    }
    buf_append_str(out, text);
    return true;
}
