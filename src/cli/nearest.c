/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c: edit distance where swapped neighbours count once. Words longer than WORD_MAX are nobody's misspelling. */
#include "cli/nearest.h"

#include <string.h>

#include "base/defs.h"

enum { WORD_MAX = 63 };

static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1]; /* row i is rows[i % 3] */

    for (size_t i = 0; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            if (i == 0) {
                row[j] = j;
                continue;
            }
            row[j] = MIN(above[j - 1] + (a[i - 1] != b[j - 1]), MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
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
