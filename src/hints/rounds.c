/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rounds.c: what each round of a loop does that belongs before or after it.
 *
 * A sum that begins anew: `total = 0` stands within the loop that adds to it, and after the loop it is used. Sure rather than complete: nothing
 * else in the loop may use the name (a sum of each row is printed there), nothing may leave the loop, and the reset must not depend on a
 * condition. A `return` that ends the first round, whatever happens. An answer, found in one round, that the else of a later one takes back.
 */
#include <ctype.h>
#include <string.h>

#include "hints/detect.h"
#include "hints/loops.h"
#include "hints/words.h"

enum { TRIES_MAX = 24, VALUE_MAX = 8 };

/* name = value at `at`, in the loop. */
struct reset {
    const struct source *source;
    const struct loop *loop;
    struct str name, value;
    size_t at;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(const char *code, size_t at)
{
    while (is_blank(code[at]))
        at++;
    return at;
}

/* The last byte before at that is no blank and no '$' of the name, or at's line's newline; '\0': the start of the source. */
static char byte_before(const char *code, size_t at, size_t *ret_at)
{
    while (at > 0 && (is_blank(code[at - 1]) || code[at - 1] == '$'))
        at--;
    *ret_at = at;
    return at > 0 ? code[at - 1] : '\0';
}

static struct str word_before(const char *code, size_t end)
{
    size_t start = end;
    while (start > 0 && word_char(code[start - 1]))
        start--;
    return (struct str){code + start, end - start};
}

static size_t statement_end(const char *code, size_t at)
{
    return at + strcspn(code + at, ";\n");
}

/* The next place in [at, end) where the name stands as a whole word, and not as a member of something; end: none. */
static size_t next_use(const char *code, size_t at, size_t end, struct str name)
{
    for (; at + name.len <= end; at++)
        if (code[at] == name.data[0] && memcmp(code + at, name.data, name.len) == 0 &&
            !word_char(code[at + name.len]) && (at == 0 || (!word_char(code[at - 1]) && code[at - 1] != '.')))
            return at;
    return end;
}

/* ---- the reset ---- */

/* Of a line that ends without ';' or brace: whether the next one is a statement of its own, whatever this one says. */
static bool ends_statement(struct str row)
{
    if (row.len == 0 || strchr(";{}:", row.data[row.len - 1]))
        return true;
    if (strchr(",([=+-*/%&|<>?!\\.", row.data[row.len - 1]))
        return false;
    if (word_listed(word_before(row.data, row.len), "else do then"))
        return false;
    size_t start = 0;
    while (start < row.len && (row.data[start] == '}' || isspace((unsigned char)row.data[start])))
        start++;
    size_t end = start;
    while (end < row.len && word_char(row.data[end]))
        end++;
    return row.data[row.len - 1] != ')' ||
           !word_listed((struct str){row.data + start, end - start}, "if else while for");
}

static bool begins_statement(const struct source *source, size_t at)
{
    size_t before;
    char c = byte_before(source->code, at, &before);

    if (c != '\n')
        return c != '\0' && strchr(";{}", c);
    int line = source_line_at(source, before - 1);
    while (line > 1 && str_trim(source_code_line(source, line)).len == 0)
        line--;
    return ends_statement(str_trim(source_code_line(source, line)));
}

static size_t indent_at(const struct source *source, int line)
{
    struct str row = source_code_line(source, line);
    return str_trim(row).len > 0 ? (size_t)(str_trim(row).data - row.data) : SIZE_MAX;
}

/* Each round of the loop comes by: it stands in no block within the loop. */
static bool in_every_round(const struct source *source, const struct loop *loop, size_t at)
{
    const char *code = source->code;

    if (code[loop->body] == '{') {
        int depth = 0;
        for (size_t i = loop->body; i < at; i++) {
            depth += code[i] == '{' || code[i] == '(';
            depth -= code[i] == '}' || code[i] == ')';
        }
        return depth == 1;
    }
    int line = source_line_at(source, loop->body) + 1, last = source_line_at(source, at);
    while (line < last && indent_at(source, line) == SIZE_MAX)
        line++;
    return indent_at(source, line) == indent_at(source, last);
}

static bool is_start_value(struct str value)
{
    static const char *const values[] = {"0",  "0.0", "0.", "0L",  "0LL",  "0.0f", "0f", "0n", "1",
                                         "1L", "1LL", "1n", "1.0", "\"\"", "''",   "[]", "0u", "0.00"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (str_is(value, values[i]))
            return true;
    return false;
}

/* What begins with a word at `at` looks like one; whether it is a statement of every round is seen to later. */
static bool read_reset(struct reset *reset, size_t at)
{
    const char *code = reset->source->code;
    size_t len = 1;

    while (word_char(code[at + len]))
        len++;
    size_t sign = skip_blanks(code, at + len);
    if (code[sign] != '=' || code[sign + 1] == '=' || isdigit((unsigned char)code[at]))
        return false;
    size_t from = skip_blanks(code, sign + 1), to = statement_end(code, from);
    if (to - from > VALUE_MAX)
        to = from + strcspn(code + from, " \t;\n}"); /* blanks of a comment */
    reset->at = at;
    reset->name = (struct str){code + at, len};
    reset->value = str_trim((struct str){code + from, to - from});
    return is_start_value(reset->value) && code[skip_blanks(code, to)] != ',';
}

/* ---- how the name is used ---- */

/* name += x, name = name + x, name++, name.append(x): where that ends; at: it is something else. */
static size_t past_addition(const char *code, size_t at, struct str name)
{
    size_t before, after = skip_blanks(code, at + name.len), end = statement_end(code, after);
    char c = code[after], d = c ? code[after + 1] : '\0', p = byte_before(code, at, &before);

    if (before >= 2 && (p == '+' || p == '-') && code[before - 2] == p) {
        p = byte_before(code, before - 2, &before);
        c = d = '+';
    }
    if (p != '\0' && strchr("([,=+-*/%<>&|!?", p))
        return at; /* a part of something that uses it */
    if (((c == '+' || c == '-') && d == c) || (c && strchr("+-*/%|&^", c) && d == '=') || (c == '[' && d == ']'))
        return end;
    if (c == '=' && d != '=')
        return next_use(code, after, end, name) < end ? end : at;
    if (c != '.')
        return at;
    size_t word = after + 1;
    while (word_char(code[word]))
        word++;
    return word_listed(word_before(code, word), "append push push_back push_str add extend insert unshift concat") ? end
                                                                                                                   : at;
}

/* In the loop, the name is set, then added to, and nothing else. */
static bool only_adds(const struct reset *reset)
{
    const char *code = reset->source->code;
    size_t end = reset->loop->body_end, additions = 0;

    for (size_t at = reset->loop->at; (at = next_use(code, at, end, reset->name)) < end;) {
        size_t past = at == reset->at ? statement_end(code, at) : past_addition(code, at, reset->name);
        if (past == at || at < reset->at)
            return false;
        additions += at != reset->at;
        at = past;
    }
    return additions > 0;
}

/* After the loop, what was added up is used: not set anew, nor another one of the same name. */
static bool used_after(const struct reset *reset)
{
    static const char declares[] =
        "int long short unsigned signed float double char bool auto var let const String string size_t "
        "mut def function func fn fun for";
    const char *code = reset->source->code;
    size_t end = MIN(reset->source->text.len, (size_t)LOOPS_SCAN_MAX), before;
    size_t at = next_use(code, reset->loop->body_end, end, reset->name);

    if (at >= end)
        return false;
    size_t after = skip_blanks(code, at + reset->name.len);
    if ((code[after] == '=' && code[after + 1] != '=') || (code[after] == ':' && code[after + 1] == '='))
        return false;
    byte_before(code, at, &before);
    return !word_listed(word_before(code, before), declares);
}

/* What a rule may say of it. */
static bool told(struct state *state, const struct reset *reset)
{
    state_bind(state, "name", reset->name);
    state_bind(state, "value", reset->value);
    state_bind_int(state, "loop_line", source_line_at(reset->source, reset->loop->at));
    state->line = source_line_at(reset->source, reset->at);
    state_bind_int(state, "line", state->line);
    return true;
}

bool loop_resets(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops), tries = 0;

    for (size_t i = 0; i < count; i++) {
        struct reset reset = {.source = source, .loop = &loops[i]};
        if (loop_can_leave(source, &loops[i]))
            continue;
        for (size_t at = loops[i].body; at < loops[i].body_end && tries < TRIES_MAX; at++) {
            if (!word_char(source->code[at]) || word_char(source->code[at - 1]) || !read_reset(&reset, at))
                continue;
            tries++;
            if (!begins_statement(source, at) || !in_every_round(source, &loops[i], at) || !only_adds(&reset) ||
                !used_after(&reset))
                continue;
            return told(state, &reset);
        }
    }
    return false;
}

/* ---- a return ---- */

static size_t next_word(const char *code, size_t at, size_t end, const char *word)
{
    return next_use(code, at, end, str_of(word));
}

bool loop_returns(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops);

