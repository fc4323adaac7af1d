/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops.c: see loops.h. Works on the source's code (no comments, no inside of strings) without knowing the language: a loop is a word
 * `while`, `until` or `for`, its condition what follows up to the body, its body a block of braces, of indentation, or one statement.
 */
#include "hints/loops.h"

#include <ctype.h>
#include <string.h>

#include "hints/words.h"

enum { CODE_MAX = 16384, LOOPS_MAX = 40 };

struct range {
    size_t from, to;
};

struct loop {
    size_t head;            /* of its keyword */
    struct range condition; /* empty: always true */
    struct range step;      /* of a for; else empty */
    struct range body;
    bool closed_at_once; /* by a `;` */
};

struct view {
    const struct source *source;
    const char *code;
    size_t len;
    bool ruby; /* knows until, and `statement while condition` */
};

/* ---- small steps ---- */

static size_t skip_blanks(const struct view *v, size_t at)
{
    while (at < v->len && isspace((unsigned char)v->code[at]))
        at++;
    return at;
}

static size_t skip_spaces(const struct view *v, size_t at)
{
    while (at < v->len && (v->code[at] == ' ' || v->code[at] == '\t'))
        at++;
    return at;
}

/* The last sign before at that is no blank; '\0': none. */
static size_t before_blanks(const struct view *v, size_t at)
{
    while (at > 0 && isspace((unsigned char)v->code[at - 1]))
        at--;
    return at;
}

/* Past the bracket that opens at `at`; v->len when it never closes. */
static size_t past_bracket(const struct view *v, size_t at)
{
    size_t depth = 0;
    for (; at < v->len; at++) {
        depth += strchr("([{", v->code[at]) != NULL;
        if (strchr(")]}", v->code[at]) && --depth == 0)
            return at + 1;
    }
    return v->len;
}

static size_t word_end(const struct view *v, size_t at)
{
    while (at < v->len && word_char(v->code[at]))
        at++;
    return at;
}

static bool is_word_at(const struct view *v, size_t at, const char *word)
{
    size_t len = strlen(word);
    return at + len <= v->len && memcmp(v->code + at, word, len) == 0 && (at == 0 || !word_char(v->code[at - 1])) &&
           (at + len == v->len || !word_char(v->code[at + len]));
}

/* The next word in range that begins at or after *at: *at moves behind it. */
static bool next_word(const struct view *v, struct range range, size_t *at, struct str *ret)
{
    size_t i = *at;
    while (i < range.to && (!word_char(v->code[i]) || (i > 0 && word_char(v->code[i - 1]))))
        i++;
    if (i >= range.to)
        return false;
    *at = word_end(v, i);
    *ret = (struct str){v->code + i, *at - i};
    return true;
}

static bool has_word(const struct view *v, struct range range, struct str word)
{
    size_t at = range.from;
    for (struct str found; next_word(v, range, &at, &found);)
        if (str_eq(found, word))
            return true;
    return false;
}

/* ---- where loops are ---- */

static size_t past_indented(const struct view *v, size_t head)
{
    int line = source_line_at(v->source, head);
    struct str first = source_code_line(v->source, line);
    size_t indent = strspn(first.data, " \t");
    while ((size_t)++line <= v->source->line_count) {
        struct str text = source_code_line(v->source, line);
        if (str_trim(text).len > 0 && strspn(text.data, " \t") <= indent)
            break;
    }
    return (size_t)line > v->source->line_count ? v->len : MIN(v->source->starts[line - 1], v->len);
}

static void take_body(const struct view *v, size_t at, struct loop *loop)
{
    size_t start = skip_blanks(v, at);
    loop->closed_at_once = start < v->len && v->code[start] == ';' && skip_spaces(v, at) == start;
    if (loop->closed_at_once) {
        loop->body = (struct range){start, start};
    } else if (start < v->len && v->code[start] == '{') {
        loop->body = (struct range){start, past_bracket(v, start)};
    } else if (at < v->len && (v->code[skip_spaces(v, at)] == ':' || v->code[skip_spaces(v, at)] == '\n') &&
               past_indented(v, loop->head) > start && !strchr("(", v->code[loop->condition.from])) {
        loop->body = (struct range){start, past_indented(v, loop->head)};
    } else {
        size_t end = start;
        while (end < v->len && v->code[end] != ';' && v->code[end] != '{')
            end++;
        if (end < v->len && v->code[end] == '{')
            end = past_bracket(v, end);
        loop->body = (struct range){start, end};
    }
}

