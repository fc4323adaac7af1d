/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c: Levenshtein distance in two rows. Words longer than WORD_MAX are nobody's misspelling. */
#include "cli/nearest.h"

#include <string.h>

#include "base/defs.h"

enum { WORD_MAX = 63 };

static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(substituted, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    size_t word_len = strlen(nearest->word), len = strlen(candidate);
    if (word_len > WORD_MAX || len > WORD_MAX)
        return;

    size_t distance = edit_distance(nearest->word, word_len, candidate, len);
    size_t allowed = MAX(2, word_len / 3);
    if (distance < word_len && distance <= allowed && (nearest->best == NULL || distance < nearest->distance)) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
