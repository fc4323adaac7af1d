/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h: "did you mean": the known word that a misspelt one is closest to. */
#ifndef EVALX_CLI_NEAREST_H
#define EVALX_CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* what was written */
    const char *best; /* NULL while nothing is near enough */
    size_t distance;
};

/* Start with (struct nearest){.word = word}, offer every known word, then read best. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
