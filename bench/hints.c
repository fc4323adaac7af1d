/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hints.c: how long hints take, and what they say of given evidence.
 *
 *   bench_hints RULES_DIR [--show]     worst cases for every language: 64 KiB of what its rules look for and of what nearly is that, beside
 *                                      64 KiB of source; prints p50, p99, the text that takes longest (median of its rounds; --show shows
 *                                      it) and the longest round, in µs of CPU time
 *   bench_hints RULES_DIR --evidence   reads JSON lines {id, language, stage, verdict, exit_code, signal, cpu_ms, stdout, stderr, stdin, expected,
 *                                      name, source} and prints {"id": …, "hints": […], "rules": […], "us": …} for each
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "hints/rules.h"

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
        .notes = text_of(form, "notes"),
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

enum { DIAGNOSTICS = 65536, SOURCE_USUAL = 2048, SOURCE_LARGE = 65536, ROUNDS = 7 };

/* Hostile in general; those that are hostile to each rule are made of its own examples. */
static const char *const units[] = {
    "a",
    "\n",
    "a\n",
    "main.c:1:1: error: \n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: ",
    "((((((((((((((((",
    "error: error: error: ",
    "'a' 'a' 'a' 'a' ",
    "main.c:3:31: error: 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a' 'a'",
    "main.cpp:9:9: error: no matching function for call to 'f(std::vector<std::vector<std::vector<int> > >, int)'\n",
    "\tat Main.f(Main.java:3)\n",
    "    at f (/artifact/main.js:3:5)\n",
    "  File \"main.py\", line 1, in <module>\n",
    "Error: Error: Error: ",
    "TypeError: TypeError: ",
    "`\xe2\x80\x98",
};

static const struct kind {
    const char *language, *name, *stage;
} kinds[] = {
    {"c", "main.c", "compile"},   {"c", "main.c", "run"},           {"cpp", "main.cpp", "compile"},
    {"cpp", "main.cpp", "run"},   {"java", "Main.java", "compile"}, {"java", "Main.java", "run"},
    {"python", "main.py", "run"}, {"javascript", "main.js", "run"}, {"typescript", "main.ts", "compile"},
    {"go", "main.go", "compile"}, {"go", "main.go", "run"},         {"rust", "main.rs", "compile"},
    {"rust", "main.rs", "run"},   {"ruby", "main.rb", "run"},       {"php", "main.php", "run"},
    {"bash", "main.sh", "run"},   {"csharp", "main.cs", "compile"}, {"kotlin", "main.kt", "compile"},
};

struct times {
    double *items;
    size_t count, room;
    double worst; /* the highest median of one text */
};

