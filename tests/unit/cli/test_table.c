/* SPDX-License-Identifier: Apache-2.0 */
/* test_table.c: what tables look like. */
#include "cli/table.h"
#include "fixture.h"

static const char *const headers[] = {">#", "name", "message", NULL};

static void check(const struct table *table, bool coloured, size_t width, const char *expected)
{
    struct buf out = BUF_INIT;
    table_print(table, coloured, width, &out);
    assert_string_equal(buf_str(&out), expected);
    buf_release(&out);
}

static void columns_as_wide_as_their_content(void **state)
{
    struct table *table = table_new(headers);
    (void)state;

    check(table, false, 0, "#  name  message\n");
    table_cell(table, TABLE_DIM, "1", 0);
    table_cell(table, TABLE_PLAIN, "größer", 0);
    table_cell(table, TABLE_RED, "", 0);
    table_cell(table, TABLE_DIM, "10", 0);
    table_cell(table, TABLE_PLAIN, "b", 0);
    table_cell(table, TABLE_GREEN, "line 1 differs from it", 0);
    check(table, false, 0,
          " #  name    message\n"
          " 1  größer\n"
          "10  b       line 1 differs from it\n");
    check(table, false, 25,
          " #  name    message\n"
          " 1  größer\n"
          "10  b       line 1 diffe…\n");
    table_free(table);
}

static void colours(void **state)
{
    struct table *table = table_new((const char *const[]){"a", "b", NULL});
    (void)state;

    table_cell(table, TABLE_RED, "x", 0);
    table_cell(table, TABLE_PLAIN, "y", 0);
    check(table, true, 0, "\033[2ma\033[0m  \033[2mb\033[0m\n\033[31mx\033[0m  y\n");
    table_free(table);
}

/* Names and messages come from strangers: they must not steer the terminal. */
static void control_bytes_are_harmless(void **state)
{
    struct table *table = table_new((const char *const[]){"a", NULL});
    (void)state;

    table_cell(table, TABLE_PLAIN, "x\033[2Jy\nz\x7f\xff", 0);
    table_cell(table, TABLE_PLAIN, "0123456789", 5);
    check(table, false, 0, "a\nx?[2Jy?z?\xef\xbf\xbd\n0123…\n");
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_as_wide_as_their_content),
        cmocka_unit_test(colours),
        cmocka_unit_test(control_bytes_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
