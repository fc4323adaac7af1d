/* SPDX-License-Identifier: Apache-2.0 */
/*
 * difference.c: how a wrong output differs from the expected one: its shape. The checks go from the most to the least telling;
 * the first that fits is the shape. Only a window of both is looked at; what is longer is cut at a token.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hints/detect.h"

enum { WINDOW = 16384, TOKENS_MAX = 2048, NUMBER_MAX = 40 };

struct side {
    struct str text;
    struct str tokens[TOKENS_MAX];
    unsigned short lines[TOKENS_MAX]; /* of the tokens, from 1 */
    size_t count;
    int line_count;
    bool cut;
};

struct pair {
    struct side expected, got;
    size_t differing, first; /* tokens, when both have as many */
};

static bool is_space(char c)
{
    return isspace((unsigned char)c) != 0;
}

static void split(struct str text, struct side *side)
{
    int line = 1;

    side->cut = text.len > WINDOW;
    side->text = (struct str){.data = text.data ? text.data : "", .len = MIN(text.len, (size_t)WINDOW)};
    for (size_t i = 0; i < side->text.len;) {
        char c = side->text.data[i];
        line += c == '\n';
        if (is_space(c)) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < side->text.len && !is_space(side->text.data[i]))
            i++;
        if (side->count == TOKENS_MAX || (side->cut && i == side->text.len)) {
            side->cut = true;
            break;
        }
        side->tokens[side->count] = (struct str){.data = side->text.data + start, .len = i - start};
        side->lines[side->count++] = (unsigned short)MIN(line, 65535);
    }
    side->line_count = side->count > 0 ? side->lines[side->count - 1] : 0;
}

static bool same_tokens(const struct side *a, size_t from, const struct side *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!str_eq(a->tokens[from + i], b->tokens[i]))
            return false;
    return true;
}

/* ---- letters ---- */

/* Equal when only the bytes that keep says yes to are compared. */
static bool same_kept(struct str a, struct str b, bool (*keep)(char c), bool fold)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a.len && !keep(a.data[i]))
            i++;
        while (k < b.len && !keep(b.data[k]))
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        char x = a.data[i++], y = b.data[k++];
        if (fold ? tolower((unsigned char)x) != tolower((unsigned char)y) : x != y)
            return false;
    }
}

static bool keep_all(char c)
{
    return !is_space(c);
}

/* A sign or a point may make another number. */
static bool keep_words(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '+' || (unsigned char)c >= 0x80;
}

static bool keep_plain_words(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Lists as Python, Java, Rust or JavaScript print them. */
static bool keep_items(char c)
{
    return !is_space(c) && !strchr("[](){},'\"", c);
}

static bool has_any(struct str text, const char *chars)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] && strchr(chars, text.data[i]))
            return true;
    return false;
}

static bool has_digit(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (isdigit((unsigned char)text.data[i]))
            return true;
    return false;
}

/* Without the signs of a sentence at its end: "4." is 4. */
static struct str bare(struct str token)
{
    while (token.len > 1 && strchr(".,;:!?", token.data[token.len - 1]))
        token.len--;
    return token;
}

static bool same_bare(const struct side *a, const struct side *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!str_eq(bare(a->tokens[i]), bare(b->tokens[i])))
            return false;
    return true;
}

static const char *letters_shape(struct pair *pair)
{
    struct str expected = pair->expected.text, got = pair->got.text;

    if (pair->expected.cut || pair->got.cut)
        return NULL;
    if (same_tokens(&pair->expected, 0, &pair->got, MIN(pair->expected.count, pair->got.count)) &&
        pair->expected.count == pair->got.count)
        return pair->expected.line_count != pair->got.line_count ? "newlines" : "space";
    if (same_kept(expected, got, keep_all, false))
        return "joined";
    if (same_kept(expected, got, keep_all, true))
        return "letter_case";
    if (has_any(got, "[({'\"") && !has_any(expected, "[({'\"") && same_kept(expected, got, keep_items, false))
        return "list_brackets";
    if (same_kept(expected, got, has_digit(expected) ? keep_words : keep_plain_words, false) ||
        same_bare(&pair->expected, &pair->got))
        return "punctuation";
    return NULL;
}

/* ---- more or less text ---- */

static bool asks(struct str token)
{
    static const char *const words[] = {"enter", "input", "please", "type", "give", "insert"};
    char last = token.data[token.len - 1];
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (token.len >= strlen(words[i]) && strncasecmp(token.data, words[i], strlen(words[i])) == 0)
            return true;
    return last == '?' || last == '>';
}

static bool is_word(struct str token)
{
    size_t letters = 0;
    for (size_t i = 0; i < token.len; i++)
        letters += isalpha((unsigned char)token.data[i]) != 0;
    return letters > 0;
}

