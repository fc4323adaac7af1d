/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops.c: loops in a source of any language, as far as words, braces and indentation tell: which of them can never end, which one
 * makes something grow or prints. Careful rather than clever: a loop whose end is in doubt is not called endless.
 */
#include "hints/loops.h"

#include <ctype.h>
#include <string.h>

#include "hints/detect.h"
#include "hints/words.h"

static size_t skip_space(const char *code, size_t at, size_t end)
{
    while (at < end && isspace((unsigned char)code[at]))
        at++;
    return at;
}

static size_t past_bracket(const char *code, size_t at, size_t end)
{
    char open = code[at], close = open == '(' ? ')' : open == '{' ? '}' : ']';
    size_t depth = 0;
    for (size_t i = at; i < end; i++) {
        depth += code[i] == open;
        depth -= code[i] == close;
        if (depth == 0)
            return i + 1;
    }
    return end;
}

/* The lines after the one at `at` that are indented more than it. */
static size_t past_indented(const struct source *source, size_t at, size_t end)
{
    int line = source_line_at(source, at);
    struct str head = source_code_line(source, line);
    size_t indent = 0;
    while (indent < head.len && isspace((unsigned char)head.data[indent]))
        indent++;
    while ((size_t)++line <= source->line_count) {
        struct str row = source_code_line(source, line);
        size_t depth = 0;
        while (depth < row.len && isspace((unsigned char)row.data[depth]))
            depth++;
        if (depth < row.len && depth <= indent)
            break;
    }
    return (size_t)line > source->line_count ? end : MIN(source->starts[line - 1], end);
}

static bool word_at(const char *code, size_t at, size_t end, const char *word)
{
    size_t len = strlen(word);
    return at + len <= end && memcmp(code + at, word, len) == 0 && (at == 0 || !word_char(code[at - 1])) &&
           (at + len == end || !word_char(code[at + len]));
}

/* Where the head ends: at a '{', a ':' at the end of its line, the end of the line, or after the parentheses. */
static void read_loop(const struct source *source, size_t at, size_t word_len, size_t end, struct loop *loop)
{
    const char *code = source->code;
    size_t i = skip_space(code, at + word_len, end), start = i;

    *loop = (struct loop){.at = at};
    if (i < end && code[i] == '(') {
        i = past_bracket(code, i, end);
        loop->condition = (struct str){code + start + 1, i > start + 1 ? i - start - 2 : 0};
        size_t next = skip_space(code, i, end);
        if (next < end && code[next] == ';') {
            loop->empty_statement = true;
            loop->body = loop->body_end = next;
            return;
        }
        if (next < end && code[next] == '{') {
            loop->body = next;
            loop->body_end = past_bracket(code, next, end);
            return;
        }
        if (next < end && code[next] != ':' && source_line_at(source, next) != source_line_at(source, i) &&
            !strchr("<>=!&|+-*/%", code[next])) {
            loop->body = next;
            while (next < end && code[next] != ';' && code[next] != '\n')
                next++;
            loop->body_end = next;
            return;
        }
    }
    while (i < end && code[i] != '{' && code[i] != '\n')
        i++;
    size_t stop = i;
    while (stop > start && (isspace((unsigned char)code[stop - 1]) || code[stop - 1] == ':'))
        stop--;
    loop->condition = (struct str){code + start, stop - start};
    loop->body = i;
    loop->body_end = i < end && code[i] == '{' ? past_bracket(code, i, end) : past_indented(source, at, end);
    loop->body_end = MAX(loop->body_end, i); /* a head of several lines may go past what is indented */
}

size_t loops_find(const struct source *source, struct loop *loops)
{
    static const char *const words[] = {"while", "for", "foreach", "loop", "until"};
    size_t end = MIN(source->text.len, (size_t)LOOPS_SCAN_MAX), count = 0;

    for (size_t at = 0; at < end && count < LOOPS_MAX; at++) {
        if (at > 0 && word_char(source->code[at - 1]))
            continue;
        for (size_t w = 0; w < ARRAY_LEN(words); w++)
            if (word_at(source->code, at, end, words[w])) {
                read_loop(source, at, strlen(words[w]), end, &loops[count++]);
                break;
            }
    }
    return count;
}

