/* SPDX-License-Identifier: Apache-2.0 */
/* source.c: see source.h. One pass over the text, no tokens: it has to cope with programs that no compiler understands. */
#include "hints/source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- comments and strings ---- */

struct scan {
    struct source *source;
    const struct source_syntax *syntax;
    size_t at;
    int line;
};

static bool starts_with(const struct scan *scan, const char *word, size_t len)
{
    const struct str *text = &scan->source->text;
    return scan->at + len <= text->len && memcmp(text->data + scan->at, word, len) == 0;
}

static void blank(const struct scan *scan, size_t at, bool in_plain)
{
    if (scan->source->text.data[at] == '\n')
        return;
    scan->source->code[at] = ' ';
    if (in_plain)
        scan->source->plain[at] = ' ';
}

/* The length of a comment's start here; 0: none. A # counts only at a line's start or after a blank. */
static size_t line_comment(const struct scan *scan)
{
    for (const char *word = scan->syntax->line_comments; *word;) {
        size_t len = strcspn(word, " ");
        char before = scan->at > 0 ? scan->source->text.data[scan->at - 1] : '\n';
        if (starts_with(scan, word, len) && (*word != '#' || isspace((unsigned char)before) || strchr(";)}", before)))
            return len;
        word += len + strspn(word + len, " ");
    }
    return 0;
}

static void skip_comment(struct scan *scan, bool block)
{
    const struct str *text = &scan->source->text;
    size_t start = scan->at;

    for (; scan->at < text->len; scan->at++) {
        if (!block && text->data[scan->at] == '\n')
            return;
        if (block && scan->at >= start + 3 && text->data[scan->at] == '/' && text->data[scan->at - 1] == '*') {
            blank(scan, scan->at++, true);
            return;
        }
        blank(scan, scan->at, true);
    }
}

/* Rust: 'a in &'a str is no string. */
static bool is_tick(const struct scan *scan, char quote)
{
    const struct str *text = &scan->source->text;
    if (!scan->syntax->char_ticks || quote != '\'')
        return false;
    for (size_t i = scan->at + 1; i < text->len && i < scan->at + 12 && text->data[i] != '\n'; i++)
        if (text->data[i] == '\'')
            return i == scan->at + 1 || (i > scan->at + 2 && text->data[scan->at + 1] != '\\' && i > scan->at + 5);
    return true;
}

static void skip_string(struct scan *scan, char quote)
{
    const struct str *text = &scan->source->text;
    const char three[] = {quote, quote, quote};
    bool triple = scan->syntax->triple_quotes && quote != '`' && starts_with(scan, three, 3);
    bool spans = triple || strchr(scan->syntax->long_quotes, quote);
    size_t start = scan->at;

    scan->at += triple ? 3 : 1;
    for (; scan->at < text->len; scan->at++) {
        char c = text->data[scan->at];
        if (c == '\n' && !spans) {
            if (scan->source->open_quote_line == 0) {
                scan->source->open_quote_line = source_line_at(scan->source, start);
                scan->source->open_quote = quote;
            }
            return;
        }
        if (triple ? starts_with(scan, three, 3) : c == quote) {
            scan->at += triple ? 3 : 1;
            return;
        }
        if (c == '\\' && scan->at + 1 < text->len && quote != '`') {
            blank(scan, scan->at, false);
            scan->at++;
            if (text->data[scan->at] == '\n')
                continue;
        }
        blank(scan, scan->at, false);
    }
    if (scan->source->open_quote_line == 0) {
        scan->source->open_quote_line = source_line_at(scan->source, start);
        scan->source->open_quote = quote;
    }
}

/* Marks the bytes at which a comment or string may begin: all others are passed by without a second look. */
static void mark_starts(const struct source_syntax *syntax, bool *starts)
{
    for (const char *at = syntax->quotes; *at; at++)
        starts[(unsigned char)*at] = true;
    for (const char *word = syntax->line_comments; *word; word += strspn(word, " ")) {
        starts[(unsigned char)*word] = true;
        word += strcspn(word, " ");
    }
    if (syntax->block_comments)
        starts['/'] = true;
}

