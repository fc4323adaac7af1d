/* SPDX-License-Identifier: Apache-2.0 */
/* words.c: see words.h. */
#include "hints/words.h"

#include <ctype.h>
#include <string.h>
#include <sys/param.h>

const bool word_chars[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['_'] = true, [0x80 ... 0xff] = true};

static unsigned change(char a, char b)
{
    if (a == b)
        return 0;
    return tolower((unsigned char)a) == tolower((unsigned char)b) ? 1 : 2;
}

unsigned word_cost(struct str a, struct str b, unsigned limit)
{
    unsigned rows[3][WORD_LEN_MAX + 1];

    if (a.len > WORD_LEN_MAX || b.len > WORD_LEN_MAX || (a.len > b.len ? a.len - b.len : b.len - a.len) > limit)
        return limit + 1;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        unsigned least = row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned cost = above[j - 1] + change(a.data[i - 1], b.data[j - 1]);
            cost = MIN(cost, above[j] + 1);
            cost = MIN(cost, row[j - 1] + 1);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                cost = MIN(cost, before[j - 2] + 1);
            row[j] = cost;
            least = MIN(least, cost);
        }
        if (least > limit)
            return limit + 1;
    }
    return MIN(rows[a.len % 3][b.len], limit + 1);
}

unsigned word_cost_limit(struct str a, struct str b)
{
    return (unsigned)(a.len + b.len + 3) * 2 / 6;
}

bool word_listed(struct str word, const char *list)
{
    while (list && *list) {
        size_t len = strcspn(list, " \n");
        if (len == word.len && len > 0 && memcmp(list, word.data, len) == 0)
            return true;
        list += len + strspn(list + len, " \n");
    }
    return false;
}

struct best {
    struct str word;
    const char *skip;
    struct str found;
    unsigned cost;
    unsigned count;
    bool own;
};

static void consider(struct best *best, struct str candidate, unsigned count, bool own)
{
    if (str_eq(candidate, best->word) || candidate.len < 1 || word_listed(candidate, best->skip))
        return;
    unsigned limit = MIN(word_cost_limit(best->word, candidate), best->cost);
    if (best->word.len <= 2)
        limit = MIN(limit, 1u);
    else if (best->word.len <= 3)
        limit = MIN(limit, 2u);
    if (!own && MIN(best->word.len, candidate.len) <= 3)
        limit = MIN(limit, 1u); /* nearly every short word is near some library name */
    unsigned cost = word_cost(best->word, candidate, limit);
    if (cost > limit || 2 * candidate.len < best->word.len)
        return;
    if (cost == best->cost && best->found.len > 0 && (best->own > own || (best->own == own && best->count >= count)))
        return;
    best->found = candidate;
    best->cost = cost;
    best->count = count;
    best->own = own;
}

/* The distinct identifiers of the code, the first SOURCE_WORDS_MAX of them. */
static size_t collect(const struct source *source, struct source_word *words)
{
    unsigned short table[2 * SOURCE_WORDS_MAX] = {0}; /* index + 1 */
    size_t count = 0;
    const char *code = source->code;

    for (size_t i = 0; i < source->text.len;) {
        if (!word_char(code[i]) || isdigit((unsigned char)code[i])) {
            i++;
            while (i < source->text.len && word_char(code[i]) && word_char(code[i - 1]))
                i++; /* the rest of a number */
            continue;
        }
        size_t start = i;
        unsigned hash = 2166136261u;
        while (i < source->text.len && word_char(code[i]))
            hash = (hash ^ (unsigned char)code[i++]) * 16777619u;
        struct str word = {code + start, i - start};
        size_t slot = hash % ARRAY_LEN(table);
        while (table[slot] && !str_eq(words[table[slot] - 1].word, word))
            slot = (slot + 1) % ARRAY_LEN(table);
        if (table[slot]) {
            words[table[slot] - 1].count++;
        } else if (count < SOURCE_WORDS_MAX) {
            words[count] = (struct source_word){word, 1};
            table[slot] = (unsigned short)++count;
        }
    }
    return count;
}

struct str word_nearest(struct str word, struct source *source, const char *const *names, size_t lists,
                        const char *skip)
{
    struct best best = {.word = word, .skip = skip, .cost = WORD_LEN_MAX};

    if (word.len < 1 || word.len > WORD_LEN_MAX)
        return best.found;
    if (!source->words && source->text.len > 0) {
        source->words = xmalloc(SOURCE_WORDS_MAX * sizeof(*source->words));
        source->word_count = collect(source, source->words);
    }
    for (size_t i = 0; source->words && i < source->word_count; i++)
        consider(&best, source->words[i].word, source->words[i].count, true);
    for (size_t k = 0; k < lists; k++)
        for (const char *at = names[k]; at && *at;) {
            size_t len = strcspn(at, " \n");
            consider(&best, (struct str){at, len}, 0, false);
            at += len + strspn(at + len, " \n");
        }
    return best.found;
}

int word_line(const struct source *source, struct str word, int before)
{
    const char *code = source->code;
    size_t len = source->text.len, end = len;
    int found = 0;

    if (word.len == 0 || word.len > len)
        return 0;
    if (before > 0 && (size_t)before <= source->line_count)
        end = source->starts[before - 1];
    for (size_t i = 0; i + word.len <= len;) {
        const char *at = memmem(code + i, len - i, word.data, word.len);
        if (!at)
            break;
        size_t offset = (size_t)(at - code);
        i = offset + 1;
        if ((offset > 0 && word_char(code[offset - 1])) || word_char(code[offset + word.len]))
            continue;
        if (before > 0 && offset >= end)
            break;
        found = source_line_at(source, offset);
        if (before <= 0)
            break;
    }
    return found;
}
