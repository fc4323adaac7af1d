/* SPDX-License-Identifier: Apache-2.0 */
/* test_hints.c: the rules that come with evalx, mistakes in rule files, and what the engine does with hostile output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/encode.h"
#include "hints/detect.h"
#include "hints/hints.h"
#include "hints/pattern.h"
#include "hints/words.h"

static struct hint_rules *rules;

static int load_rules(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int r = hint_rules_load(HINTS_FOLDER, &rules, &err);
    if (r < 0)
        fprintf(stderr, "%s\n", err.message);
    return r;
}

static int free_rules(void **state)
{
    (void)state;
    hint_rules_free(rules);
    return 0;
}

/* ---- the rules themselves ---- */

static void every_example_holds(void **state)
{
    (void)state;
    _cleanup_(buf_release) struct buf report = BUF_INIT;
    size_t examples = 0, mistakes = hint_rules_check(rules, &report, &examples);
    if (mistakes > 0)
        fprintf(stderr, "%s", buf_str(&report));
    assert_int_equal(mistakes, 0);
    assert_true(examples >= 2 * hint_rules_count(rules));
}

/* ---- the function ---- */

static struct hint_list find_for(const char *language, const char *name, enum hint_stage stage, enum verdict verdict,
                                 const char *message, const char *source)
{
    const struct hint_file file = {.name = name, .text = str_of(source)};
    const struct hint_evidence evidence = {
        .language = language,
        .stage = stage,
        .verdict = verdict,
        .exit_code = 1,
        .err = str_of(message),
        .files = &file,
        .file_count = 1,
    };
    struct hint_list hints = {0};
    hints_find(rules, &evidence, NULL, &hints);
    return hints;
}

static void the_three_cases_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        const char *language, *name, *message, *source, *must, *rule;
        enum hint_stage stage;
    } cases[] = {
        {"c", "main.c", "/usr/bin/ld: main.o: in function `main':\nmain.c:(.text+0x9): undefined reference to `gcd'\n",
         "int gcd(int a, int b);\nint main(void) { return gcd(4, 6); }\n", "never defined", "c.undefined-reference",
         HINT_COMPILE},
        {"python", "main.py",
         "  File \"main.py\", line 1\n    for i in range(3)\n                     ^\nSyntaxError: invalid syntax\n",
         "for i in range(3)\n    print(i)\n", "colon", "python.missing-colon", HINT_RUN},
        {"java", "Main.java",
         "Main.java:4: error: cannot find symbol\n    totl++;\n    ^\n  symbol:   variable totl\n  location: class "
         "Main\n",
         "class Main {\n  static int total;\n  static void f() {\n    totl++;\n  }\n}\n", "'total'",
         "java.symbol-variable", HINT_COMPILE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct hint_list hints =
            find_for(cases[i].language, cases[i].name, cases[i].stage,
                     cases[i].stage == HINT_COMPILE ? VERDICT_COMPILATION_ERROR : VERDICT_RUNTIME_ERROR,
                     cases[i].message, cases[i].source);
        assert_true(hints.count > 0);
        assert_string_equal(hints.items[0].rule, cases[i].rule);
        assert_non_null(strstr(hints.items[0].text, cases[i].must));
        assert_true(hints.items[0].line > 0);
        hint_list_release(&hints);
    }
}