/* The expected tokens in got, in order, with others between: the others are extra. */
static const char *extra_shape(struct state *state, struct pair *pair)
{
    const struct side *expected = &pair->expected, *got = &pair->got;
    size_t next = 0, first_extra = SIZE_MAX;
    bool prompt = false, words = true;

    if (expected->count == 0 || got->count <= expected->count || expected->cut || got->cut)
        return NULL;
    for (size_t i = 0; i < got->count; i++) {
        struct str token = got->tokens[i];
        size_t glued = 0; /* "n:5": the end of a token */
        if (next < expected->count) {
            struct str want = expected->tokens[next];
            if (token.len > want.len && memcmp(token.data + token.len - want.len, want.data, want.len) == 0 &&
                strchr(":?>", token.data[token.len - want.len - 1]))
                glued = token.len - want.len;
            if (str_eq(token, want) || glued > 0)
                next++;
            if (str_eq(token, want))
                continue;
        }
        if (first_extra == SIZE_MAX)
            first_extra = i;
        prompt |= asks(token) || glued > 0;
        words &= is_word(token);
    }
    if (next < expected->count || first_extra == SIZE_MAX)
        return NULL;
    bool prefix = same_tokens(got, 0, expected, expected->count);
    size_t end = first_extra;
    while (end + 1 < got->count && got->lines[end + 1] == got->lines[first_extra] && end < first_extra + 5)
        end++;
    const char *from = got->tokens[first_extra].data, *to = got->tokens[end].data + got->tokens[end].len;
    state->difference.extra = (struct str){.data = from, .len = (size_t)(to - from)};
    state->difference.line = got->lines[first_extra];
    if (prompt)
        return "prompt";
    if (prefix)
        return "goes_on";
    return words || is_word(got->tokens[first_extra]) ? "extra_text" : "debug";
}

static const char *early_shape(struct state *state, struct pair *pair)
{
    const struct side *expected = &pair->expected, *got = &pair->got;

    if (got->count == 0 || got->count >= expected->count || got->cut || !same_tokens(expected, 0, got, got->count))
        return NULL;
    state->difference.right_lines = got->line_count;
    state->difference.expected = expected->tokens[got->count];
    struct str input = str_trim(state->evidence->stdin_data);
    bool more_input = memchr(input.data ? input.data : "", '\n', input.len) != NULL;
    return got->line_count == 1 && expected->line_count > 1 && more_input ? "first_only" : "ends_early";
}

/* ---- order ---- */