    for (size_t i = 0, tries = 0; i < count; i++) {
        const struct loop *loop = &loops[i];
        if (next_word(source->code, loop->body, loop->body_end, "continue") < loop->body_end)
            continue;
        for (size_t at = loop->body; tries < TRIES_MAX; at++, tries++) {
            at = next_word(source->code, at, loop->body_end, "return");
            if (at >= loop->body_end)
                break;
            if (!begins_statement(source, at) || !in_every_round(source, loop, at))
                continue;
            state_bind_int(state, "loop_line", source_line_at(source, loop->at));
            state->line = source_line_at(source, at);
            state_bind_int(state, "line", state->line);
            return true;
        }
    }
    return false;
}

/* ---- an answer that a later round takes back ---- */

/* name = constant at `at`, to the end of the statement: the constant; empty: it is something else. */
static struct str constant_set(const char *code, size_t at, struct str name)
{
    size_t sign = skip_blanks(code, at + name.len), from = skip_blanks(code, sign + (code[sign] == '='));
    size_t len = 0;

    while (word_char(code[from + len]))
        len++;
    struct str value = {code + from, len};
    char next = code[skip_blanks(code, from + len)];
    bool ends = next == '\0' || strchr(";\n}", next);
    return code[sign] == '=' && ends && word_listed(value, "0 1 true false True False") ? value
                                                                                        : (struct str){.data = code};
}