/* What GCC 12 says of these programs: an error and a warning of one line, and which of them are explained, in order. */
static void an_error_is_no_echo_of_a_warning(void **state)
{
    (void)state;
    static const struct {
        const char *message, *line, *rules;
    } cases[] = {
        {"main.c:3:43: warning: implicit declaration of function ‘square’ [-Wimplicit-function-declaration]\n"
         "main.c:3:55: error: ‘fctor’ undeclared (first use in this function)\n",
         "for (int i = 0; i < 3; i++) total += square(i) * fctor;", "c.undeclared c.implicit-header"},
        {"main.c:3:33: error: ‘totl’ undeclared (first use in this function); did you mean ‘total’?\n"
         "main.c:3:41: warning: implicit declaration of function ‘square’ [-Wimplicit-function-declaration]\n",
         "for (int i = 0; i < 3; i++) totl += square(i);", "c.undeclared c.implicit-header"},
        {"main.c:3:21: warning: implicit declaration of function ‘getTotal’ [-Wimplicit-function-declaration]\n"
         "main.c:3:21: error: invalid initializer\n",
         "int values[10] = getTotal();", "c.initializer-array-call"},
        {"main.c:3:5: warning: implicit declaration of function ‘If’ [-Wimplicit-function-declaration]\n"
         "main.c:3:19: error: expected ‘;’ before ‘{’ token\n",
         "If (total > 3) { puts(\"big\"); }", "c.keyword-spelling"},
        {"main.c:3:10: warning: missing terminating \" character\n"
         "main.c:3:10: error: missing terminating \" character\n",
         "puts(\"big);", "c.unterminated-string"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        _cleanup_(freep) char *source =
            xasprintf("int main(void) {\n    int total = 0;\n    %s\n    return 0;\n}\n", cases[i].line);
        _cleanup_(buf_release) struct buf said = BUF_INIT;
        struct hint_list hints =
            find_for("c", "main.c", HINT_COMPILE, VERDICT_COMPILATION_ERROR, cases[i].message, source);
        for (size_t k = 0; k < hints.count; k++)
            buf_printf(&said, "%s%s", k > 0 ? " " : "", hints.items[k].rule);
        assert_string_equal(buf_str(&said), cases[i].rules);
        hint_list_release(&hints);
    }
}

static void nothing_for_what_did_not_fail(void **state)
{
    (void)state;
    static const enum verdict verdicts[] = {VERDICT_ACCEPTED, VERDICT_SKIPPED, VERDICT_INTERNAL_ERROR};
    static const char fake[] =
        "Traceback (most recent call last):\n  File \"main.py\", line 1\nNameError: name 'x' is not defined\n";
    for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
        struct hint_list hints = find_for("python", "main.py", HINT_RUN, verdicts[i], fake, "print(1)\n");
        assert_int_equal(hints.count, 0);
    }
}

/* A traceback that the program itself printed, and then ended well with a wrong answer, explains nothing. */
static void a_trace_needs_the_exit_code(void **state)
{
    (void)state;
    const struct hint_file file = {.name = "main.py", .text = str_of("print(1)\n")};
    struct hint_evidence evidence = {
        .language = "python",
        .stage = HINT_RUN,
        .verdict = VERDICT_WRONG_ANSWER,
        .exit_code = 0,
        .err = str_of("Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\nNameError: name "
                      "'x' is not defined\n"),
        .files = &file,
        .file_count = 1,
    };
    struct hint_list hints = {0};
    hints_find(rules, &evidence, NULL, &hints);
    assert_int_equal(hints.count, 0);
    evidence.exit_code = 1;
    evidence.verdict = VERDICT_RUNTIME_ERROR;
    hints_find(rules, &evidence, NULL, &hints);
    assert_int_equal(hints.count, 1);
    hint_list_release(&hints);
}

static void hostile_output_gives_clean_hints(void **state)
{
    (void)state;
    static const char *const languages[] = {"c",    "cpp",  "java", "python", "javascript", "typescript", "go",
                                            "rust", "ruby", "php",  "bash",   "kotlin",     "csharp",     "fortran"};
    static const char *const pieces[] = {"main.c:1:1: error: '\x1b[31m' undeclared ",
                                         "\xff\xfe",
                                         "Main.java:1: error: cannot find symbol\n  symbol:   variable \xc3\n",
                                         "((((",
                                         "NameError: name '\x01\x7f' is not defined\n",
                                         "error: ",
                                         "{name}{line}{{name}}",
                                         "\n\n\n",
                                         "panic: ",
                                         "thread 'main' panicked at "};
    uint64_t seed = 0x9e3779b97f4a7c15U;
    for (size_t round = 0; round < 400; round++) {
        _cleanup_(buf_release) struct buf text = BUF_INIT, source = BUF_INIT;
        for (size_t i = 0; i < 300; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            buf_append_str(&text, pieces[(seed >> 33) % ARRAY_LEN(pieces)]);
            buf_append_str(&source, pieces[(seed >> 40) % ARRAY_LEN(pieces)]);
        }
        enum hint_stage stage = round % 2 ? HINT_COMPILE : HINT_RUN;
        struct hint_list hints = find_for(languages[round % ARRAY_LEN(languages)], "main.c", stage,
                                          stage == HINT_COMPILE ? VERDICT_COMPILATION_ERROR : VERDICT_RUNTIME_ERROR,
                                          buf_str(&text), buf_str(&source));
        assert_true(hints.count <= HINTS_MAX);
        for (size_t i = 0; i < hints.count; i++) {
            const char *said = hints.items[i].text;
            assert_true(utf8_valid(said, strlen(said)) && strlen(said) <= HINT_TEXT_MAX && strlen(said) > 0);
            for (const char *at = said; *at; at++)
                assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
        }
        hint_list_release(&hints);
    }
}

