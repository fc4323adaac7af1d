/* SPDX-License-Identifier: Apache-2.0 */
/*
 * java_source.c: the names in a Java source that javac and java insist on.
 *
 * javac wants a public top-level type in a file of its name, java wants the type that holds main with its package. Both are
 * found by reading tokens: comments, strings, text blocks and character literals are skipped, and only what stands at brace
 * and bracket depth 0 declares a top-level type. The source need not be correct: javac will say so.
 */
#include "base/encode.h"
#include "language/internal.h"

struct scanner {
    const char *at, *end;
};

struct token {
    enum { TOKEN_END, TOKEN_WORD, TOKEN_MARK } kind;
    struct str text; /* one byte for TOKEN_MARK */
};

static bool looking_at(const struct scanner *s, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(s->end - s->at) >= len && memcmp(s->at, text, len) == 0;
}

/* Moves past the next closing mark, or to the end. A backslash hides the byte after it where escapes is set. */
static void skip_past(struct scanner *s, const char *closing, bool escapes, bool one_line)
{
    while (s->at < s->end && !looking_at(s, closing)) {
        if (one_line && *s->at == '\n')
            return;
        s->at += escapes && *s->at == '\\' && s->end - s->at > 1 ? 2 : 1;
    }
    if (s->at < s->end)
        s->at += strlen(closing);
}

/* True when a comment or a literal stood here and was skipped. */
static bool skip_hidden(struct scanner *s)
{
    static const struct {
        const char *open, *close;
        bool escapes, one_line;
    } hidden[] = {
        {"//", "\n", false, false}, {"/*", "*/", false, false}, {"\"\"\"", "\"\"\"", true, false},
        {"\"", "\"", true, true},   {"'", "'", true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        if (!looking_at(s, hidden[i].open))
            continue;
        s->at += strlen(hidden[i].open);
        skip_past(s, hidden[i].close, hidden[i].escapes, hidden[i].one_line);
        return true;
    }
    return false;
}

static bool word_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' || u == '$' ||
           u >= 0x80;
}

static struct token next_token(struct scanner *s)
{
    while (s->at < s->end) {
        if (skip_hidden(s))
            continue;
        const char *start = s->at++;
        if (word_byte(*start)) {
            while (s->at < s->end && word_byte(*s->at))
                s->at++;
            return (struct token){.kind = TOKEN_WORD, .text = {.data = start, .len = (size_t)(s->at - start)}};
        }
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): five bytes are looked at, the NUL is none of them */
        if (!memchr(" \t\r\n\f", *start, 5))
            return (struct token){.kind = TOKEN_MARK, .text = {.data = start, .len = 1}};
    }
    return (struct token){.kind = TOKEN_END};
}

/* Where the reading of one source stands. */
struct reading {
    struct java_names names;
    struct token before[2];    /* the two tokens before this one, nearest first */
    unsigned braces, brackets; /* depth of {} and of () */
    bool is_public;            /* "public" was among the words of this top-level declaration */
    bool type_public;          /* of the type being read */
    struct str type;           /* the top-level type being read */
};

static bool type_keyword(struct str word)
{
    return str_is(word, "class") || str_is(word, "interface") || str_is(word, "enum") || str_is(word, "record");
}

/* A word at depth 0. */
static void read_top_word(struct reading *r, struct str word)
{
    if (str_is(word, "public")) {
        r->is_public = true;
    } else if (r->before[0].kind == TOKEN_WORD && type_keyword(r->before[0].text) && !r->type.len) {
        r->type = word;
        r->type_public = r->is_public;
        if (!r->names.first_type.len)
            r->names.first_type = word;
        if (r->is_public && !r->names.public_type.len)
            r->names.public_type = word;
    }
}

static void end_declaration(struct reading *r)
{
    r->is_public = r->type_public = false;
    r->type = (struct str){0};
}

