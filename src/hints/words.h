/* SPDX-License-Identifier: Apache-2.0 */
/* words.h: identifiers of a program and how near they are to each other. Private to hints/. */
#ifndef EVALX_HINTS_WORDS_H
#define EVALX_HINTS_WORDS_H

#include <stdbool.h>

#include "base/buf.h"
#include "hints/source.h"

enum { WORD_LEN_MAX = 40 };

/*
 * What it takes to make b of a: a changed letter costs 2, a letter more or less 1, another letter case 1, two neighbours swapped 1.
 * Anything above limit is limit + 1.
 */
unsigned word_cost(struct str a, struct str b, unsigned limit);
unsigned word_cost_limit(struct str a, struct str b); /* up to here two words are near */

/*
 * The nearest to word among the identifiers of source and the lists of names (blank-separated; NULL: none), word itself excepted; at equal cost the source's
 * own, then the more frequent one, then the one that comes first. Empty: none is near. source keeps its identifiers for the next call.
 * Words in skip (blank-separated) are never proposed. The view points into source or names.
 */
struct str word_nearest(struct str word, struct source *source, const char *const *names, size_t lists,
                        const char *skip);

bool word_listed(struct str word, const char *list); /* in a blank-separated list */

/* Whether c is of an identifier: a letter, a digit, _ or a byte of a character beyond ASCII. */
extern const bool word_chars[256];
static inline bool word_char(char c)
{
    return word_chars[(unsigned char)c];
}

/* Line of the first (last before `before`, when that is > 0) place where word stands as a whole word in code; 0: none. */
int word_line(const struct source *source, struct str word, int before);

#endif
