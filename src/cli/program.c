/* SPDX-License-Identifier: Apache-2.0 */
/* program.c: from the command line to the body of POST /execute-batch. */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/cases.h"
#include "cli/command.h"

enum { INPUT_MAX = 64 << 20 }; /* of one file; the server has its own, smaller limit */

#define TEXT(name_, member, value_, help_)                                                                   \
    {                                                                                                        \
        .name = (name_), .kind = OPTION_TEXT, .offset = offsetof(struct program, member), .value = (value_), \
        .help = (help_)                                                                                      \
    }
#define TEXTS(name_, member, value_, help_)                                                                   \
    {                                                                                                         \
        .name = (name_), .kind = OPTION_TEXTS, .offset = offsetof(struct program, member), .value = (value_), \
        .help = (help_)                                                                                       \
    }
#define FLAG(name_, member, help_)                                                                        \
    {                                                                                                     \
        .name = (name_), .kind = OPTION_FLAG, .offset = offsetof(struct program, member), .help = (help_) \
    }
#define LIMIT(name_, field, value_, help_)                                                                          \
    {                                                                                                               \
        .name = (name_), .kind = OPTION_LIMIT, .offset = offsetof(struct program, limits.field), .value = (value_), \
        .help = (help_), .limit = #field                                                                            \
    }

const struct option program_options[PROGRAM_OPTION_COUNT] = {
    TEXT("language", language, "NAME", "default: by the file's extension"),
    TEXT("language-version", language_version, "VERSION", "refuse other versions of the language"),
    TEXT("stdin", stdin_file, "FILE", "what the program reads; - for standard input"),
    TEXT("expect", expect_file, "FILE", "what it must print"),
    TEXT("tests", tests_folder, "DIR", "test cases: NAME.in with NAME.out or NAME.ans"),
    TEXTS("arg", args, "TEXT", "argument for the program; may be given several times"),
    TEXTS("compiler-option", compiler_options, "TEXT", "option for the compiler; may be given several times"),
    TEXTS("file", files, "FILE", "another file of the program (a header, a module); may be given several times"),
    TEXT("checker", checker, "NAME", "lines (default), exact, tokens or float"),
    TEXT("abs", absolute, "NUMBER", "absolute tolerance of the float checker"),
    TEXT("rel", relative, "NUMBER", "relative tolerance of the float checker"),
    LIMIT("cpu-time", cpu_time_ms, "DURATION", "CPU time of each run: 2s, 500ms"),
    LIMIT("wall-time", wall_time_ms, "DURATION", "elapsed time of each run"),
    LIMIT("memory", memory_kb, "SIZE", "memory of each run: 256MiB"),
    LIMIT("processes", processes, "N", "processes and threads of each run"),
    LIMIT("output", output_kb, "SIZE", "what each run may print"),
    LIMIT("stack", stack_kb, "SIZE", "stack of each process"),
    LIMIT("file-size", file_kb, "SIZE", "each file that a run may write"),
    FLAG("stop-on-first-failure", stop_on_first_failure, "skip the test cases after the first that fails"),
    FLAG("json", json, "print the whole result as JSON"),
};

/* Extensions whose language has another name. */
static const struct {
    const char *extension, *language;
} extensions[] = {
    {"cc", "cpp"},        {"cxx", "cpp"},       {"c++", "cpp"},        {"C", "cpp"},
    {"py", "python"},     {"js", "javascript"}, {"mjs", "javascript"}, {"cjs", "javascript"},
    {"ts", "typescript"}, {"rs", "rust"},       {"rb", "ruby"},        {"sh", "bash"},
};

const char *program_language(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(base, '.');

    if (dot == NULL || dot == base || dot[1] == '\0')
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
        if (strcmp(dot + 1, extensions[i].extension) == 0)
            return extensions[i].language;
    return dot + 1;
}

/* "-" and /dev/stdin are the open descriptor: to open it again by name takes rights that the caller may not have. */
static int read_file(const char *path, struct buf *out)
{
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
        return fd_read_all(STDIN_FILENO, INPUT_MAX, out);
    return fd_read_file(AT_FDCWD, path, INPUT_MAX, out);
}

/* Every text goes as base64, so that any bytes arrive as they are. */
static int add_file(json_t *object, const char *field, const char *path, struct error *err)
{
    _cleanup_(buf_release) struct buf bytes = BUF_INIT;
    int r = read_file(path, &bytes);

    if (r < 0)
        return error_errno(err, r, "reading %s", path);
    json_object_set_new(object, field, json_base64(bytes.data, bytes.len));
    return 0;
}