static void mask(struct source *source, const struct source_syntax *syntax)
{
    struct scan scan = {.source = source, .syntax = syntax};
    bool starts[256] = {false};

    mark_starts(syntax, starts);
    while (scan.at < source->text.len) {
        char c = source->text.data[scan.at];
        if (!starts[(unsigned char)c]) {
            scan.at++;
            continue;
        }
        if (syntax->block_comments && starts_with(&scan, "/*", 2))
            skip_comment(&scan, true);
        else if (line_comment(&scan) > 0)
            skip_comment(&scan, false);
        else if (c != '\0' && strchr(syntax->quotes, c) && !is_tick(&scan, c))
            skip_string(&scan, c);
        else
            scan.at++;
    }
}

/* ---- lines ---- */

static void find_lines(struct source *source)
{
    size_t room = 64;
    source->starts = xmalloc((room + 1) * sizeof(*source->starts));
    source->starts[source->line_count++] = 0;
    for (size_t i = 0; i < source->text.len; i++) {
        const char *end = memchr(source->text.data + i, '\n', source->text.len - i);
        if (!end)
            break;
        i = (size_t)(end - source->text.data);
        if (source->line_count == room) {
            room *= 2;
            source->starts = xrealloc(source->starts, (room + 1) * sizeof(*source->starts));
        }
        source->starts[source->line_count++] = i + 1;
    }
    source->starts[source->line_count] = source->text.len + 1;
}

void source_init(struct source *source, struct str text, const struct source_syntax *syntax)
{
    *source = (struct source){.text = text};
    if (!text.data)
        source->text.data = "";
    source->code = str_dup(source->text);
    source->plain = str_dup(source->text);
    find_lines(source);
    mask(source, syntax);
}

void source_release(struct source *source)
{
    free(source->code);
    free(source->plain);
    free(source->starts);
    free(source->words);
    *source = (struct source){0};
}

static struct str line_of(const struct source *source, const char *base, int line)
{
    if (line < 1 || (size_t)line > source->line_count)
        return (struct str){.data = "", .len = 0};
    size_t start = source->starts[line - 1];
    size_t len = source->starts[line] - 1 - start;
    if (len > 0 && base[start + len - 1] == '\r')
        len--;
    return (struct str){.data = base + start, .len = len};
}

struct str source_line(const struct source *source, int line)
{
    return line_of(source, source->text.data, line);
}

struct str source_code_line(const struct source *source, int line)
{
    return line_of(source, source->code, line);
}

struct str source_plain_line(const struct source *source, int line)
{
    return line_of(source, source->plain, line);
}

