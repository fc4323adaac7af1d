/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: a finished submission document, for people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/command.h"
#include "cli/program.h"
#include "cli/table.h"
#include "model/verdict.h"

enum { NAME_COLUMNS = 32 };

static const char *text_of(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    return text != NULL ? text : "";
}

/* Writes a base64 field's bytes: as they are, but for a terminal without what would control it and with a newline at the end. */
static void write_output(FILE *stream, const json_t *object, const char *field)
{
    _cleanup_(buf_release) struct buf bytes = BUF_INIT, shown = BUF_INIT;
    const char *text = text_of(object, field);
    bool terminal = isatty(fileno(stream));

    if (base64_decode(text, strlen(text), &bytes) < 0 || bytes.len == 0)
        return;
    if (terminal)
        escape_controls(bytes.data, bytes.len, &shown);
    else
        buf_append(&shown, bytes.data, bytes.len);
    if ((terminal || stream == stderr) && bytes.data[bytes.len - 1] != '\n')
        buf_append_char(&shown, '\n');
    fwrite(shown.data, 1, shown.len, stream);
}

/* A line of the server or of a checker: never anything that controls a terminal. */
static void write_line(FILE *stream, const char *text)
{
    _cleanup_(buf_release) struct buf shown = BUF_INIT;

    escape_controls(text, strlen(text), &shown);
    fprintf(stream, "%s\n", buf_str(&shown));
}

static enum table_colour verdict_colour(const char *verdict)
{
    if (strcmp(verdict, verdict_name(VERDICT_ACCEPTED)) == 0)
        return TABLE_GREEN;
    return strcmp(verdict, verdict_name(VERDICT_SKIPPED)) == 0 ? TABLE_YELLOW : TABLE_RED;
}

static void add_number(struct table *table, const json_t *value, double scale, const char *unit)
{
    _cleanup_(freep) char *text =
        json_is_number(value) ? xasprintf("%.1f %s", json_number_value(value) / scale, unit) : xstrdup("-");
    table_cell(table, TABLE_PLAIN, text, 0);
}

static void add_row(struct table *table, size_t index, const json_t *test)
{
    _cleanup_(freep) char *number = xasprintf("%zu", index + 1);
    const char *verdict = text_of(test, "verdict");
    bool ran = strcmp(verdict, verdict_name(VERDICT_SKIPPED)) != 0;

    table_cell(table, TABLE_DIM, number, 0);
    table_cell(table, TABLE_PLAIN, text_of(test, "name"), NAME_COLUMNS);
    table_cell(table, verdict_colour(verdict), verdict, 0);
    add_number(table, ran ? json_object_get(test, "cpu_time_ms") : NULL, 1, "ms");
    add_number(table, ran ? json_object_get(test, "wall_time_ms") : NULL, 1, "ms");
    add_number(table, ran ? json_object_get(test, "memory_kb") : NULL, 1024, "MiB");
    table_cell(table, TABLE_PLAIN, text_of(test, "message"), 0);
}

static void print_table(const json_t *document, FILE *stream)
{
    static const char *const headers[] = {">#", "name", "verdict", ">cpu", ">wall", ">memory", "message", NULL};
    _cleanup_(table_freep) struct table *table = table_new(headers);
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    size_t i;
    json_t *test;

    json_array_foreach(json_object_get(document, "results"), i, test) add_row(table, i, test);
    table_print(table, terminal_coloured(), terminal_width(), &out);
    fputs(buf_str(&out), stream);
}

static void print_summary(const json_t *document, FILE *stream)
{
    const json_t *summary = json_object_get(document, "summary"), *language = json_object_get(document, "language");
    const char *verdict = text_of(document, "verdict"), *colour = "", *end = "";

    if (terminal_coloured()) {
        colour = verdict_colour(verdict) == TABLE_GREEN ? "\033[1;32m" : "\033[1;31m";
        end = "\033[0m";
    }
    _cleanup_(freep) char *title = xasprintf("%s %s", text_of(language, "name"), text_of(language, "version"));
    _cleanup_(buf_release) struct buf shown = BUF_INIT, ended = BUF_INIT;
    escape_controls(title, strlen(title), &shown);
    escape_controls(verdict, strlen(verdict), &ended);
    fprintf(stream, "%s%s%s: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " passed, %s", colour, buf_str(&ended),
            end, json_integer_value(json_object_get(summary, "passed")),
            json_integer_value(json_object_get(summary, "total")), buf_str(&shown));
    const json_t *compile = json_object_get(document, "compile"), *time = json_object_get(compile, "time_ms");
    if (json_is_number(time) && json_is_true(json_object_get(compile, "cached")))
        fprintf(stream, ", compiled before");
    else if (json_is_number(time))
        fprintf(stream, ", compiled in %.0f ms", json_number_value(time));
    fputc('\n', stream);
}

/* The compiler's words: all of them when it failed. */
static void print_compile(const json_t *document)
{
    const json_t *compile = json_object_get(document, "compile");

    if (!json_is_object(compile))
        return;
    write_output(stderr, compile, "stdout");
    write_output(stderr, compile, "stderr");
    const char *message = text_of(compile, "message");
    if (message[0] != '\0')
        write_line(stderr, message);
}

static void print_hints(const json_t *document, FILE *stream)
{
    size_t i;
    json_t *hint;

    json_array_foreach(json_object_get(document, "hints"), i, hint)
    {
        fputs("hint: ", stream);
        write_line(stream, json_string_value(hint));
    }
}

/* Nothing was expected of the only run: then the user wants to see what it prints. */
static bool only_shows_output(const json_t *request)
{
    const json_t *tests = json_object_get(request, "test_cases");
    return json_array_size(tests) == 1 && json_object_get(json_array_get(tests, 0), "expected_output") == NULL;
}

static int exit_code_of(const json_t *document)
{
    const char *status = text_of(document, "status"), *verdict = text_of(document, "verdict");

    if (strcmp(status, status_name(STATUS_COMPLETED)) != 0 ||
        strcmp(verdict, verdict_name(VERDICT_INTERNAL_ERROR)) == 0)
        return EXIT_ENGINE;
    return strcmp(verdict, verdict_name(VERDICT_ACCEPTED)) == 0 ? EXIT_OK : EXIT_TESTS_FAILED;
}

int program_report(const struct program *program, const json_t *request, json_t *document)
{
    FILE *stream = stdout;

    if (program->json) {
        print_json(json_incref(document));
        return exit_code_of(document);
    }
    if (strcmp(text_of(document, "status"), status_name(STATUS_COMPLETED)) != 0) {
        print_error("the submission ended %s%s%s", text_of(document, "status"),
                    text_of(document, "message")[0] != '\0' ? ": " : "", text_of(document, "message"));
        return exit_code_of(document);
    }
    if (program->hints_only) {
        print_hints(document, stdout);
        return exit_code_of(document);
    }
    print_compile(document);
    if (only_shows_output(request)) {
        const json_t *test = json_array_get(json_object_get(document, "results"), 0);
        write_output(stdout, test, "stdout");
        fflush(stdout);
        write_output(stderr, test, "stderr");
        stream = stderr;
    }
    if (strcmp(text_of(document, "verdict"), verdict_name(VERDICT_COMPILATION_ERROR)) != 0)
        print_table(document, stream);
    print_summary(document, stream);
    print_hints(document, stream);
    return exit_code_of(document);
}