/* In the loop the name is set to constants, not always the same one, and not used; the last in the text is the one at `at`. */
static bool only_sets(const struct reset *reset)
{
    const char *code = reset->source->code;
    size_t end = reset->loop->body_end, others = 0;

    for (size_t at = reset->loop->at; (at = next_use(code, at, end, reset->name)) < end; at += reset->name.len) {
        struct str value = constant_set(code, at, reset->name);
        if (value.len == 0 || at > reset->at)
            return false;
        others += !str_eq(value, reset->value);
    }
    return others > 0;
}

static bool read_else(struct reset *reset, size_t at)
{
    const char *code = reset->source->code;
    size_t start = skip_blanks(code, at + strlen("else")), len = 0;

    while (code[start] == ':' || code[start] == '{' || isspace((unsigned char)code[start]))
        start++;
    while (word_char(code[start + len]))
        len++;
    reset->at = start;
    reset->name = (struct str){code + start, len};
    if (len > 0)
        reset->value = constant_set(code, start, reset->name);
    return len > 0 && reset->value.len > 0;
}

bool loop_flips(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops), tries = 0;

    for (size_t i = 0; i < count; i++) {
        struct reset reset = {.source = source, .loop = &loops[i]};
        if (loop_can_leave(source, &loops[i]))
            continue;
        for (size_t at = loops[i].body; tries < TRIES_MAX; at++, tries++) {
            at = next_word(source->code, at, loops[i].body_end, "else");
            if (at >= loops[i].body_end)
                break;
            if (!read_else(&reset, at) || !only_sets(&reset) || !used_after(&reset))
                continue;
            return told(state, &reset);
        }
    }
    return false;
}