static int by_time(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void sort_times(struct times *times)
{
    qsort(times->items, times->count, sizeof(*times->items), by_time);
}

static void add_time(struct times *times, double us)
{
    if (times->count == times->room) {
        times->room = times->room ? 2 * times->room : 1024;
        times->items = xrealloc(times->items, times->room * sizeof(*times->items));
    }
    times->items[times->count++] = us;
}

static void print_times(const char *language, const char *stage, struct times *times)
{
    sort_times(times);
    printf("%-12s %-8s %8zu %8.1f %8.1f %8.1f %8.1f\n", language, stage, times->count / ROUNDS,
           times->items[times->count / 2], times->items[times->count * 99 / 100], times->worst,
           times->items[times->count - 1]);
    fflush(stdout);
}

struct bench {
    const struct hint_rules *rules;
    const struct kind *kind;
    struct str source;
    struct times *times, *all;
    bool show;
};

/* ROUNDS times the hints for text, as standard error of a program that failed with the exit code that makes it real. */
static void measure(struct bench *bench, struct str text, int exit_code, int signal)
{
    const struct limits limits = limits_default();
    bool compile = strcmp(bench->kind->stage, "compile") == 0;
    const struct hint_file file = {.name = bench->kind->name, .text = bench->source};
    const struct hint_evidence evidence = {
        .language = bench->kind->language,
        .stage = compile ? HINT_COMPILE : HINT_RUN,
        .verdict = compile ? VERDICT_COMPILATION_ERROR : VERDICT_RUNTIME_ERROR,
        .exit_code = signal ? -1 : exit_code,
        .signal = signal,
        .cpu_ns = 500000000,
        .limits = &limits,
        .err = text,
        .files = &file,
        .file_count = 1,
    };
    double rounds[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        struct hint_list hints = {0};
        int64_t start = cpu_ns();
        hints_find(bench->rules, &evidence, "en", &hints);
        rounds[round] = (double)(cpu_ns() - start) / 1e3;
        add_time(bench->times, rounds[round]);
        add_time(bench->all, rounds[round]);
        hint_list_release(&hints);
    }
    qsort(rounds, ROUNDS, sizeof(*rounds), by_time);
    if (bench->show && rounds[ROUNDS / 2] > bench->times->worst)
        fprintf(stderr, "%s %s %.1f us: %.*s\n", bench->kind->language, bench->kind->stage, rounds[ROUNDS / 2],
                (int)MIN(text.len, (size_t)300), text.data);
    bench->times->worst = MAX(bench->times->worst, rounds[ROUNDS / 2]);
    bench->all->worst = MAX(bench->all->worst, rounds[ROUNDS / 2]);
}

static void repeat(struct str unit, struct buf *text)
{
    buf_truncate(text, 0);
    while (text->len < DIAGNOSTICS && unit.len > 0)
        buf_append(text, unit.data, unit.len);
}

static void measure_unit(struct bench *bench, struct str unit, struct buf *text)
{
    static const int codes[] = {1, 2, 101, 255};
    bool compile = strcmp(bench->kind->stage, "compile") == 0;

    repeat(unit, text);
    for (size_t i = 0; i < (compile ? 1 : ARRAY_LEN(codes)); i++)
        measure(bench, buf_view(text), codes[i], 0);
}

/*
 * What a rule's example says, again and again: as it is, cut before its end, and with every seventh letter another one, so that it begins like
 * what the rule looks for and fails late.
 */
static void measure_example(struct bench *bench, const struct example *example, struct buf *text, struct buf *mixed)
{
    struct str message = str_of(example->message ? example->message : example->output);
    _cleanup_(buf_release) struct buf unit = BUF_INIT;

    repeat(message, text);
    measure(bench, buf_view(text), example->exit_code < 0 ? 1 : example->exit_code, example->signal);
    for (size_t part = 2; part <= 4; part++) {
        buf_truncate(&unit, 0);
        buf_append(&unit, message.data, message.len * (part - 1) / part);
        buf_append_char(&unit, '\n');
        repeat(buf_view(&unit), text);
        measure(bench, buf_view(text), example->exit_code < 0 ? 1 : example->exit_code, example->signal);
    }
    buf_truncate(&unit, 0);
    for (size_t i = 0; i < message.len; i++)
        buf_append_char(&unit, i % 7 == 6 && message.data[i] >= 'a' && message.data[i] < 'z'
                                   ? (char)(message.data[i] + 1)
                                   : message.data[i]);
    buf_append_char(&unit, '\n');
    repeat(buf_view(&unit), text);
    measure(bench, buf_view(text), example->exit_code < 0 ? 1 : example->exit_code, example->signal);
    buf_append(mixed, unit.data, unit.len);
}

static void measure_kind(struct bench *bench)
{
    const struct rule_file *file = hint_rules_file(bench->rules, bench->kind->language);
    const struct rule_file *base = file->base ? hint_rules_file(bench->rules, file->base) : NULL;
    const struct rule_file *const files[] = {file, base, hint_rules_file(bench->rules, "common")};
    enum hint_stage stage = strcmp(bench->kind->stage, "compile") == 0 ? HINT_COMPILE : HINT_RUN;
    _cleanup_(buf_release) struct buf text = BUF_INIT, mixed = BUF_INIT;

    for (size_t u = 0; u < ARRAY_LEN(units); u++)
        measure_unit(bench, str_of(units[u]), &text);
    for (size_t f = 0; f < ARRAY_LEN(files); f++)
        for (size_t i = 0; files[f] && i < files[f]->rule_count; i++) {
            const struct rule *rule = &files[f]->rules[i];
            for (size_t e = 0; rule->stage == stage && e < rule->example_count; e++)
                if (rule->examples[e].message || rule->examples[e].output)
                    measure_example(bench, &rule->examples[e], &text, &mixed);
        }
    /* Windows over the damaged messages of all rules: every message is another one. */
    for (size_t at = 0; at < mixed.len; at += 2000)
        measure_unit(bench, (struct str){mixed.data + at, MIN(mixed.len - at, (size_t)DIAGNOSTICS)}, &text);
}

/* A program of about so many bytes: its lines are what rules and detectors look for. */
static void make_source(struct buf *source, size_t bytes)
{
    static const char part[] =
        "int main(void)\n{\n    int counter = 0, n = 3;\n    char name[10] = \"abc\"; // a name\n"
        "    for (int i = 0; i <= n; i++)\n        for (int j = 0; j < n; j++)\n            counter += f(i, j);\n"
        "    while (counter > n) {\n        printf(\"%d\\n\", counter);\n        n = n + 1;\n    }\n"
        "    if (n == 3 && conter + f(1, 2))\n        return g(n - 1);\n    return 0;\n}\n\n";
    while (source->len < bytes)
        buf_append_str(source, part);
}

static void measure_all(const struct hint_rules *rules, size_t source_bytes, bool show)
{
    struct times all = {0};
    _cleanup_(buf_release) struct buf source = BUF_INIT;

    make_source(&source, source_bytes);
    printf("%-12s %-8s %8s %8s %8s %8s %8s  (µs of CPU; 64 KiB of diagnostics, %zu KiB of source)\n", "language",
           "stage", "texts", "p50", "p99", "worst", "max", source_bytes / 1024);
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        struct times times = {0};
        struct bench bench = {.rules = rules,
                              .kind = &kinds[kind],
                              .source = buf_view(&source),
                              .times = &times,
                              .all = &all,
                              .show = show};
        measure_kind(&bench);
        print_times(kinds[kind].language, kinds[kind].stage, &times);
        free(times.items);
    }
    print_times("all", "", &all);
    free(all.items);
}

static int worst_cases(const struct hint_rules *rules, bool show)
{
    measure_all(rules, SOURCE_USUAL, show);
    measure_all(rules, SOURCE_LARGE, show);
    return 0;
}

int main(int argc, char **argv)
{
    struct error why = ERROR_INIT;
    _cleanup_(hint_rules_freep) struct hint_rules *rules = NULL;

    if (argc < 2 || hint_rules_load(argv[1], &rules, &why) < 0) {
        fprintf(stderr, "bench_hints: %s\n",
                argc < 2 ? "usage: bench_hints RULES_DIR [--evidence|--show]" : why.message);
        return 2;
    }
    bool show = argc > 2 && strcmp(argv[2], "--show") == 0;
    return argc > 2 && !show ? explain_lines(rules) : worst_cases(rules, show);
}