/* From at to where the head without parentheses ends: at `{`, at a Python colon, or with the line. */
static size_t head_end(const struct view *v, size_t at)
{
    while (at < v->len && v->code[at] != '{' && v->code[at] != '\n' && !(v->code[at] == ':' && v->code[at + 1] != '='))
        at = strchr("([", v->code[at]) ? past_bracket(v, at) : at + 1;
    return MIN(at, v->len);
}

/* The parts of `a; b; c` between from and to; false when there are none. */
static bool three_parts(const struct view *v, size_t from, size_t to, struct loop *loop)
{
    size_t first = from, second;
    while (first < to && v->code[first] != ';')
        first++;
    second = first + 1;
    while (second < to && v->code[second] != ';')
        second++;
    if (second >= to)
        return false;
    loop->condition = (struct range){first + 1, second};
    loop->step = (struct range){second + 1, to};
    return true;
}

/* A `while` that belongs to what stands before it: do … while (…); and Ruby's `statement while condition`. */
static bool ends_a_statement(const struct view *v, const struct loop *loop)
{
    size_t end = before_blanks(v, loop->head);
    if (v->ruby)
        return source_line_at(v->source, loop->head) == source_line_at(v->source, end > 0 ? end - 1 : 0) && end > 0;
    if (!loop->closed_at_once || end == 0)
        return false;
    if (v->code[end - 1] == '}')
        return true;
    size_t start = end - 1;
    while (start > 0 && !strchr(";{}", v->code[start - 1]))
        start--;
    return has_word(v, (struct range){start, end}, str_of("do"));
}

static bool read_loop(const struct view *v, size_t at, bool is_for, struct loop *loop)
{
    size_t from = skip_spaces(v, word_end(v, at));
    bool parentheses = from < v->len && v->code[from] == '(';
    size_t to = parentheses ? past_bracket(v, from) : head_end(v, from);

    *loop = (struct loop){.head = at, .condition = {from, to}};
    if (parentheses) {
        size_t after = skip_spaces(v, to);
        bool goes_on = after < v->len && (strchr("<>=!&|+-*/%.", v->code[after]) || is_word_at(v, after, "and") ||
                                          is_word_at(v, after, "or"));
        if (goes_on && !is_for)
            loop->condition.to = to = head_end(v, to);
        if (is_for && !three_parts(v, from + 1, to - 1, loop))
            return false; /* for each */
    } else if (is_for && !three_parts(v, from, to, loop)) {
        struct str text = {v->code + from, to - from};
        if (memmem(text.data, text.len, " in ", 4) || memmem(text.data, text.len, "range", 5))
            return false; /* for each; what is left is Go's for with a condition */
    }
    take_body(v, to, loop);
    bool whole = loop->body.to < v->len || v->len == v->source->text.len;
    return whole && !ends_a_statement(v, loop);
}

/* ---- what changes a variable ---- */

static bool assigns_at(const struct view *v, size_t at)
{
    static const char *const signs[] = {"++", "--", "=",  "+=",  "-=",  "*=",  "/=",  "%=",  "&=",  "|=",
                                        "^=", ".=", ":=", "**=", "//=", "<<=", ">>=", "||=", "&&=", "?\?="};
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        size_t len = strlen(signs[i]);
        if (at + len > v->len || memcmp(v->code + at, signs[i], len) != 0)
            continue;
        if (strcmp(signs[i], "=") == 0 && at + 1 < v->len && strchr("=~>", v->code[at + 1]))
            return false;
        return true;
    }
    return false;
}

/* On the left of the `=` of its line, as in `a, b = b, a + b`. */
static bool in_list_before_assignment(const struct view *v, size_t from, size_t to)
{
    size_t start = from;
    while (start > 0 && v->code[start - 1] != '\n' && v->code[start - 1] != ';')
        start--;
    for (size_t i = start; i < from; i++)
        if (!word_char(v->code[i]) && !strchr(" \t,([$*&", v->code[i]))
            return false;
    while (to < v->len && (word_char(v->code[to]) || strchr(" \t,)]$.*", v->code[to])))
        to++;
    return assigns_at(v, to) && v->code[to] != '+' && v->code[to] != '-';
}