int source_line_at(const struct source *source, size_t offset)
{
    size_t low = 0, high = source->line_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (source->starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return (int)low + 1;
}

struct str str_trim(struct str text)
{
    while (text.len > 0 && isspace((unsigned char)text.data[0]))
        text.data++, text.len--;
    while (text.len > 0 && isspace((unsigned char)text.data[text.len - 1]))
        text.len--;
    return text;
}

/* ---- brackets ---- */

enum { DEPTH_MAX = 256 };

struct opener {
    char c;
    int line;
    int indent;             /* of its line */
    bool entered, indented; /* code follows on a line of its own; and stands right of the opener's line */
    int left_line;          /* the first such line, once they were right of it, that is not any more; 0: none */
};

struct stack {
    struct opener items[DEPTH_MAX];
    size_t depth;
};

static int indent_of(struct str line)
{
    int width = 0;
    for (size_t i = 0; i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'); i++)
        width = line.data[i] == '\t' ? (width / 4 + 1) * 4 : width + 1;
    return width;
}

static char opening(char c)
{
    return c == ')' ? '(' : c == ']' ? '[' : '{';
}

/* A '}' that begins its line and stands left of its opener's line belongs to an outer one: the opener was never closed. */
static void look_at_indent(const struct stack *stack, int line, int indent, struct source_brackets *ret)
{
    const struct opener *top = &stack->items[stack->depth - 1];

    if (indent > top->indent && ret->extra_line == 0 && line != top->line) {
        ret->extra_line = line;
        ret->extra_char = '}';
    }
    if (indent >= top->indent || ret->open_line > 0)
        return;
    for (size_t i = stack->depth - 1; i-- > 0;) {
        if (stack->items[i].c != '{' || stack->items[i].indent > indent)
            continue;
        if (stack->items[i].indent < indent)
            return;
        ret->open_line = top->line;
        ret->open_char = top->c;
        ret->stop_line = top->left_line > 0 ? top->left_line : line;
        return;
    }
}

static void close_bracket(struct stack *stack, char c, int line, bool first, int indent, struct source_brackets *ret,
                          bool *extra)
{
    if (stack->depth == 0) {
        if (!*extra && !(ret->extra_line > 0 && c == '}')) {
            ret->extra_line = line;
            ret->extra_char = c;
        }
        *extra = true;
        return;
    }
    struct opener *top = &stack->items[stack->depth - 1];
    if (top->c != opening(c)) {
        if (ret->mismatch_line == 0) {
            ret->mismatch_line = line;
            ret->mismatch_char = c;
            ret->mismatch_open = top->c;
            ret->mismatch_open_line = top->line;
        }
        for (size_t i = stack->depth; i-- > 0;)
            if (stack->items[i].c == opening(c)) { /* what lies between was forgotten */
                stack->depth = i;
                return;
            }
        return; /* a lone one: skip it */
    }
    if (c == '}' && first)
        look_at_indent(stack, line, indent, ret);
    stack->depth--;
}

/* Not what stands further left than its block by custom: labels, preprocessor lines. */
static bool is_statement(struct str code)
{
    return code.len > 0 && code.data[0] != '}' && code.data[0] != '#' && code.data[code.len - 1] != ':';
}

/* Where the block that a line of code begins in seems to end, as far as the lines' indentation tells. */
static void look_at_line(struct stack *stack, struct str code, int line, int indent)
{
    struct opener *top = stack->depth > 0 ? &stack->items[stack->depth - 1] : NULL;

    if (!top || top->c != '{' || code.len == 0)
        return;
    if (!top->entered)
        top->indented = indent > top->indent;
    else if (top->indented && top->left_line == 0 && indent <= top->indent && is_statement(code))
        top->left_line = line;
    top->entered = true;
}

void source_match_brackets(const struct source *source, struct source_brackets *ret)
{
    struct stack stack = {.depth = 0};
    bool extra = false;
    int end_line = 0;

    *ret = (struct source_brackets){0};
    for (int line = 1; (size_t)line <= source->line_count; line++) {
        struct str text = source_code_line(source, line);
        int indent = indent_of(text);
        bool first = true;
        look_at_line(&stack, str_trim(text), line, indent);
        if (str_trim(text).len > 0)
            end_line = line;
        for (size_t i = 0; i < text.len; i++) {
            char c = text.data[i];
            if (c == '(' || c == '[' || c == '{') {
                if (stack.depth < DEPTH_MAX)
                    stack.items[stack.depth++] = (struct opener){.c = c, .line = line, .indent = indent};
            } else if (c == ')' || c == ']' || c == '}') {
                close_bracket(&stack, c, line, first, indent, ret, &extra);
            }
            first &= isspace((unsigned char)c) != 0;
        }
    }
    if (!extra && stack.depth == 0) { /* it comes out even: indentation alone is no evidence */
        ret->extra_line = ret->open_line = ret->stop_line = 0;
        return;
    }
    if (!extra)
        ret->extra_line = 0;
    if (stack.depth == 0) {
        ret->open_line = 0;
    } else if (ret->open_line == 0) {
        const struct opener *top = &stack.items[stack.depth - 1];
        ret->open_line = top->line;
        ret->open_char = top->c;
        ret->stop_line = top->left_line;
        ret->end_line = top->indented && top->left_line == 0 ? end_line : 0;
    }
}
