/* SPDX-License-Identifier: Apache-2.0 */
/*
 * literal.c: the letters that a text must contain for a pattern to match: a search for them is much cheaper than the pattern, and nearly
 * always says no. Reads only as much of PCRE2's grammar as it takes to be sure; in doubt there are no such letters.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "hints/pattern.h"

enum { LITERAL_MAX = 40, DEPTH_MAX = 20 };

struct letters {
    char text[LITERAL_MAX];
    size_t len;
};

struct reader {
    const char *at;
    int depth;
    bool doubt; /* a construct that is not understood, or letters that match in both cases */
};

static void keep_longer(struct letters *best, const struct letters *other)
{
    if (other->len > best->len)
        *best = *other;
}

static void flush(struct letters *run, struct letters *best)
{
    keep_longer(best, run);
    run->len = 0;
}

static size_t braces_quantifier(const char *at)
{
    size_t digits = strspn(at + 1, "0123456789");
    size_t len = 1 + digits;
    if (digits == 0)
        return 0;
    if (at[len] == ',')
        len += 1 + strspn(at + len + 1, "0123456789");
    return at[len] == '}' ? len + 1 : 0;
}

/* Passes a quantifier, if there is one; says whether what stands before it may be left out, and whether it may be repeated. */
static void pass_quantifier(struct reader *reader, bool *optional, bool *repeated)
{
    const char *at = reader->at;
    size_t len = *at == '*' || *at == '?' || *at == '+' ? 1 : *at == '{' ? braces_quantifier(at) : 0;

    *optional = *repeated = len > 0;
    if (len == 0)
        return;
    *optional = *at == '*' || *at == '?' || (*at == '{' && strtol(at + 1, NULL, 10) == 0);
    reader->at += len;
    if (*reader->at == '?' || *reader->at == '+')
        reader->at++;
}

static void pass_until(struct reader *reader, char end)
{
    const char *found = strchr(reader->at, end);
    if (!found)
        reader->doubt = true;
    else
        reader->at = found + 1;
}

static void pass_class(struct reader *reader)
{
    const char *at = reader->at + 1;

    at += *at == '^';
    at += *at == ']';
    while (*at && *at != ']') {
        if (at[0] == '[' && at[1] == ':') {
            const char *end = strstr(at, ":]");
            at = end ? end + 2 : at + 1;
        } else {
            at += at[0] == '\\' && at[1] ? 2 : 1;
        }
    }
    reader->doubt |= *at == '\0';
    reader->at = at + (*at != '\0');
}

/* After a backslash: true when it makes one plain letter of itself, in *ret. */
static bool read_escape(struct reader *reader, char *ret)
{
    char c = *reader->at;

    if (c == '\0' || c == 'Q' || c == 'c') {
        reader->doubt = true;
        return false;
    }
    reader->at++;
    if (!isalnum((unsigned char)c)) {
        *ret = c;
        return true;
    }
    if (strchr("kgpPxoN", c) && *reader->at == '{')
        pass_until(reader, '}');
    else if ((c == 'k' || c == 'g') && *reader->at == '<')
        pass_until(reader, '>');
    else if (c == 'k' || c == 'g' || c == 'p' || c == 'P')
        reader->doubt = true;
    else if (c == 'x')
        reader->at += strspn(reader->at, "0123456789abcdefABCDEF");
    else if (isdigit((unsigned char)c))
        reader->at += strspn(reader->at, "0123456789");
    return false;
}

static void read_alternatives(struct reader *reader, struct letters *best);

/* Past "(": what kind of group it is. False: it has nothing to say, and is passed. */
static bool enter_group(struct reader *reader, bool *certain)
{
    const char *at = reader->at;

    *certain = true;
    if (*at == '*') {
        reader->doubt = true;
        return false;
    }
    if (*at != '?')
        return true;
    at++;
    if (*at && strchr(":>|", *at)) {
        reader->at = at + 1;
        return true;
    }
    bool behind = at[0] == '<' && (at[1] == '=' || at[1] == '!');
    if (behind || *at == '=' || *at == '!') {
        reader->at = at + (behind ? 2 : 1);
        *certain = false;
        return true;
    }
    if (*at == '<' || (at[0] == 'P' && at[1] == '<')) {
        reader->at = at;
        pass_until(reader, '>');
        return true;
    }
    if (*at == '&') { /* a call of another group */
        reader->at = at;
        pass_until(reader, ')');
        return false;
    }
    size_t flags = strspn(at, "sm"); /* others: in doubt */
    if (flags > 0 && at[flags] == ')') {
        reader->at = at + flags + 1;
        return false;
    }
    reader->doubt = true;
    return false;
}

static void read_group(struct reader *reader, struct letters *best)
{
    struct letters inner = {.len = 0};
    bool certain, optional, repeated;

    reader->at++;
    if (enter_group(reader, &certain)) {
        if (++reader->depth > DEPTH_MAX)
            reader->doubt = true;
        else
            read_alternatives(reader, &inner);
        reader->depth--;
        reader->doubt |= *reader->at != ')';
        reader->at += *reader->at == ')';
    }
    pass_quantifier(reader, &optional, &repeated);
    if (certain && !optional)
        keep_longer(best, &inner);
}

static void read_letter(struct reader *reader, char c, struct letters *run, struct letters *best)
{
    bool optional, repeated;

    pass_quantifier(reader, &optional, &repeated);
    if (optional || run->len == LITERAL_MAX)
        flush(run, best);
    if (!optional)
        run->text[run->len++] = c;
    if (repeated)
        flush(run, best);
}

/* One alternative: *best becomes the longest run of letters that is in each of its matches. */
static void read_sequence(struct reader *reader, struct letters *best)
{
    struct letters run = {.len = 0};
    bool optional, repeated;

    while (*reader->at && *reader->at != '|' && *reader->at != ')' && !reader->doubt) {
        char c = *reader->at;
        if (c == '(') {
            flush(&run, best);
            read_group(reader, best);
        } else if (c == '[') {
            flush(&run, best);
            pass_class(reader);
            pass_quantifier(reader, &optional, &repeated);
        } else if (c == '\\') {
            reader->at++;
            if (read_escape(reader, &c)) {
                read_letter(reader, c, &run, best);
                continue;
            }
            flush(&run, best);
            pass_quantifier(reader, &optional, &repeated);
        } else if (strchr(".^$", c)) {
            reader->at++;
            flush(&run, best);
            pass_quantifier(reader, &optional, &repeated);
        } else {
            reader->at++;
            read_letter(reader, c, &run, best);
        }
    }
    flush(&run, best);
}

static void read_alternatives(struct reader *reader, struct letters *best)
{
    size_t count = 1;

    read_sequence(reader, best);
    for (; *reader->at == '|' && !reader->doubt; count++) {
        struct letters other = {.len = 0};
        reader->at++;
        read_sequence(reader, &other);
    }
    if (count > 1)
        best->len = 0;
}

size_t pattern_literal(const char *text, char *ret, size_t room)
{
    struct reader reader = {.at = text};
    struct letters best = {.len = 0};

    read_alternatives(&reader, &best);
    if (reader.doubt || *reader.at != '\0' || best.len < 2 || best.len > room)
        return 0;
    memcpy(ret, best.text, best.len);
    return best.len;
}
