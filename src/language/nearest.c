/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c: how far apart two words are, for "did you mean". */
#include "language/internal.h"

enum { WORD_MAX = LANGUAGE_NAME_MAX };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

unsigned word_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > WORD_MAX || columns > WORD_MAX)
        return (unsigned)MIN(MAX(rows, columns), 1000u);
    unsigned table[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= rows; i++)
        table[i][0] = (unsigned)i;
    for (size_t k = 0; k <= columns; k++)
        table[0][k] = (unsigned)k;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t k = 1; k <= columns; k++) {
            bool same = lower(a[i - 1]) == lower(b[k - 1]);
            unsigned best = MIN(table[i - 1][k], table[i][k - 1]) + 1;
            best = MIN(best, table[i - 1][k - 1] + !same);
            if (i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) && lower(a[i - 2]) == lower(b[k - 1]))
                best = MIN(best, table[i - 2][k - 2] + 1);
            table[i][k] = best;
        }
    }
    return table[rows][columns];
}
