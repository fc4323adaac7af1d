/* SPDX-License-Identifier: Apache-2.0 */
/* test_notes.c: what is found out of a crash, beside what was guessed of it: which of the two is said, and in what order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/notes.h"

enum { SURE = HINT_RANK_SURE, VAGUE = HINT_RANK_SURE - 1, LISTED_MAX = 4 };

struct told {
    const char *text;
    int line, rank;
};

static void add(struct hint_list *list, const struct told *told)
{
    for (; told->text; told++) {
        struct hint hint = {.text = xstrdup(told->text),
                            .rule = xstrdup("c.rule"),
                            .file = told->line ? xstrdup("main.c") : NULL,
                            .line = told->line,
                            .rank = told->rank};
        hint_list_add(list, &hint);
    }
}

static const struct {
    const char *what;
    struct told guessed[LISTED_MAX], found[LISTED_MAX], others[LISTED_MAX]; /* others: of another test case */
    const char *test, *all;                                                 /* "": nothing has changed */
} rows[] = {
    {"what is found out replaces a guess", {{"guess", 3, VAGUE}}, {{"place", 5, VAGUE}}, {{0}}, "place", "place"},
    {"and a sure one, when it is sure itself", {{"guess", 3, SURE}}, {{"cause", 5, SURE}}, {{0}}, "cause", "cause"},
    {"and one that names no line", {{"guess", 0, SURE}}, {{"place", 5, VAGUE}}, {{0}}, "place", "place"},
    {"a place is no news beside a sure hint of it", {{"guess", 3, SURE}}, {{"place", 3, VAGUE}}, {{0}}, "", ""},
    {"nor beside the second", {{"guess", 3, SURE}, {"more", 4, VAGUE}}, {{"place", 4, VAGUE}}, {{0}}, "", ""},
    {"no line, no news", {{"guess", 3, SURE}}, {{"somewhere", 0, VAGUE}}, {{0}}, "", ""},
    {"another place comes second",
     {{"guess", 3, SURE}, {"more", 4, VAGUE}},
     {{"place", 5, VAGUE}},
     {{0}},
     "guess place more",
     "guess place more"},
    {"other test cases' hints come last",
     {{"guess", 3, SURE}},
     {{"place", 5, VAGUE}},
     {{"other", 9, SURE + 9}},
     "guess place",
     "guess place other"},
    {"nothing was guessed", {{0}}, {{"place", 5, VAGUE}}, {{"other", 9, SURE}}, "place", "place other"},
};

static void expect(const struct hint_list *list, const char *texts)
{
    _cleanup_(buf_release) struct buf said = BUF_INIT;
    for (size_t i = 0; i < list->count; i++)
        buf_printf(&said, "%s%s", i > 0 ? " " : "", list->items[i].text);
    assert_string_equal(buf_str(&said), texts);
}

static void of_a_crash(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(result_freep) struct result *result = result_new(2);
        struct hint_list found = {0};
        struct notes notes = {.test = -1};
        print_message("%s\n", rows[i].what);
        add(&result->tests[1].hints, rows[i].guessed);
        add(&result->tests[0].hints, rows[i].others);
        add(&result->hints, rows[i].guessed);
        add(&result->hints, rows[i].others);
        hint_list_rank(&result->hints, HINTS_MAX);
        add(&found, rows[i].found);
        notes_of_crash(result, 1, &found, hint_list_is_sure(&result->tests[1].hints), &notes);
        assert_int_equal(notes.changed, rows[i].test[0] != '\0');
        expect(&notes.test_hints, rows[i].test);
        expect(&notes.hints, rows[i].all);
        assert_int_equal(notes.test, notes.changed ? 1 : -1);
        notes_release(&notes);
        hint_list_release(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_a_crash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
