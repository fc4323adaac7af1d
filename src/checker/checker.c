/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checker.c: see checker.h.
 *
 * Each checker walks both texts once, side by side, with views into them, and stops at the first difference; nothing is allocated
 * but the message. White space is the six ASCII characters of isspace in the C locale; every other byte, NUL too, is data.
 */
#include "checker/checker.h"

#include <string.h>

#include "checker/difference.h"
#include "checker/number.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str trim_end(struct str text)
{
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

static size_t offset_in(struct str whole, struct str piece)
{
    return (size_t)(piece.data - whole.data);
}

static size_t first_difference(struct str a, struct str b)
{
    size_t most = MIN(a.len, b.len), i = 0;
    while (i < most && a.data[i] == b.data[i])
        i++;
    return i;
}

/* Where the word begins that at is in or just behind: a quote of whole words reads better than one of half a number. */
static size_t word_start(struct str text, size_t at)
{
    while (at > 0 && !is_space(text.data[at - 1]))
        at--;
    return at;
}

/* ---- exact ---- */

/* From start to the end of the line that at is in, with its newline when that is what differs; nothing when the text ended. */
static struct str line_piece(struct str text, size_t start, size_t at)
{
    if (start == text.len)
        return (struct str){0};
    const char *newline = memchr(text.data + at, '\n', text.len - at);
    size_t end = newline ? (size_t)(newline - text.data) : text.len;
    if (newline && end == at)
        end++;
    return (struct str){text.data + start, end - start};
}

static bool compare_exact(const struct checker_spec *checker ATTR_UNUSED, struct str expected, struct str got,
                          char **ret)
{
    size_t at = first_difference(expected, got);
    if (at == expected.len && at == got.len)
        return true;
    struct str longer = at < got.len ? got : expected;
    size_t start = word_start(longer, at);
    *ret = difference_message(longer, at, line_piece(expected, start, at), line_piece(got, start, at));
    return false;
}

/* ---- lines ---- */

/* Takes the next line off *rest. False at the end. */
static bool next_line(struct str *rest, struct str *ret)
{
    if (rest->len == 0)
        return false;
    const char *newline = memchr(rest->data, '\n', rest->len);
    size_t len = newline ? (size_t)(newline - rest->data) : rest->len;
    size_t taken = newline ? len + 1 : len;
    *ret = (struct str){rest->data, len};
    *rest = (struct str){rest->data + taken, rest->len - taken};
    return true;
}

/* From start on; the piece of a line that is there is never "the end of the output". */
static struct str rest_of_line(struct str line, size_t start)
{
    return line.data ? (struct str){line.data + start, line.len - start} : line;
}

static bool compare_lines(const struct checker_spec *checker ATTR_UNUSED, struct str expected, struct str got,
                          char **ret)
{
    struct str expected_rest = trim_end(expected), got_rest = trim_end(got);
    for (;;) {
        struct str a = {0}, b = {0};
        bool more_expected = next_line(&expected_rest, &a), more_got = next_line(&got_rest, &b);
        if (!more_expected && !more_got)
            return true;
        a = trim_end(a);
        b = trim_end(b);
        if (more_expected && more_got && str_eq(a, b))
            continue;
        size_t at = first_difference(a, b);
        bool in_expected = !more_got || (more_expected && at == b.len); /* what differs is there, not past the end */
        struct str whole = in_expected ? expected : got, line = in_expected ? a : b;
        size_t start = word_start(line, at);
        *ret = difference_message(whole, offset_in(whole, line) + at, rest_of_line(a, start), rest_of_line(b, start));
        return false;
    }
}

/* ---- tokens, float ---- */

static bool next_token(struct str *rest, struct str *ret)
{
    size_t start = 0;
    while (start < rest->len && is_space(rest->data[start]))
        start++;
    size_t end = start;
    while (end < rest->len && !is_space(rest->data[end]))
        end++;
    if (start == end)
        return false;
    *ret = (struct str){rest->data + start, end - start};
    *rest = (struct str){rest->data + end, rest->len - end};
    return true;
}

static bool token_passes(const struct checker_spec *checker, locale_t c_locale, struct str expected, struct str got)
{
    if (str_eq(expected, got))
        return true;
    double a, b;
    return checker->type == CHECKER_FLOAT && number_parse(expected, c_locale, &a) && number_parse(got, c_locale, &b) &&
           number_close(a, b, checker->abs, checker->rel);
}

static bool compare_tokens(const struct checker_spec *checker, struct str expected, struct str got, char **ret)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* always there: glibc allocates nothing for it */
    struct str expected_rest = expected, got_rest = got, a, b;
    bool more_expected, more_got;
    do {
        a = b = (struct str){0};
        more_expected = next_token(&expected_rest, &a);
        more_got = next_token(&got_rest, &b);
    } while (more_expected && more_got && token_passes(checker, c_locale, a, b));
    freelocale(c_locale);
    if (!more_expected && !more_got)
        return true;
    struct str whole = more_got ? got : expected, token = more_got ? b : a;
    *ret = difference_message(whole, offset_in(whole, token), a, b);
    return false;
}

typedef bool compare_fn(const struct checker_spec *checker, struct str expected, struct str got, char **ret_message);

static compare_fn *const compare[] = {
    [CHECKER_LINES] = compare_lines,
    [CHECKER_EXACT] = compare_exact,
    [CHECKER_TOKENS] = compare_tokens,
    [CHECKER_FLOAT] = compare_tokens,
};

bool checker_compare(const struct checker_spec *checker, struct str expected, struct str got, char **ret_message)
{
    if (str_eq(expected, got))
        return true;
    expected.data = expected.data ? expected.data : "";
    got.data = got.data ? got.data : "";
    return compare[checker->type](checker, expected, got, ret_message);
}