/* ---- the parts ---- */

static void near_words(void **state)
{
    (void)state;
    assert_int_equal(word_cost(str_of("pritnf"), str_of("printf"), 9), 1);
    assert_int_equal(word_cost(str_of("Print"), str_of("print"), 9), 1);
    assert_int_equal(word_cost(str_of("cat"), str_of("cut"), 9), 2);
    assert_int_equal(word_cost(str_of("abcdef"), str_of("uvwxyz"), 3), 4);
    struct source source;
    const struct source_syntax syntax = {
        .line_comments = "//", .block_comments = true, .quotes = "\"'", .long_quotes = ""};
    source_init(&source, str_of("int counter; // conter\nchar *s = \"contre\";\n"), &syntax);
    const char *const names[] = {"printf scanf"};
    assert_true(str_is(word_nearest(str_of("conter"), &source, names, 1, "int"), "counter"));
    assert_true(str_is(word_nearest(str_of("scnaf"), &source, names, 1, "int"), "scanf"));
    assert_int_equal(word_nearest(str_of("zzzzzz"), &source, names, 1, "int").len, 0);
    source_release(&source);
}

static void brackets_by_indentation(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int open, stop, extra, end;
    } cases[] = {
        {"int main() {\n  while (x) {\n    y();\n  return 0;\n}\n", 2, 4, 0, 0},
        {"int main() {\n  while (x) {\n    y();\n\n}\n", 2, 5, 0, 0},
        {"int main()\n{\n  while (x)\n  {\n    y();\n  // done\n  z();\n  return 0;\n}\n", 4, 7, 0, 0},
        {"void f() {\n  y();\n\nint main() {\n  f();\n}\n", 1, 4, 0, 0},
        {"int main() {\n  if (x) {\n    y();\n  else {\n    z();\n  }\n  return 0;\n}\n", 2, 4, 0, 0},
        {"int main() {\n  y();\n  return 0;\n\n// end\n", 1, 0, 0, 3},
        {"int main() {\ny();\nreturn 0;\n", 1, 0, 0, 0}, /* nothing is indented: nothing is told */
        {"int main() {\n  switch (x) {\n  case 1:\n    y();\n  case 2:\n    z();\n  }\n  return 0;\n", 1, 0, 0, 8},
        {"class A {\n  int x;\npublic:\n  int y;\n#define Z\n  int z;\n", 1, 0, 0, 6},
        {"int main() {\n  int a[] = {\n    1,\n  };\n  if (x) {\n    y(1,\n  2);\n    z();\n  return 0;\n}\n", 5, 9, 0,
         0},
        {"int main() {\n  if (x) { y(); }\n  }\n  return 0;\n}\n", 0, 0, 3, 0},
        {"int main() {\n  char c = '{'; // }\n  puts(\"}\");\n}\n", 0, 0, 0, 0},
        {"f(a, (b, c);\n", 1, 0, 0, 0},
        {"}\n", 0, 0, 1, 0},
    };
    const struct source_syntax syntax = {
        .line_comments = "//", .block_comments = true, .quotes = "\"'", .long_quotes = ""};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct source source;
        struct source_brackets found;
        source_init(&source, str_of(cases[i].text), &syntax);
        source_match_brackets(&source, &found);
        assert_int_equal(found.open_line, cases[i].open);
        assert_int_equal(found.stop_line, cases[i].stop);
        assert_int_equal(found.extra_line, cases[i].extra);
        assert_int_equal(found.end_line, cases[i].end);
        source_release(&source);
    }
}