/* "void main (" directly inside a top-level type. */
static void note_main(struct reading *r)
{
    bool is_main = r->braces == 1 && r->brackets == 0 && r->type.len && r->before[0].kind == TOKEN_WORD &&
                   str_is(r->before[0].text, "main") && r->before[1].kind == TOKEN_WORD &&
                   str_is(r->before[1].text, "void");
    if (is_main && (!r->names.main_type.len || r->type_public))
        r->names.main_type = r->type;
}

static void read_mark(struct reading *r, char mark)
{
    switch (mark) {
    case '(':
        note_main(r);
        r->brackets++;
        break;
    case ')':
        r->brackets -= r->brackets > 0;
        break;
    case '{':
        r->braces++;
        break;
    case '}':
        r->braces -= r->braces > 0;
        if (r->braces == 0 && r->brackets == 0)
            end_declaration(r);
        break;
    case ';':
        if (r->braces == 0 && r->brackets == 0)
            end_declaration(r);
        break;
    default:
        break;
    }
}

/* "package x.y;": everything up to the semicolon, cleaned by java_start_class. */
static struct str read_package(struct scanner *s)
{
    const char *start = s->at;
    for (struct token t = next_token(s); t.kind != TOKEN_END; t = next_token(s))
        if (t.kind == TOKEN_MARK && *t.text.data == ';')
            return (struct str){.data = start, .len = (size_t)(t.text.data - start)};
    return (struct str){0};
}

struct java_names java_scan(struct str code)
{
    struct reading r = {0};
    if (code.len == 0)
        return r.names;
    struct scanner scanner = {.at = code.data, .end = code.data + code.len};
    for (struct token t = next_token(&scanner); t.kind != TOKEN_END; t = next_token(&scanner)) {
        bool top = r.braces == 0 && r.brackets == 0;
        if (t.kind == TOKEN_MARK) {
            read_mark(&r, *t.text.data);
        } else if (top && str_is(t.text, "package") && !r.names.package.len && !r.names.first_type.len) {
            r.names.package = read_package(&scanner);
            end_declaration(&r);
        } else if (top) {
            read_top_word(&r, t.text);
        }
        r.before[1] = r.before[0];
        r.before[0] = t;
    }
    return r.names;
}

/* Longer names do not fit a file name (with ".class") or make no sense in a command. */
enum { CLASS_NAME_MAX = 200, PACKAGE_NAME_MAX = 1000 };

/* The first of the candidates that can be a file's name; "Main" when none can. */
static struct str first_usable(const struct str *candidates, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (candidates[i].len > 0 && candidates[i].len <= CLASS_NAME_MAX &&
            utf8_valid(candidates[i].data, candidates[i].len))
            return candidates[i];
    return STR("Main");
}

char *java_file_class(struct str code)
{
    struct java_names names = java_scan(code);
    const struct str candidates[] = {names.public_type, names.main_type};
    return str_dup(first_usable(candidates, ARRAY_LEN(candidates)));
}

/* Only words and dots get through: the result is an argument of java and must not become an option. */
static void append_package(struct str package, struct buf *out)
{
    if (package.len == 0 || package.len > PACKAGE_NAME_MAX)
        return;
    struct scanner scanner = {.at = package.data, .end = package.data + package.len};
    for (struct token t = next_token(&scanner); t.kind != TOKEN_END; t = next_token(&scanner))
        if (t.kind == TOKEN_WORD || *t.text.data == '.')
            buf_append(out, t.text.data, t.text.len);
    if (out->len)
        buf_append_char(out, '.');
}

char *java_start_class(struct str code)
{
    struct java_names names = java_scan(code);
    const struct str candidates[] = {names.main_type, names.public_type, names.first_type};
    struct str name = first_usable(candidates, ARRAY_LEN(candidates));
    struct buf full = BUF_INIT;
    append_package(names.package, &full);
    buf_append(&full, name.data, name.len);
    return buf_steal(&full, NULL);
}
