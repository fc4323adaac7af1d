/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hints.c: how long hints take, and what they say of given evidence.
 *
 *   bench_hints RULES_DIR              worst cases: 64 KiB of diagnostics of several kinds for every language; prints p50, p99, max
 *                                      in µs of CPU time
 *   bench_hints RULES_DIR --evidence   reads JSON lines {id, language, stage, verdict, exit_code, signal, cpu_ms, stdout, stderr, stdin, expected,
 *                                      name, source} and prints {"id": …, "hints": […], "rules": […], "us": …} for each
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "hints/hints.h"

/* Of this thread: what others on the machine do does not count. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

enum { LINE_MAX_BYTES = 4 << 20 };

static struct str text_of(const json_t *form, const char *key)
{
    const json_t *value = json_object_get(form, key);
    return (struct str){.data = json_is_string(value) ? json_string_value(value) : "",
                        .len = json_string_length(value)};
}

static void find(const struct hint_rules *rules, const json_t *form, struct hint_list *hints)
{
    const struct limits limits = limits_default();
    const char *name = json_string_value(json_object_get(form, "name"));
    const struct hint_file file = {.name = name ? name : "main", .text = text_of(form, "source")};
    enum verdict verdict = VERDICT_RUNTIME_ERROR;
    const char *verdict_text = json_string_value(json_object_get(form, "verdict"));
    if (verdict_text)
        verdict_from_name(verdict_text, &verdict);
    const json_t *code = json_object_get(form, "exit_code");
    const struct hint_evidence evidence = {
        .language = text_of(form, "language").data,
        .version = json_string_value(json_object_get(form, "version")),
        .stage = strcmp(text_of(form, "stage").data, "compile") == 0 ? HINT_COMPILE : HINT_RUN,
        .verdict = verdict,
        .exit_code = json_is_integer(code) ? (int)json_integer_value(code) : -1,
        .signal = (int)json_integer_value(json_object_get(form, "signal")),
        .cpu_ns = (int64_t)(json_number_value(json_object_get(form, "cpu_ms")) * 1e6),
        .limits = &limits,
        .out = text_of(form, "stdout"),
        .err = text_of(form, "stderr"),
        .stdin_data = text_of(form, "stdin"),
        .expected = text_of(form, "expected"),
        .has_expected = json_is_string(json_object_get(form, "expected")),
        .files = &file,
        .file_count = 1,
    };
    hints_find(rules, &evidence, "en", hints);
}

static int explain_lines(const struct hint_rules *rules)
{
    char *line = xmalloc(LINE_MAX_BYTES);
    while (fgets(line, LINE_MAX_BYTES, stdin)) {
        struct error why = ERROR_INIT;
        json_auto_t *form = NULL;
        if (json_parse(line, strlen(line), &form, &why) < 0) {
            fprintf(stderr, "bench_hints: %s\n", why.message);
            free(line);
            return 1;
        }
        struct hint_list hints = {0};
        int64_t start = cpu_ns();
        find(rules, form, &hints);
        int64_t took = cpu_ns() - start;
        json_auto_t *names = json_array();
        for (size_t i = 0; i < hints.count; i++)
            json_array_append_new(names, json_string(hints.items[i].rule));
        json_auto_t *answer = json_pack("{s:O, s:o, s:O, s:f}", "id", json_object_get(form, "id"), "hints",
                                        hint_texts_json(&hints), "rules", names, "us", (double)took / 1e3);
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        hint_list_release(&hints);
    }
    free(line);
    return 0;
}

/* ---- the worst ---- */

enum { DIAGNOSTICS = 65536, ROUNDS = 60 };