static int by_token(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    int order = memcmp(x->data, y->data, MIN(x->len, y->len));
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static const char *order_shape(struct pair *pair)
{
    const struct side *expected = &pair->expected, *got = &pair->got;
    size_t count = expected->count;
    bool reversed = true, same = true;

    if (count < 2 || count != got->count || expected->cut || got->cut)
        return NULL;
    for (size_t i = 0; i < count; i++)
        reversed &= str_eq(expected->tokens[i], got->tokens[count - 1 - i]);
    if (reversed)
        return "reversed";
    struct str *a = xmalloc(count * sizeof(*a)), *b = xmalloc(count * sizeof(*b));
    memcpy(a, expected->tokens, count * sizeof(*a));
    memcpy(b, got->tokens, count * sizeof(*b));
    qsort(a, count, sizeof(*a), by_token);
    qsort(b, count, sizeof(*b), by_token);
    for (size_t i = 0; i < count; i++)
        same &= str_eq(a[i], b[i]);
    free(a);
    free(b);
    return same ? "order" : NULL;
}

/* ---- numbers ---- */

struct number {
    double value;
    long long whole;
    bool is_whole;
    int decimals;
};

static bool read_number(struct str token, struct number *ret)
{
    char text[NUMBER_MAX + 1], *end;

    if (token.len == 0 || token.len > NUMBER_MAX || !has_digit(token) || has_any(token, "xXpPnN"))
        return false;
    memcpy(text, token.data, token.len);
    text[token.len] = '\0';
    ret->value = strtod(text, &end);
    if (*end != '\0' || !isfinite(ret->value))
        return false;
    const char *point = strchr(text, '.');
    ret->decimals = point ? (int)strspn(point + 1, "0123456789") : 0;
    ret->whole = strtoll(text, &end, 10);
    ret->is_whole = *end == '\0' && fabs(ret->value) < 9e18;
    return true;
}

static bool is_no_number(struct str token)
{
    static const char *const words[] = {"nan",      "-nan",      "inf",       "-inf", "NaN",
                                        "Infinity", "-Infinity", "undefined", "null", "None"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_is(token, words[i]))
            return true;
    return false;
}

struct number_facts {
    bool wrapped, floored, rounded, sign, by_one;
};

static void compare_numbers(const struct number *expected, const struct number *got, struct number_facts *facts)
{
    double unit = pow(10, -MIN(expected->decimals, got->decimals));
    double apart = fabs(expected->value - got->value);
    long long gap = expected->is_whole && got->is_whole
                        ? (long long)((unsigned long long)expected->whole - (unsigned long long)got->whole)
                        : 0;

    facts->wrapped &= gap != 0 && gap % (1LL << 32) == 0;
    facts->floored &= got->decimals <= expected->decimals && expected->value != trunc(expected->value) &&
                      fabs(got->value - trunc(expected->value)) < 1e-9;
    facts->rounded &= (expected->decimals > 0 || got->decimals > 0) && expected->decimals != got->decimals &&
                      apart <= unit * 0.5000001;
    facts->sign &= expected->value != 0 && apart > 0 && fabs(expected->value + got->value) < 1e-9;
    facts->by_one &= gap == 1 || gap == -1;
}

/* Every token that differs is a number on both sides. */
static const char *numbers_shape(struct state *state, struct pair *pair)
{
    struct number_facts facts = {true, true, true, true, true};
    bool all = true, none_number = false, whole = true;

    for (size_t i = 0; i < pair->expected.count && all; i++) {
        struct number expected, got;
        if (str_eq(pair->expected.tokens[i], pair->got.tokens[i]))
            continue;
        none_number |= is_no_number(pair->got.tokens[i]);
        all = read_number(pair->expected.tokens[i], &expected) && read_number(pair->got.tokens[i], &got);
        if (!all)
            break;
        compare_numbers(&expected, &got, &facts);
        state->difference.decimals = expected.decimals;
        whole &= got.decimals == 0;
    }
    if (none_number)
        return "not_a_number";
    if (!all)
        return NULL;
    bool cut = facts.floored && whole;
    return facts.wrapped   ? "wrapped"
           : cut           ? "floored"
           : facts.rounded ? "decimals"
           : facts.floored ? "floored"
           : facts.sign    ? "sign"
           : facts.by_one  ? "off_by_one"
                           : NULL;
}

/* ---- together ---- */

static void first_difference(struct state *state, struct pair *pair)
{
    size_t count = MIN(pair->expected.count, pair->got.count);

    pair->first = count;
    for (size_t i = 0; i < count; i++) {
        if (str_eq(pair->expected.tokens[i], pair->got.tokens[i]))
            continue;
        if (pair->differing++ == 0)
            pair->first = i;
    }
    if (pair->first < pair->expected.count) {
        state->difference.expected = pair->expected.tokens[pair->first];
        state->difference.line = pair->expected.lines[pair->first];
    }
    if (pair->first < pair->got.count)
        state->difference.got = pair->got.tokens[pair->first];
    state->difference.right_lines = MAX(state->difference.line - 1, 0);
    state->difference.expected_lines = pair->expected.line_count;
    state->difference.got_lines = pair->got.line_count;
}

static const char *shape_of(struct state *state, struct pair *pair)
{
    const char *shape = NULL;

    first_difference(state, pair);
    if (pair->expected.count == 0 && pair->got.count > 0)
        return "goes_on";
    if (pair->got.count == 0)
        return "no_output";
    if ((shape = letters_shape(pair)) || (shape = early_shape(state, pair)) || (shape = extra_shape(state, pair)) ||
        (shape = order_shape(pair)))
        return shape;
    if (pair->expected.count == pair->got.count && (shape = numbers_shape(state, pair)))
        return shape;
    if (pair->differing == 1 && pair->expected.count == pair->got.count && is_word(state->difference.got) &&
        is_word(state->difference.expected))
        return "one_word";
    return state->difference.right_lines > 0 ? "later_line" : "other";
}

bool difference_is(struct state *state, const char *shape)
{
    const struct hint_evidence *evidence = state->evidence;

    if (!evidence->has_expected || evidence->verdict != VERDICT_WRONG_ANSWER)
        return false;
    if (!state->shape) {
        struct pair *pair = xcalloc(1, sizeof(*pair));
        split(evidence->expected, &pair->expected);
        split(evidence->out, &pair->got);
        state->shape = shape_of(state, pair);
        free(pair);
    }
    if (strcmp(state->shape, shape) != 0)
        return false;
    if (state->difference.expected.len > 0)
        state_bind(state, "expected", state->difference.expected);
    if (state->difference.got.len > 0)
        state_bind(state, "got", state->difference.got);
    if (state->difference.extra.len > 0)
        state_bind(state, "extra", state->difference.extra);
    if (state->difference.line > 0)
        state_bind_int(state, "diff_line", state->difference.line);
    state_bind_int(state, "right_lines", state->difference.right_lines);
    state_bind_int(state, "expected_lines", state->difference.expected_lines);
    state_bind_int(state, "got_lines", state->difference.got_lines);
    state_bind_int(state, "decimals", state->difference.decimals);
    return true;
}