static bool has_word(struct str text, const char *const *words)
{
    for (size_t i = 0; i < text.len; i++)
        for (size_t w = 0; words[w]; w++)
            if (word_at(text.data, i, text.len, words[w]))
                return true;
    return false;
}

bool loop_can_leave(const struct source *source, const struct loop *loop)
{
    static const char *const words[] = {"break", "return", "exit",  "throw", "raise", "panic",
                                        "goto",  "die",    "abort", "quit",  "Exit",  NULL};
    return has_word((struct str){source->code + loop->body, loop->body_end - loop->body}, words);
}

/* Whether anything in text may change name: an assignment, ++, an address, a method, an argument of a call. */
static bool may_change(struct str text, struct str name)
{
    for (size_t i = 0; i + name.len <= text.len; i++) {
        if (memcmp(text.data + i, name.data, name.len) != 0 || (i > 0 && word_char(text.data[i - 1])) ||
            (i + name.len < text.len && word_char(text.data[i + name.len])))
            continue;
        size_t next = skip_space(text.data, i + name.len, text.len), before = i;
        while (before > 0 && isspace((unsigned char)text.data[before - 1]) && text.data[before - 1] != '\n')
            before--;
        char c = next < text.len ? text.data[next] : '\0', d = next + 1 < text.len ? text.data[next + 1] : '\0';
        char p = before > 0 ? text.data[before - 1] : '\0', q = before > 1 ? text.data[before - 2] : '\0';
        if ((c == '=' && d != '=') || ((c == '+' || c == '-') && d == c) || (c && strchr("+-*/%&|^", c) && d == '=') ||
            (c == '<' && d == '<') || (c == ':' && d == '=') || c == '.' || c == '[' || c == '-')
            return true;
        if ((c == '/' || c == '*' || c == '>') && d == c)
            return true;
        if (p == '&' || ((p == '+' || p == '-') && q == p) || (p == '>' && q == '>') || (c == ',' && p == '\n') ||
            p == '(')
            return true;
        if (c == ',' || p == ',') /* a, b = b, a; an argument */
            return true;
    }
    return false;
}

static const char *const always[] = {"true", "True", "1", ":", "", ";;", "(true)", "1 == 1"};

static bool is_always(struct str condition)
{
    condition = str_trim(condition);
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (str_is(condition, always[i]))
            return true;
    /* for (;;) */
    size_t signs = 0;
    for (size_t i = 0; i < condition.len; i++) {
        if (condition.data[i] != ';' && !isspace((unsigned char)condition.data[i]))
            return false;
        signs += condition.data[i] == ';';
    }
    return signs == 2;
}

/* The condition holds names only, none of which the body may change: *ret_name is the first. */
static bool never_changes(const struct source *source, const struct loop *loop, struct str *ret_name)
{
    struct str body = {source->code + loop->body, loop->body_end - loop->body};
    struct str condition = loop->condition;
    bool found = false;

    for (size_t i = 0; i < condition.len; i++) {
        if (condition.data[i] == '(' && i > 0 && word_char(condition.data[i - 1]))
            return false; /* a call */
        if (strchr(";.[$<>&", condition.data[i]) && condition.data[i]) {
            bool compares = condition.data[i] == '<' || condition.data[i] == '>' || condition.data[i] == '&';
            if (!compares || (i + 1 < condition.len && (condition.data[i] == '<' || condition.data[i] == '>') &&
                              condition.data[i + 1] == condition.data[i]))
                return false;
        }
        if ((condition.data[i] == '+' || condition.data[i] == '-') && i + 1 < condition.len &&
            condition.data[i + 1] == condition.data[i])
            return false;
        if (condition.data[i] == '=' && i > 0 && i + 1 < condition.len && condition.data[i + 1] != '=' &&
            !strchr("=!<>~", condition.data[i - 1]))
            return false; /* an assignment */
        if (!word_char(condition.data[i]) || (i > 0 && word_char(condition.data[i - 1])) ||
            isdigit((unsigned char)condition.data[i]))
            continue;
        size_t len = 1;
        while (i + len < condition.len && word_char(condition.data[i + len]))
            len++;
        struct str name = {condition.data + i, len};
        if (word_listed(name,
                        "and or not in is range of let var int len true false True False do then NULL None nil null"))
            return !word_listed(name, "and or not do then true false True False NULL None nil null") ? false : found;
        if (may_change(body, name))
            return false;
        if (!found)
            *ret_name = name;
        found = true;
    }
    return found;
}

