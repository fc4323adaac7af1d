/* SPDX-License-Identifier: Apache-2.0 */
/* table.c: see table.h. Widths count UTF-8 characters, one column each. */
#include "cli/table.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/encode.h"

struct cell {
    char *text;
    size_t width;
    size_t column;
    enum table_colour colour;
};

struct table {
    const char *const *headers;
    size_t columns;
    struct cell *cells; /* in reading order */
    size_t count;
    size_t next_column; /* of the next cell */
};

static const char *const colour_codes[] = {
    [TABLE_PLAIN] = "",          [TABLE_GREEN] = "\033[32m", [TABLE_RED] = "\033[31m",
    [TABLE_YELLOW] = "\033[33m", [TABLE_DIM] = "\033[2m",
};

struct table *table_new(const char *const *headers)
{
    struct table *table = xcalloc(1, sizeof(*table));

    table->headers = headers;
    while (table->columns < TABLE_COLUMNS_MAX && headers[table->columns] != NULL)
        table->columns++;
    return table;
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}

static size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* The bytes of the first most characters. */
static size_t prefix_len(const char *text, size_t most)
{
    size_t at = 0, characters = 0;

    while (text[at] != '\0') {
        if (((unsigned char)text[at] & 0xc0) != 0x80 && characters++ == most)
            break;
        at++;
    }
    return at;
}

/* Appends text, at most most characters, the last of which is then "…". */
static void append_cut(struct buf *out, const char *text, size_t most)
{
    if (most == 0 || text_width(text) <= most) {
        buf_append_str(out, text);
        return;
    }
    buf_append(out, text, prefix_len(text, most - 1));
    buf_append_str(out, "…");
}

void table_cell(struct table *table, enum table_colour colour, const char *text, size_t most)
{
    _cleanup_(buf_release) struct buf clean = BUF_INIT, cut = BUF_INIT;

    utf8_repair(text, strlen(text), &clean);
    for (size_t i = 0; i < clean.len; i++)
        if ((unsigned char)clean.data[i] < ' ' || clean.data[i] == 0x7f)
            clean.data[i] = '?';
    append_cut(&cut, buf_str(&clean), most);

    table->cells = xrealloc(table->cells, (table->count + 1) * sizeof(*table->cells));
    table->cells[table->count++] = (struct cell){.text = xstrdup(buf_str(&cut)),
                                                 .width = text_width(buf_str(&cut)),
                                                 .column = table->next_column,
                                                 .colour = colour};
    table->next_column = table->next_column + 1 < table->columns ? table->next_column + 1 : 0;
}

static bool aligned_right(const struct table *table, size_t column)
{
    return table->headers[column][0] == '>';
}

static const char *header(const struct table *table, size_t column)
{
    return table->headers[column] + aligned_right(table, column);
}

static void pad(struct buf *out, size_t width)
{
    for (size_t i = 0; i < width; i++)
        buf_append_char(out, ' ');
}

struct layout {
    size_t widths[TABLE_COLUMNS_MAX];
    size_t last_room; /* for the last column; 0: all it wants */
    bool coloured;
};

static void print_cell(const struct table *table, const struct layout *layout, const struct cell *cell, struct buf *out)
{
    size_t column = cell->column;
    bool last = column + 1 == table->columns;
    size_t padding = layout->widths[column] > cell->width ? layout->widths[column] - cell->width : 0;
    const char *code = layout->coloured ? colour_codes[cell->colour] : "";

    if (aligned_right(table, column))
        pad(out, padding);
    buf_append_str(out, code);
    append_cut(out, cell->text, last ? layout->last_room : 0);
    buf_append_str(out, code[0] != '\0' ? "\033[0m" : "");
    if (!aligned_right(table, column) && !last)
        pad(out, padding);
    buf_append_str(out, last ? "" : "  ");
}

static void end_line(struct buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        buf_truncate(out, out->len - 1);
    buf_append_char(out, '\n');
}

static struct layout lay_out(const struct table *table, bool coloured, size_t width)
{
    struct layout layout = {.coloured = coloured};
    size_t used = 0;

    for (size_t column = 0; column < table->columns; column++)
        layout.widths[column] = text_width(header(table, column));
    for (size_t i = 0; i < table->count; i++) {
        size_t *width_of = &layout.widths[table->cells[i].column];
        *width_of = MAX(*width_of, table->cells[i].width);
    }
    for (size_t column = 0; column + 1 < table->columns; column++)
        used += layout.widths[column] + 2;
    if (width > 0)
        layout.last_room = width > used + 10 ? width - used : 10;
    return layout;
}

void table_print(const struct table *table, bool coloured, size_t width, struct buf *out)
{
    struct layout layout = lay_out(table, coloured, width);

    for (size_t column = 0; column < table->columns; column++) {
        _cleanup_(freep) char *text = xstrdup(header(table, column));
        struct cell cell = {.text = text, .width = text_width(text), .column = column, .colour = TABLE_DIM};
        print_cell(table, &layout, &cell, out);
    }
    end_line(out);
    for (size_t i = 0; i < table->count; i++) {
        print_cell(table, &layout, &table->cells[i], out);
        if (table->cells[i].column + 1 == table->columns)
            end_line(out);
    }
}

bool terminal_coloured(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

size_t terminal_width(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}