static void add_texts(json_t *object, const char *field, const struct texts *texts)
{
    json_t *array = json_array();

    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(array, json_text(texts->items[i], strlen(texts->items[i]), NULL));
    if (texts->count > 0)
        json_object_set(object, field, array);
    json_decref(array);
}

static int add_case(json_t *tests, const char *name, const char *in, const char *expected, struct error *err)
{
    json_t *test = json_object();
    int r = 0;

    json_array_append_new(tests, test);
    if (name != NULL)
        json_object_set_new(test, "name", json_text(name, strlen(name), NULL));
    if (in != NULL)
        r = add_file(test, "stdin", in, err);
    if (r == 0 && expected != NULL)
        r = add_file(test, "expected_output", expected, err);
    return r;
}

static int add_tests(const struct program *program, json_t *request, struct error *err)
{
    json_t *tests = json_array();
    json_object_set_new(request, "test_cases", tests);
    if (program->tests_folder == NULL)
        return add_case(tests, NULL, program->stdin_file, program->expect_file, err);
    if (program->stdin_file != NULL || program->expect_file != NULL)
        return error_set(err, -EINVAL, "--tests does not go together with --stdin and --expect");

    _cleanup_(cases_release) struct case_list cases = {0};
    int r = cases_list(program->tests_folder, &cases, err);
    for (size_t i = 0; r == 0 && i < cases.warning_count; i++)
        print_warning(cases.warnings[i]);
    for (size_t i = 0; r == 0 && i < cases.count; i++)
        r = add_case(tests, cases.items[i].name, cases.items[i].in, cases.items[i].expected, err);
    return r;
}

static int add_extra_files(const struct program *program, json_t *request, struct error *err)
{
    if (program->files.count == 0)
        return 0;

    json_t *files = json_array();
    json_object_set_new(request, "files", files);
    for (size_t i = 0; i < program->files.count; i++) {
        const char *path = program->files.items[i], *slash = strrchr(path, '/');
        json_t *file = json_pack("{s:s}", "name", slash != NULL ? slash + 1 : path);
        json_array_append_new(files, file);
        int r = add_file(file, "content", path, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static void add_limits(const struct program *program, json_t *request)
{
    json_t *limits = json_object();

    for (size_t i = 0; i < limit_field_count; i++) {
        int64_t value = limits_get(&program->limits, &limit_fields[i]);
        if (value > 0)
            json_object_set_new(limits, limit_fields[i].name, json_integer(value));
    }
    json_object_set_new(request, "limits", limits);
}

static int add_tolerance(json_t *checker, const char *name, const char *text, struct error *err)
{
    char *end = NULL;

    if (text == NULL)
        return 0;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= 1e300))
        return error_set(err, -EINVAL, "--%s must be a number that is not negative, not \"%s\"", name, text);
    json_object_set_new(checker, name, json_real(value));
    return 0;
}

static int add_checker(const struct program *program, json_t *request, struct error *err)
{
    if (program->checker == NULL && program->absolute == NULL && program->relative == NULL)
        return 0;
    const char *type = program->checker != NULL ? program->checker : "float";
    json_t *checker = json_pack("{s:s}", "type", type);
    json_object_set_new(request, "checker", checker);
    int r = add_tolerance(checker, "abs", program->absolute, err);
    return r < 0 ? r : add_tolerance(checker, "rel", program->relative, err);
}

int program_request(const struct program *program, const char *file, json_t **ret, struct error *err)
{
    const char *language = program->language != NULL ? program->language : program_language(file);
    if (language == NULL)
        return error_set(err, -EINVAL, "%s: its name does not tell the language; say it with --language", file);

    json_auto_t *request =
        json_pack("{s:s, s:s*, s:s}", "language", language, "version", program->language_version, "encoding", "base64");
    if (request == NULL)
        return error_set(err, -EINVAL, "the language's name is not UTF-8");
    int r = add_file(request, "code", file, err);
    if (r == 0)
        r = add_extra_files(program, request, err);
    if (r == 0)
        r = add_tests(program, request, err);
    if (r == 0)
        r = add_checker(program, request, err);
    if (r < 0)
        return r;
    add_texts(request, "args", &program->args);
    add_texts(request, "compiler_options", &program->compiler_options);
    add_limits(program, request);
    if (program->stop_on_first_failure)
        json_object_set_new(request, "stop_on_first_failure", json_true());
    *ret = STEAL(request);
    return 0;
}