static const char *const units[] = {
    "a",
    "\n",
    "a\n",
    "main.c:1:1: error: \n",
    "main.c:3:31: error: 'conter' undeclared (first use in this function)\n",
    "main.cpp:9:9: error: no matching function for call to 'f(std::vector<std::vector<std::vector<int> > >, int)'\n",
    "Main.java:4: error: cannot find symbol\n    x\n    ^\n  symbol:   variable totl\n  location: class Main\n",
    ("Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\n    x\nNameError: name 'x' is not "
     "defined\n"),
    "\tat Main.f(Main.java:3)\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: ",
    "((((((((((((((((",
    "error: error: error: ",
    "error[E0382]: borrow of moved value: `v`\n --> main.rs:3:5\n  |\n3 |     v;\n  |     ^ value\n",
    "./main.go:4:2: x declared but not used\n",
    "    at f (/artifact/main.js:3:5)\n",
    "TypeError: ",
};

static const struct {
    const char *language, *name, *stage;
} kinds[] = {
    {"c", "main.c", "compile"},   {"c", "main.c", "run"},           {"cpp", "main.cpp", "compile"},
    {"cpp", "main.cpp", "run"},   {"java", "Main.java", "compile"}, {"java", "Main.java", "run"},
    {"python", "main.py", "run"}, {"javascript", "main.js", "run"}, {"typescript", "main.ts", "compile"},
    {"go", "main.go", "compile"}, {"go", "main.go", "run"},         {"rust", "main.rs", "compile"},
    {"rust", "main.rs", "run"},   {"ruby", "main.rb", "run"},       {"php", "main.php", "run"},
    {"bash", "main.sh", "run"},   {"csharp", "main.cs", "compile"}, {"kotlin", "main.kt", "compile"},
};

static int by_time(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void measure(const struct hint_rules *rules, size_t kind, double *times, size_t *count)
{
    static const char source[] = "int main(void)\n{\n    int counter = 0;\n    return conter + f(1, 2);\n}\n";

    for (size_t u = 0; u < ARRAY_LEN(units); u++) {
        _cleanup_(buf_release) struct buf text = BUF_INIT;
        while (text.len < DIAGNOSTICS)
            buf_append_str(&text, units[u]);
        json_auto_t *form =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "language", kinds[kind].language, "name", kinds[kind].name,
                      "stage", kinds[kind].stage, "stderr", buf_str(&text), "source", source, "exit_code", 1);
        if (strcmp(kinds[kind].stage, "compile") == 0)
            json_object_set_new(form, "verdict", json_string("compilation_error"));
        for (int round = 0; round < ROUNDS; round++) {
            struct hint_list hints = {0};
            int64_t start = cpu_ns();
            find(rules, form, &hints);
            times[(*count)++] = (double)(cpu_ns() - start) / 1e3;
            hint_list_release(&hints);
        }
    }
}

static int worst_cases(const struct hint_rules *rules)
{
    double *times = xcalloc(ARRAY_LEN(units) * ROUNDS * ARRAY_LEN(kinds), sizeof(*times));
    size_t all = 0;

    printf("%-12s %-8s %8s %8s %8s  (µs, 64 KiB of diagnostics of %zu kinds)\n", "language", "stage", "p50", "p99",
           "max", ARRAY_LEN(units));
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        size_t count = 0;
        measure(rules, kind, times + all, &count);
        qsort(times + all, count, sizeof(*times), by_time);
        printf("%-12s %-8s %8.1f %8.1f %8.1f\n", kinds[kind].language, kinds[kind].stage, times[all + count / 2],
               times[all + count * 99 / 100], times[all + count - 1]);
        all += count;
    }
    qsort(times, all, sizeof(*times), by_time);
    printf("%-12s %-8s %8.1f %8.1f %8.1f\n", "all", "", times[all / 2], times[all * 99 / 100], times[all - 1]);
    free(times);
    return 0;
}

int main(int argc, char **argv)
{
    struct error why = ERROR_INIT;
    _cleanup_(hint_rules_freep) struct hint_rules *rules = NULL;

    if (argc < 2 || hint_rules_load(argv[1], &rules, &why) < 0) {
        fprintf(stderr, "bench_hints: %s\n", argc < 2 ? "usage: bench_hints RULES_DIR [--evidence]" : why.message);
        return 2;
    }
    return argc > 2 ? explain_lines(rules) : worst_cases(rules);
}