static int line_of_rule(const char *language, const char *source, const char *rule)
{
    const struct hint_file file = {.name = "main", .text = str_of(source)};
    const struct hint_evidence evidence = {.language = language,
                                           .stage = HINT_RUN,
                                           .verdict = VERDICT_WRONG_ANSWER,
                                           .out = STR("1\n"),
                                           .expected = STR("2\n"),
                                           .has_expected = true,
                                           .files = &file,
                                           .file_count = 1};
    struct hint_list hints = {0};
    int line = 0;
    hints_find(rules, &evidence, NULL, &hints);
    for (size_t i = 0; i < hints.count; i++)
        if (strcmp(hints.items[i].rule, rule) == 0)
            line = hints.items[i].line;
    hint_list_release(&hints);
    return line;
}

/* Sums that begin anew in every round, and what only looks like it; line 0: nothing is to be said. */
static void sums_that_begin_anew(void **state)
{
    (void)state;
    static const struct {
        const char *language, *source;
        int line;
    } cases[] = {
        {"c",
         "int main(void) {\n  int s;\n  for (int i = 0; i < 3; i++) {\n    s = 0;\n    s += i;\n  }\n  printf(\"%d\", "
         "s);\n}\n",
         4},
        {"c",
         "int main(void) {\n  int s;\n  for (int i = 0; i < 3; i++)\n  {\n    s = 1; /* from 1 */\n    if (i > 0) s *= "
         "i;\n  }\n  return s;\n}\n",
         5},
        {"cpp", "int main() {\n  double s;\n  while (n--) { s = 0.0; cin >> x; s = x + s; }\n  cout << s;\n}\n", 3},
        {"c",
         "int main(void) {\n  int s;\n  for (i = 0; i < 3; i++) {\n    for (j = 0; j < 3; j++) {\n      s = 0;\n      "
         "s += a[i][j];\n    }\n    "
         "printf(\"%d\", s);\n  }\n}\n",
         5},
        {"c",
         "int main(void) {\n  int s;\n  for (i = 0; i < 3; i++) {\n    s = 0;\n    for (j = 0; j < 3; j++) {\n      s "
         "+= a[i][j];\n    }\n  }\n  "
         "printf(\"%d\", s);\n}\n",
         4},
        {"java",
         "class Main {\n  static int f() {\n    int c;\n    for (int x : a) {\n      c = 0;\n      if (x > 0) c++;\n   "
         " }\n    return c;\n  }\n}\n",
         5},
        {"python", "total = 0\nfor x in xs:\n    total = 0\n    if x > 0:\n        total += x\nprint(total)\n", 3},
        {"python", "for x in xs:\n\n    # one by one\n    found = []\n    found.append(x)\nprint(found)\n", 4},
        {"javascript", "let s\nfor (const x of xs) {\n  s = ''\n  s += x\n}\nconsole.log(s)\n", 3},
        {"go",
         "func main() {\n\tvar s int\n\tfor i := 0; i < 3; i++ {\n\t\tx := next()\n\t\ts = 0\n\t\ts += "
         "x\n\t}\n\tfmt.Println(s)\n}\n",
         5},
        {"rust",
         "fn main() {\n    let mut s = 0;\n    for i in 0..3 {\n        s = 0;\n        s += i;\n    }\n    "
         "println!(\"{}\", s);\n}\n",
         4},
        {"php",
         "<?php\nforeach ($xs as $x) {\n  $s = 0;\n  $s += $x;\n}\nfor ($i = 0; $i < 3; $i++) {\n  $s = 0;\n  $s += "
         "$i;\n}\necho $s;\n",
         7},
        /* a sum of each row, used there */
        {"c",
         "int main(void) {\n  for (i = 0; i < 3; i++) {\n    s = 0;\n    for (j = 0; j < 3; j++) s += a[i][j];\n    "
         "printf(\"%d\", s);\n  }\n  return s;\n}\n",
         0},
        {"python",
         "for row in rows:\n    s = 0\n    for x in row:\n        s += x\n    if s > best:\n        best = "
         "s\nprint(best, s)\n",
         0},
        /* under a condition */
        {"c",
         "int main(void) {\n  for (i = 1; i < n; i++) {\n    if (a[i] != a[i - 1])\n      run = 0;\n    run++;\n  }\n  "
         "return run;\n}\n",
         0},
        {"c",
         "int main(void) {\n  for (i = 1; i < n; i++) {\n    if (a[i] == a[i - 1]) run++;\n    else run = 1;\n  }\n  "
         "return run;\n}\n",
         0},
        {"python", "for x in xs:\n    if x == 0:\n        run = 0\n    run += 1\nprint(run)\n", 0},
        {"javascript", "for (const x of xs) {\n  if (x === 0)\n    run = 0\n  run += 1\n}\nconsole.log(run)\n", 0},
        /* it may be left with the sum of the last round */
        {"c",
         "int main(void) {\n  while (1) {\n    s = 0;\n    while (x > 0) { s += x % 10; x /= 10; }\n    if (next()) "
         "break;\n  }\n  return s;\n}\n",
         0},
        /* its own variable of the loop, or not used afterwards, or another one */
        {"c",
         "int main(void) {\n  int s = 5;\n  for (i = 0; i < n; i++) {\n    int s = 0;\n    s += i;\n  }\n  return "
         "s;\n}\n",
         0},
        {"c", "int main(void) {\n  for (i = 0; i < n; i++) {\n    s = 0;\n    s += i;\n  }\n  s = 3;\n  return s;\n}\n",
         0},
        {"c",
         "void f(void) {\n  for (i = 0; i < n; i++) {\n    s = 0;\n    s += i;\n  }\n}\nint main(void) {\n  int s;\n  "
         "return s;\n}\n",
         0},
        /* added up before it is set anew, or only set, or set to something else */
        {"c", "int main(void) {\n  for (i = 0; i < n; i++) {\n    s += i;\n    s = 0;\n  }\n  return s;\n}\n", 0},
        {"c",
         "int main(void) {\n  for (i = 0; i < n; i++) {\n    found = 0;\n    if (a[i]) found = 1;\n  }\n  return "
         "found;\n}\n",
         0},
        {"c", "int main(void) {\n  for (i = 0; i < n; i++) {\n    s = 0 - x;\n    s += i;\n  }\n  return s;\n}\n", 0},
        {"c", "int main(void) {\n  for (i = 0; i < n; i++) {\n    p.s = 0;\n    p.s += i;\n  }\n  return p.s;\n}\n", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int line = line_of_rule(cases[i].language, cases[i].source, "answer.reset-in-loop");
        if (line != cases[i].line)
            fprintf(stderr, "line %d for %s\n", line, cases[i].source);
        assert_int_equal(line, cases[i].line);
    }
}

/* What ends a loop in its first round, and what a later round takes back; line 0: nothing is to be said. */
static void rounds_that_go_wrong(void **state)
{
    (void)state;
    static const char returns[] = "answer.return-in-loop", flips[] = "answer.taken-back";
    static const struct {
        const char *rule, *language, *source;
        int line;
    } cases[] = {
        {returns, "c",
         "int f(int n) {\n  int s = 0;\n  while (n > 0) {\n    if (n > 2) { s += 1; }\n    return s;\n  }\n  return "
         "s;\n}\n",
         5},
        {returns, "go",
         "func f(n int) int {\n\ts := 0\n\tfor i := 0; i < n; i++ {\n\t\ts += i\n\t\treturn s\n\t}\n\treturn s\n}\n",
         5},
        {returns, "c",
         "int f(int n) {\n  while (n > 0) {\n    n--;\n    if (n == 2)\n      return n;\n  }\n  return 0;\n}\n", 0},
        {returns, "c",
         "int f(int n) {\n  while (n > 0) {\n    if (n > 2) { n--; continue; }\n    return n;\n  }\n  return 0;\n}\n",
         0},
        {returns, "java",
         "class A {\n  int f() {\n    for (int x : a) {\n      switch (x) {\n      case 1:\n        return 2;\n      "
         "}\n    }\n    return 0;\n  }\n}\n",
         0},
        {returns, "javascript",
         "function f(xs) {\n  for (const x of xs) {\n    xs.map(y => {\n      return y;\n    });\n  }\n  return "
         "0;\n}\n",
         0},
        {flips, "java",
         "class A {\n  boolean f() {\n    boolean p = true;\n    for (int d : a) {\n      if (n % d == 0) {\n        p "
         "= false;\n      } else {\n        p = true;\n"
         "      }\n    }\n    return p;\n  }\n}\n",
         8},
        {flips, "c",
         "int f(void) {\n  int p = 1;\n  for (d = 2; d < n; d++) {\n    if (n % d == 0) { p = 0; break; }\n    else p "
         "= 1;\n  }\n  return p;\n}\n",
         0},
        {flips, "c",
         "int f(void) {\n  int p = 1;\n  for (d = 2; d < n && p; d++) {\n    if (n % d == 0) p = 0;\n    else p = 1;\n "
         " }\n  return p;\n}\n",
         0},
        {flips, "c",
         "int f(void) {\n  int p = 1;\n  for (d = 2; d < n; d++) {\n    if (n % d == 0) p = 0;\n    else p = 1;\n    s "
         "+= p;\n  }\n  return p;\n}\n",
         0},
        {flips, "c",
         "int f(void) {\n  int p = 1;\n  for (d = 2; d < n; d++) {\n    if (n % d == 0) p = 1;\n    else p = 1;\n  }\n "
         " return p;\n}\n",
         0},
        {flips, "c",
         "int f(void) {\n  int p = 1;\n  for (d = 2; d < n; d++) {\n    if (n % d == 0) p = 0;\n    else p = d;\n  }\n "
         " return p;\n}\n",
         0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int line = line_of_rule(cases[i].language, cases[i].source, cases[i].rule);
        if (line != cases[i].line)
            fprintf(stderr, "line %d for %s\n", line, cases[i].source);
        assert_int_equal(line, cases[i].line);
    }
}

static void shapes_of_wrong_answers(void **state)
{
    (void)state;
    static const struct {
        const char *expected, *got, *rule;
    } cases[] = {
        {"5\n", "", "answer.no-output"},
        {"1 2\n", "1\n2\n", "answer.newlines"},
        {"1 2\n", "1  2\n", "answer.space"},
        {"1 2\n", "12\n", "answer.joined"},
        {"Yes\n", "YES\n", "answer.letter-case"},
        {"1 2 3\n", "[1, 2, 3]\n", "answer.list-brackets"},
        {"hi!\n", "hi\n", "answer.punctuation"},
        {"5\n", "Enter n: 5\n", "answer.prompt"},
        {"1\n2\n3\n", "1\n2\n", "answer.ends-early"},
        {"1\n2\n", "1\n2\n3\n", "answer.goes-on"},
        {"1 2 3\n", "3 2 1\n", "answer.reversed"},
        {"1 2 3\n", "2 1 3\n", "answer.order"},
        {"4900000000\n", "605032704\n", "answer.wrapped"},
        {"2.5\n", "2\n", "answer.floored"},
        {"3.14\n", "3.14159\n", "answer.decimals"},
        {"5\n", "-5\n", "answer.sign"},
        {"5\n", "6\n", "answer.off-by-one"},
        {"5\n", "nan\n", "answer.not-a-number"},
        {"YES\n", "NO\n", "answer.one-word"},
        {"28\n", "15\n", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct hint_evidence evidence = {
            .language = "fortran",
            .stage = HINT_RUN,
            .verdict = VERDICT_WRONG_ANSWER,
            .out = str_of(cases[i].got),
            .expected = str_of(cases[i].expected),
            .has_expected = true,
        };
        struct hint_list hints = {0};
        hints_find(rules, &evidence, "en", &hints);
        if (!cases[i].rule)
            assert_int_equal(hints.count, 0);
        else if (hints.count == 0)
            fail_msg("no hint for %s", cases[i].rule);
        else
            assert_string_equal(hints.items[0].rule, cases[i].rule);
        hint_list_release(&hints);
    }
}

static void mistakes_in_files_have_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"language: c\nrules:\n  - id: x\n    stage: compile\n    pattern: '('\n    text: {en: a}\n",
         "x.yaml:5: bad pattern: "},
        {"language: c\nrules:\n  - id: x\n    stage: never\n", "x.yaml:4: the stage must be "},
        {"language: c\nrules:\n  - id: x\n    patern: a\n", "x.yaml:4: unknown key \"patern\""},
        {"language: c\nrules:\n  - stage: run\n    text: {en: a}\n", "x.yaml:3: the rule has no id"},
        {"language: c\nrules:\n  - id: x\n    detect: magic\n", "x.yaml:4: unknown detector \"magic\""},
        {"language: c\nlanguage: d\n", "x.yaml:2: key \"language\" is there twice"},
        {"rules: []\n", "x.yaml:1: language is missing"},
        {"", "x.yaml:1: the file is empty"},
        {"language: [\n", "x.yaml:"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rule_file file;
        struct error err = ERROR_INIT;
        assert_true(rule_file_parse("x.yaml", str_of(cases[i].text), &file, &err) < 0);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("expected \"%s\", got \"%s\"", cases[i].message, err.message);
    }
}

static void letters_that_must_be_there(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *letters;
    } cases[] = {
        {"printf", "printf"},
        {"(?<here>\\bfor\\s+\\w+ in range\\()", " in range("},
        {"a?bcd*efg", "efg"}, /* the d may be missing */
        {"abc|abd", ""},
        {"x(?:abc|abd)yz", "yz"},
        {"(?:hello)?word", "word"},
        {"(?:hello){0,2}word", "word"},
        {"(?:hello){1,2}a", "hello"},
        {"(?=hello)ab", "ab"}, /* what stands ahead is not what is matched */
        {"(?!hello)ab", "ab"},
        {"(?<!hello)ab", "ab"},
        {"[hello]ab[]x]cd", "ab"},
        {"[[:alpha:]]]ab", "]ab"},
        {"\\k<name>abc\\x41def", "abc"},
        {"(?s)ab.c", "ab"},
        {"(?i)hello", ""},  /* in either case */
        {"(?x)he llo", ""}, /* blanks do not count */
        {"\\Qa.b\\E", ""},  /* not understood: no letters */
        {"(?(1)abc|def)", ""},
        {"ab{2}c{x}", "c{x}"}, /* no quantifier */
        {"a", ""},             /* too few to be worth it */
        {"(abc", ""},
        {"abc\\", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char letters[PATTERN_LITERAL_MAX];
        size_t len = pattern_literal(cases[i].pattern, letters, sizeof letters);
        if (len != strlen(cases[i].letters) || memcmp(letters, cases[i].letters, len) != 0)
            fail_msg("%s: expected \"%s\", got \"%.*s\"", cases[i].pattern, cases[i].letters, (int)len, letters);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_that_must_be_there),
        cmocka_unit_test(every_example_holds),
        cmocka_unit_test(the_three_cases_of_the_specification),
        cmocka_unit_test(an_error_is_no_echo_of_a_warning),
        cmocka_unit_test(nothing_for_what_did_not_fail),
        cmocka_unit_test(a_trace_needs_the_exit_code),
        cmocka_unit_test(hostile_output_gives_clean_hints),
        cmocka_unit_test(near_words),
        cmocka_unit_test(brackets_by_indentation),
        cmocka_unit_test(rounds_that_go_wrong),
        cmocka_unit_test(sums_that_begin_anew),
        cmocka_unit_test(shapes_of_wrong_answers),
        cmocka_unit_test(mistakes_in_files_have_a_line),
    };
    return cmocka_run_group_tests(tests, load_rules, free_rules);
}
