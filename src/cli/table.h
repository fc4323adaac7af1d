/* SPDX-License-Identifier: Apache-2.0 */
/* table.h: tables for a terminal or a file: columns as wide as their content, colours only where they are wanted. */
#ifndef EVALX_CLI_TABLE_H
#define EVALX_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum table_colour { TABLE_PLAIN, TABLE_GREEN, TABLE_RED, TABLE_YELLOW, TABLE_DIM };

enum { TABLE_COLUMNS_MAX = 8 };

struct table;

/* headers: at least one, NULL-terminated; one that begins with ">" aligns its column to the right. */
struct table *table_new(const char *const *headers);
void table_free(struct table *table);
DEFINE_CLEANUP(struct table, table_free)

/* Adds a cell, in reading order; control bytes in text are shown as "?" and it is cut (with …) past most columns (0: never). */
void table_cell(struct table *table, enum table_colour colour, const char *text, size_t most);

/* Appends the lines; width > 0: the last column is cut so that no line is longer. */
void table_print(const struct table *table, bool coloured, size_t width, struct buf *out);

/* What standard output is: a terminal that takes colours (NO_COLOR unset, TERM not "dumb"), and its width (0: not a terminal). */
bool terminal_coloured(void);
size_t terminal_width(void);

#endif