/* Is the variable whose use stands at [from, to) changed there, or might it be? */
static bool changed_here(const struct view *v, const struct loop *loop, size_t from, size_t to)
{
    static const char *const pure =
        "length size len count isEmpty is_empty empty get charAt at indexOf contains equals toString abs";
    size_t after = skip_spaces(v, to), before = before_blanks(v, from);

    while (after < v->len && v->code[after] == '[')
        after = skip_spaces(v, past_bracket(v, after));
    if (after + 1 < v->len && (v->code[after] == '.' || memcmp(v->code + after, "->", 2) == 0) &&
        !assigns_at(v, after)) {
        size_t name = skip_spaces(v, after + (v->code[after] == '.' ? 1 : 2)), end = word_end(v, name);
        return !word_listed((struct str){v->code + name, end - name}, pure);
    }
    if (assigns_at(v, after) || in_list_before_assignment(v, from, to))
        return true;
    if (before >= 2 && (memcmp(v->code + before - 2, "++", 2) == 0 || memcmp(v->code + before - 2, "--", 2) == 0 ||
                        memcmp(v->code + before - 2, ">>", 2) == 0))
        return true;
    if (before >= 1 && v->code[before - 1] == '&' && (before < 2 || v->code[before - 2] != '&'))
        return true;
    if (before >= 3 && before - 3 != loop->head &&
        (is_word_at(v, before - 3, "for") || is_word_at(v, before - 3, "mut") || is_word_at(v, before - 3, "del")))
        return true;
    return before >= 2 && is_word_at(v, before - 2, "as");
}

static bool changed_in(const struct view *v, const struct loop *loop, struct range range, struct str name)
{
    size_t at = range.from;
    for (struct str word; next_word(v, range, &at, &word);)
        if (str_eq(word, name) && changed_here(v, loop, at - word.len, at))
            return true;
    return false;
}

/* ---- what else may end a loop ---- */

#define LEAVES "break return exit throw raise panic goto die abort quit last sleep yield await receive"
#define PURE                                                                                                           \
    "len abs size length count strlen sqrt pow min max floor ceil isEmpty empty is_empty get charAt at int str float " \
    "Number"

/* A function defined in the source under this name that speaks of the variable could change it. */
static bool definition_speaks_of(const struct view *v, struct str function, struct str name)
{
    struct range all = {0, v->len};
    size_t at = 0;
    for (struct str word; next_word(v, all, &at, &word);) {
        if (!str_eq(word, function) || at >= v->len || v->code[skip_spaces(v, at)] != '(')
            continue;
        size_t close = past_bracket(v, skip_spaces(v, at)), open = close;
        while (open < v->len && v->code[open] != '{' && v->code[open] != ';' && v->code[open] != '\n')
            open++;
        open = skip_blanks(v, open);
        struct range body = {open, open};
        if (open < v->len && v->code[open] == '{')
            body.to = past_bracket(v, open);
        else if (at > 4 + word.len - 1 && is_word_at(v, at - word.len - 4, "def"))
            body = (struct range){close, past_indented(v, at - word.len)};
        if (body.to > body.from && has_word(v, body, name))
            return true;
    }
    return false;
}

/* Handed to a function as it is, without a sign that says it may be changed there. */
static bool is_argument(const struct view *v, struct range range, struct str name)
{
    size_t at = range.from;
    for (struct str word; next_word(v, range, &at, &word);) {
        size_t before = before_blanks(v, at - word.len - (at > word.len && v->code[at - word.len - 1] == '$'));
        if (str_eq(word, name) && before > 0 && (v->code[before - 1] == '(' || v->code[before - 1] == ',') &&
            strchr(",)", v->code[skip_spaces(v, at)]))
            return true;
    }
    return false;
}

/* Does the condition look at it as at a number? Not as `while queue` or `while len(queue) > 0` do. */
static bool is_compared(const struct view *v, struct range condition, struct str name)
{
    size_t at = condition.from;
    for (struct str word; next_word(v, condition, &at, &word);) {
        if (!str_eq(word, name))
            continue;
        size_t after = skip_spaces(v, at), before = before_blanks(v, at - word.len);
        if ((after < v->len && strchr("<>=!%", v->code[after])) || (before > 0 && strchr("<>=%", v->code[before - 1])))
            return true;
    }
    return false;
}

/* C++ and PHP hand arguments by reference without a sign at the call. */
static bool by_reference(const struct view *v, struct range range, struct str name)
{
    const char *reference = memmem(v->code, v->len, "&", 1);
    bool any = false;
    for (; reference && !any; reference = memmem(reference + 1, v->len - (size_t)(reference + 1 - v->code), "&", 1)) {
        size_t at = skip_spaces(v, (size_t)(reference + 1 - v->code)), end = word_end(v, at + (v->code[at] == '$'));
        any = end > at && end < v->len && (v->code[end] == ',' || v->code[end] == ')') && reference[-1] != '&';
    }
    return any && is_argument(v, range, name);
}