static void set_place(struct state *state, size_t at)
{
    state->line = source_line_at(state_source(state, 0), at);
    state_bind_int(state, "line", state->line);
}

bool loop_unchanged(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops);

    for (size_t i = 0; i < count; i++) {
        struct str name = {0};
        if (!word_at(source->code, loops[i].at, source->text.len, "while") &&
            !word_at(source->code, loops[i].at, source->text.len, "for"))
            continue;
        if (loops[i].empty_statement) /* the end of a do { } while (…); or a loop without a body */
            continue;
        if (is_always(loops[i].condition) || loop_can_leave(source, &loops[i]) ||
            !never_changes(source, &loops[i], &name))
            continue;
        state_bind(state, "name", name);
        set_place(state, loops[i].at);
        return true;
    }
    return false;
}

bool loop_forever(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops);

    for (size_t i = 0; i < count; i++)
        if (!loops[i].empty_statement && is_always(loops[i].condition) && !loop_can_leave(source, &loops[i])) {
            set_place(state, loops[i].at);
            return true;
        }
    return false;
}

/* while (…); with a block after it. */
bool loop_semicolon(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops);

    for (size_t i = 0; i < count; i++) {
        if (!loops[i].empty_statement)
            continue;
        size_t next = skip_space(source->code, loops[i].body + 1, source->text.len);
        if (next >= source->text.len || source->code[next] != '{')
            continue;
        set_place(state, loops[i].at);
        return true;
    }
    return false;
}

bool loop_nested(struct state *state)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops);

    for (size_t i = 0; i + 1 < count; i++)
        if (loops[i + 1].at >= loops[i].body && loops[i + 1].at < loops[i].body_end) {
            state_bind_int(state, "inner_line", source_line_at(source, loops[i + 1].at));
            set_place(state, loops[i].at);
            return true;
        }
    return false;
}

/* The first of the words that stands in a loop: {word} and its line. */
static bool word_in_loop(struct state *state, const char *const *words)
{
    const struct source *source = state_source(state, 0);
    struct loop loops[LOOPS_MAX];
    size_t count = loops_find(source, loops);

    for (size_t i = 0; i < count; i++)
        for (size_t at = loops[i].body; at < loops[i].body_end; at++)
            for (size_t w = 0; words[w]; w++) {
                if (!word_at(source->code, at, loops[i].body_end, words[w]))
                    continue;
                size_t dot = at;
                while (dot > 0 &&
                       (source->code[dot - 1] == '.' || source->code[dot - 1] == '>' || source->code[dot - 1] == '-'))
                    dot--;
                size_t start = dot;
                while (start > 0 && word_char(source->code[start - 1]))
                    start--;
                state_bind(state, "word", (struct str){source->code + at, strlen(words[w])});
                if (dot < at && start < dot)
                    state_bind(state, "name", (struct str){source->code + start, dot - start});
                state_bind_int(state, "loop_line", source_line_at(source, loops[i].at));
                set_place(state, at);
                return true;
            }
    return false;
}

bool loop_grows(struct state *state)
{
    static const char *const words[] = {"push_back",    "push",       "append",    "add",      "insert",
                                        "emplace_back", "extend",     "concat",    "malloc",   "calloc",
                                        "realloc",      "new",        "make",      "push_str", "put",
                                        "unshift",      "array_push", "bytearray", NULL};
    return word_in_loop(state, words);
}

bool loop_prints(struct state *state)
{
    static const char *const words[] = {"printf", "puts",  "cout",    "print", "println",   "echo",  "log", "Println",
                                        "Printf", "Print", "putchar", "write", "WriteLine", "fputs", "yes", NULL};
    return word_in_loop(state, words);
}