static bool may_leave(const struct view *v, struct range body)
{
    size_t at = body.from;
    for (struct str word; next_word(v, body, &at, &word);)
        if (word_listed(word, LEAVES))
            return true;
    return false;
}

static bool calls_something(const struct view *v, struct range range)
{
    size_t at = range.from;
    for (struct str word; next_word(v, range, &at, &word);)
        if (at < v->len && v->code[at] == '(' && !word_listed(word, PURE) &&
            !word_listed(word, "while until and or not"))
            return true;
    return false;
}

static bool may_change(const struct view *v, const struct loop *loop, struct str name)
{
    if (changed_in(v, loop, loop->body, name) || changed_in(v, loop, loop->step, name) ||
        changed_in(v, loop, loop->condition, name) || by_reference(v, loop->body, name) ||
        (!is_compared(v, loop->condition, name) && is_argument(v, loop->body, name)))
        return true;
    size_t at = loop->body.from;
    for (struct str word; next_word(v, loop->body, &at, &word);)
        if (at < v->len && v->code[at] == '(' && definition_speaks_of(v, word, name))
            return true;
    return false;
}

static bool is_variable(const struct view *v, size_t from, size_t to)
{
    static const char *const others =
        "and or not in is true false null nil None True False NULL nullptr this self let const";
    struct str word = {v->code + from, to - from};
    size_t after = skip_spaces(v, to);
    return !isdigit((unsigned char)word.data[0]) && !word_listed(word, others) &&
           !(after < v->len && v->code[after] == '(') && !(from > 0 && v->code[from - 1] == '.');
}

/* {name}, {line} when no variable of the condition can change. */
static bool nothing_changes(struct state *state, const struct view *v, const struct loop *loop)
{
    struct str first = {0};
    size_t at = loop->condition.from;

    if (calls_something(v, loop->condition) || may_leave(v, loop->condition) || may_leave(v, loop->body))
        return false;
    for (struct str word; next_word(v, loop->condition, &at, &word);) {
        if (!is_variable(v, at - word.len, at))
            continue;
        if (may_change(v, loop, word))
            return false;
        if (!first.data)
            first = word;
    }
    if (!first.data)
        return false;
    state_bind(state, "name", first);
    return true;
}

/* No condition, or one that is a constant. */
static bool always_true(const struct view *v, const struct loop *loop)
{
    struct str text = str_trim((struct str){v->code + loop->condition.from, loop->condition.to - loop->condition.from});
    while (text.len > 2 && text.data[0] == '(' && text.data[text.len - 1] == ')')
        text = str_trim((struct str){text.data + 1, text.len - 2});
    return text.len == 0 || word_listed(text, "1 true True");
}

enum wanted { STUCK, ENDLESS, EMPTY };

static bool is_wanted(struct state *state, const struct view *v, const struct loop *loop, enum wanted wanted)
{
    if (wanted == ENDLESS)
        return always_true(v, loop) && !may_leave(v, loop->body) && loop->body.to > loop->body.from;
    if (loop->closed_at_once != (wanted == EMPTY) || always_true(v, loop))
        return false;
    return nothing_changes(state, v, loop);
}

static bool find(struct state *state, enum wanted wanted)
{
    const struct source *source = state_source(state, 0);
    struct view view = {
        .source = source,
        .code = source->code,
        .len = MIN(source->text.len, (size_t)CODE_MAX),
        .ruby = strcmp(state->evidence->language, "ruby") == 0,
    };
    struct range all = {0, view.len};
    size_t at = 0, tries = 0;

    for (struct str word; tries < LOOPS_MAX && next_word(&view, all, &at, &word);) {
        bool is_for = str_is(word, "for");
        struct loop loop;
        if (!is_for && !str_is(word, "while") && !(view.ruby && str_is(word, "until")))
            continue;
        tries++;
        size_t bindings = state->binding_count;
        if (read_loop(&view, at - word.len, is_for, &loop) && is_wanted(state, &view, &loop, wanted)) {
            state->line = source_line_at(source, loop.head);
            state_bind_int(state, "line", state->line);
            return true;
        }
        state->binding_count = bindings;
    }
    return false;
}

bool loop_is_stuck(struct state *state)
{
    return find(state, STUCK);
}

bool loop_is_endless(struct state *state)
{
    return find(state, ENDLESS);
}

bool loop_is_empty(struct state *state)
{
    return find(state, EMPTY);
}
