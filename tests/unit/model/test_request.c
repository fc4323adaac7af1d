/* SPDX-License-Identifier: Apache-2.0 */
/* test_request.c: what a request may say, every mistake with its path, limits and their caps. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/json.h"
#include "model/submission.h"

enum form { BATCH, SINGLE };

/* JSON in these tests is written with ' for ". */
static json_t *json_from(const char *text)
{
    _cleanup_(freep) char *copy = strdup(text);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    json_t *json = NULL;
    struct error err = ERROR_INIT;
    if (json_parse(copy, strlen(copy), &json, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return json;
}

static int parse(enum form form, const char *text, struct submission **ret, struct field_errors *errors)
{
    json_auto_t *body = json_from(text);
    return form == BATCH ? submission_parse_batch(body, ret, errors) : submission_parse_single(body, ret, errors);
}

static struct submission *accepted(enum form form, const char *text)
{
    struct submission *sub = NULL;
    struct field_errors errors = {0};
    int r = parse(form, text, &sub, &errors);
    if (r < 0)
        fail_msg("%s: %s %s", text, errors.items[0].field, errors.items[0].message);
    assert_int_equal(errors.count, 0);
    assert_non_null(sub);
    return sub;
}

/* The request has exactly this one mistake; message may be the beginning of the real one. */
static void refused(enum form form, const char *text, const char *field, const char *message)
{
    struct submission *const untouched = (struct submission *)(uintptr_t)16;
    struct submission *sub = untouched;
    struct field_errors errors = {0};
    int r = parse(form, text, &sub, &errors);
    if (r != -EINVAL || errors.count == 0)
        fail_msg("accepted: %s", text);
    if (errors.count != 1 || strcmp(errors.items[0].field, field) != 0 ||
        strncmp(errors.items[0].message, message, strlen(message)) != 0)
        fail_msg("%.200s: %zu mistakes, the first: \"%s\": %s", text, errors.count, errors.items[0].field,
                 errors.items[0].message);
    assert_ptr_equal(sub, untouched);
    field_errors_release(&errors);
    assert_int_equal(errors.count, 0);
}

struct mistake {
    const char *json, *field, *message;
};

static void refuse_all(enum form form, const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        refused(form, mistakes[i].json, mistakes[i].field, mistakes[i].message);
}

/* A request with one more field, in both object forms. */
static void refuse_with(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        _cleanup_(freep) char *text = xasprintf("{'language': 'c', 'code': 'x', %s}", mistakes[i].json);
        refused(BATCH, text, mistakes[i].field, mistakes[i].message);
        refused(SINGLE, text, mistakes[i].field, mistakes[i].message);
    }
}

/* filler: count characters c. The caller frees. */
static char *filler(char c, size_t count)
{
    char *text = xmalloc(count + 1);
    memset(text, c, count);
    text[count] = '\0';
    return text;
}

static void the_body_and_its_program(void **state)
{
    (void)state;
    static const struct mistake batch[] = {
        {"null", "", "must be an object or an array"},
        {"5", "", "must be an object or an array"},
        {"'text'", "", "must be an object or an array"},
        {"[]", "", "must not be empty"},
        {"{'code': 'x'}", "language", "is required"},
        {"{'language': null, 'code': 'x'}", "language", "is required"},
        {"{'language': 'c'}", "code", "is required, unless files has the program"},
        {"{'language': 'c', 'code': null}", "code", "is required, unless files"},
        {"{'language': 'c', 'code': ''}", "code", "must not be empty, unless files"},
        {"{'language': 'c', 'code': '', 'files': []}", "code", "must not be empty, unless files"},
        {"{'language': 'c', 'code': ' ', 'encoding': 'base64'}", "code", "must not be empty, unless files"},
        {"{'language': 'c', 'files': null}", "code", "is required, unless files"},
        {"{'language': 'c', 'code': 5}", "code", "must be a string"},
    };
    refuse_all(BATCH, batch, ARRAY_LEN(batch));
    static const struct mistake single[] = {
        {"null", "", "must be an object"},
        {"[]", "", "must be an object"},
        {"[{'language': 'c', 'code': 'x'}]", "", "must be an object"},
        {"{'code': 'x'}", "language", "is required"},
        {"{'language': 'c'}", "code", "is required, unless files has the program"},
    };
    refuse_all(SINGLE, single, ARRAY_LEN(single));
}

static void common_fields(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"'version': 5", "version", "must be a string"},
        {"'version': ''", "version", "must not be empty"},
        {"'version': '1\\u00002'", "version", "must not hold a NUL character"},
        {"'version': '01234567890123456789012345678901234567890123456789012345678901234'", "version",
         "must be at most 64 bytes long"},
        {"'encoding': 5", "encoding", "must be one of \"utf8\", \"base64\""},
        {"'encoding': 'UTF8'", "encoding", "must be one of"},
        {"'encoding': 'utf8\\u0000'", "encoding", "must be one of"},
        {"'priority': '1'", "priority", "must be an integer"},
        {"'priority': 1.0", "priority", "must be an integer"},
        {"'priority': true", "priority", "must be an integer"},
        {"'priority': 11", "priority", "must be between -10 and 10"},
        {"'priority': -11", "priority", "must be between -10 and 10"},
        {"'priority': 9223372036854775807", "priority", "must be between -10 and 10"},
        {"'metadata': []", "metadata", "must be an object"},
        {"'metadata': 'x'", "metadata", "must be an object"},
        {"'args': 'x'", "args", "must be an array"},
        {"'args': {}", "args", "must be an array"},
        {"'args': ['a', 5]", "args[1]", "must be a string"},
        {"'args': [null]", "args[0]", "must be a string"},
        {"'args': ['a\\u0000b']", "args[0]", "must not hold a NUL character"},
        {"'compiler_options': '-O2'", "compiler_options", "must be an array"},
        {"'compiler_options': [['-O2']]", "compiler_options[0]", "must be a string"},
        {"'compiler_options': ['-O2\\u0000']", "compiler_options[0]", "must not hold a NUL character"},
    };
    refuse_with(mistakes, ARRAY_LEN(mistakes));
    static const struct mistake language[] = {
        {"{'language': 5, 'code': 'x'}", "language", "must be a string"},
        {"{'language': '', 'code': 'x'}", "language", "must not be empty"},
        {"{'language': 'c\\u0000', 'code': 'x'}", "language", "must not hold a NUL character"},
        {"{'language': 'c', 'code': 'x', 'stop_on_first_failure': 1}", "stop_on_first_failure",
         "must be true or false"},
        {"{'language': 'c', 'code': 'x', 'stop_on_first_failure': 'true'}", "stop_on_first_failure",
         "must be true or false"},
    };
    refuse_all(BATCH, language, ARRAY_LEN(language));
}

static void unknown_fields_are_named_at_every_level(void **state)
{
    (void)state;
    static const struct mistake everywhere[] = {
        {"'cod': 'x'", "cod", "unknown field; known here: encoding, language, version, code, files, "},
        {"'cod': null", "cod", "unknown field"},
        {"'': 1", "", "unknown field"},
        {"'Language': 'c'", "Language", "unknown field"},
        {"'hints': 1", "hints", "must be true or false"},
        {"'hint_language': 'e n'", "hint_language", "must be a language tag, such as en"},
        {"'name': 'x'", "name", "unknown field"},
        {"'limits': {'cpu_time': 1}", "limits.cpu_time",
         "unknown field; known here: cpu_time_ms, wall_time_ms, memory_kb, processes, output_kb, stack_kb, file_kb"},
        {"'checker': {'type': 'lines', 'tolerance': 1}", "checker.tolerance",
         "unknown field; known here: type, abs, rel"},
        {"'files': [{'name': 'a', 'content': ''}, {'name': 'b', 'content': '', 'mode': 1}]", "files[1].mode",
         "unknown field; known here: name, content"},
    };
    refuse_with(everywhere, ARRAY_LEN(everywhere));
    static const struct mistake batch[] = {
        {"{'language': 'c', 'code': 'x', 'stdin': ''}", "stdin", "unknown field"},
        {"{'language': 'c', 'code': 'x', 'expected_output': ''}", "expected_output", "unknown field"},
        {"{'language': 'c', 'code': 'x', 'test_cases': [{}, {'input': ''}]}", "test_cases[1].input",
         "unknown field; known here: name, stdin, expected_output, args, limits"},
        {"{'language': 'c', 'code': 'x', 'test_cases': [{'limits': {'cpu': 1}}]}", "test_cases[0].limits.cpu",
         "unknown field"},
        {"[{'language': 'c', 'code': 'x', 'test_cases': []}]", "[0].test_cases", "unknown field"},
        {"[{'language': 'c', 'code': 'x'}, {'input': 1}]", "[1].input", "unknown field"},
    };
    refuse_all(BATCH, batch, ARRAY_LEN(batch));
    static const struct mistake single[] = {
        {"{'language': 'c', 'code': 'x', 'test_cases': []}", "test_cases", "unknown field"},
        {"{'language': 'c', 'code': 'x', 'stop_on_first_failure': true}", "stop_on_first_failure", "unknown field"},
    };
    refuse_all(SINGLE, single, ARRAY_LEN(single));
    _cleanup_(freep) char *key = filler('k', 5000), *text = xasprintf("{'language': 'c', 'code': 'x', '%s': 1}", key);
    key[100] = '\0';
    refused(BATCH, text, key, "unknown field");
}

static void limits_are_positive_integers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0", "-1", "1.5", "1.0", "1e3", "1e300", "'5'", "true", "[]", "{}", "-9223372036854775808"};
    for (size_t f = 0; f < limit_field_count; f++) {
        const char *name = limit_fields[f].name;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
            _cleanup_(freep) char *path = xasprintf("limits.%s", name),
                                  *case_path = xasprintf("test_cases[0].limits.%s", name);
            _cleanup_(freep) char *common = xasprintf("'limits': {'%s': %s}", name, bad[i]);
            _cleanup_(freep) char *own =
                xasprintf("{'language': 'c', 'code': 'x', 'test_cases': [{'limits': {'%s': %s}}]}", name, bad[i]);
            refuse_with(&(struct mistake){common, path, "must be a positive integer"}, 1);
            refused(BATCH, own, case_path, "must be a positive integer");
        }
    }
    static const struct mistake mistakes[] = {
        {"'limits': []", "limits", "must be an object"},
        {"'limits': 5", "limits", "must be an object"},
        {"'limits': {'memory_kb': 1023}", "limits.memory_kb", "must be at least 1024"},
        {"'limits': {'stack_kb': 1}", "limits.stack_kb", "must be at least 64"},
    };
    refuse_with(mistakes, ARRAY_LEN(mistakes));
    refused(BATCH, "{'language': 'c', 'code': 'x', 'test_cases': [{}, {'limits': 7}]}", "test_cases[1].limits",
            "must be an object");
    refused(BATCH, "[{'language': 'c', 'code': 'x'}, {'limits': {'cpu_time_ms': 0}}]", "[1].limits.cpu_time_ms",
            "must be a positive integer");
}

/* Numbers that no int64 or double holds never get as far as a field. */
static void numbers_out_of_range_are_not_json(void **state)
{
    (void)state;
    static const char *const bad[] = {"1e400", "-1e400",   "9223372036854775808", "-9223372036854775809",
                                      "NaN",   "Infinity", "1e99999999999"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        _cleanup_(freep) char *text = xasprintf("{\"limits\": {\"cpu_time_ms\": %s}}", bad[i]);
        json_t *json = NULL;
        struct error err = ERROR_INIT;
        int expected = bad[i][0] == 'N' || bad[i][0] == 'I' ? -EINVAL : -ERANGE;
        assert_int_equal(json_parse(text, strlen(text), &json, &err), expected);
        assert_null(json);
    }
}

static void checkers(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"'checker': 'lines'", "checker", "must be an object"},
        {"'checker': {}", "checker.type", "is required"},
        {"'checker': {'type': null}", "checker.type", "is required"},
        {"'checker': {'type': 'fuzzy'}", "checker.type", "must be one of \"lines\", \"exact\", \"tokens\", \"float\""},
        {"'checker': {'type': 1}", "checker.type", "must be one of"},
        {"'checker': {'type': 'lines', 'abs': 0.1}", "checker.abs", "goes only with the type \"float\""},
        {"'checker': {'type': 'tokens', 'rel': 0}", "checker.rel", "goes only with the type \"float\""},
        {"'checker': {'type': 'float', 'abs': -0.1}", "checker.abs", "must be a number, 0 or more"},
        {"'checker': {'type': 'float', 'rel': '1'}", "checker.rel", "must be a number, 0 or more"},
        {"'checker': {'type': 'float', 'rel': -1}", "checker.rel", "must be a number, 0 or more"},
    };
    refuse_with(mistakes, ARRAY_LEN(mistakes));

    static const struct {
        const char *json;
        enum checker_type type;
        double abs, rel;
    } good[] = {
        {"{'type': 'lines'}", CHECKER_LINES, 1e-6, 1e-6},
        {"{'type': 'exact'}", CHECKER_EXACT, 1e-6, 1e-6},
        {"{'type': 'tokens', 'abs': null}", CHECKER_TOKENS, 1e-6, 1e-6},
        {"{'type': 'float'}", CHECKER_FLOAT, 1e-6, 1e-6},
        {"{'type': 'float', 'abs': 0.5}", CHECKER_FLOAT, 0.5, 0},
        {"{'rel': 1e-9, 'type': 'float'}", CHECKER_FLOAT, 0, 1e-9},
        {"{'type': 'float', 'abs': 0, 'rel': 0}", CHECKER_FLOAT, 0, 0},
        {"{'type': 'float', 'abs': 2, 'rel': 1e300}", CHECKER_FLOAT, 2, 1e300},
        {"null", CHECKER_LINES, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        _cleanup_(freep) char *text = xasprintf("{'language': 'c', 'code': 'x', 'checker': %s}", good[i].json);
        _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, text);
        assert_int_equal(sub->checker.type, good[i].type);
        assert_true(sub->checker.abs == good[i].abs && sub->checker.rel == good[i].rel);
    }
}

static void checkers_that_are_programs(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"'checker': {'type': 'program', 'code': 'x'}", "checker.language", "is required"},
        {"'checker': {'type': 'program', 'language': 'c'}", "checker.code",
         "is required, unless files has the program"},
        {"'checker': {'type': 'program', 'language': 'c', 'code': 5}", "checker.code", "must be a string"},
        {"'checker': {'type': 'program', 'language': 'c', 'code': 'x', 'args': []}", "checker.args", "unknown field"},
        {"'checker': {'type': 'program', 'language': 'c', 'code': 'x', 'abs': 1}", "checker.abs",
         "goes only with the type \"float\""},
        {"'checker': {'type': 'program', 'language': 'c', 'code': 'x', 'files': [{'name': '../a', 'content': ''}]}",
         "checker.files[0].name", "must not have the part"},
        {"'checker': {'type': 'program', 'language': 'c', 'code': 'x', 'compiler_options': [1]}",
         "checker.compiler_options[0]", "must be a string"},
        {"'checker': {'type': 'tokens', 'code': 'x'}", "checker.code",
         "goes only with the types \"program\" and \"interactor\""},
    };
    refuse_with(mistakes, ARRAY_LEN(mistakes));

    _cleanup_(submission_freep) struct submission *sub =
        accepted(BATCH, "{'checker': {'files': [{'name': 'testlib.h', 'content': 'aGk='}], 'code': 'eA==', 'language': "
                        "'cpp', 'version': '12', 'compiler_options': ['-O2'], 'type': 'program'}, 'language': 'c', "
                        "'code': 'eQ==', 'encoding': 'base64'}");
    assert_int_equal(sub->checker.type, CHECKER_PROGRAM);
    const struct submission *program = sub->checker.program;
    assert_string_equal(program->language, "cpp");
    assert_string_equal(program->version, "12");
    assert_string_equal(buf_str(&program->code), "x");
    assert_string_equal(program->files[0].name, "testlib.h");
    assert_string_equal(buf_str(&program->files[0].content), "hi");
    assert_string_equal(program->compiler_options.items[0], "-O2");
    assert_string_equal(buf_str(&sub->code), "y");

    _cleanup_(submission_freep) struct submission *interactive = accepted(
        SINGLE, "{'checker': {'type': 'interactor', 'language': 'c', 'code': 'x'}, 'language': 'c', 'code': 'y'}");
    assert_int_equal(interactive->checker.type, CHECKER_INTERACTOR);
    assert_string_equal(interactive->checker.program->language, "c");
}

static void collected_names(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"'collect': 'out.txt'", "collect", "must be an array"},
        {"'collect': [5]", "collect[0]", "must be a string"},
        {"'collect': ['a', '/etc/passwd']", "collect[1]", "must be a relative path"},
        {"'collect': ['a/../../b']", "collect[0]", "must not have the part"},
        {"'collect': ['']", "collect[0]", "must not be empty"},
        {"'collect': ['a\\u0000b']", "collect[0]", "must not hold a NUL"},
        {"'collect': ['a', 'b', 'a']", "collect[2]", "is in the list already"},
        {"'collect': ['1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17']", "collect",
         "must have at most 16 entries, not 17"},
    };
    refuse_with(mistakes, ARRAY_LEN(mistakes));
    _cleanup_(submission_freep) struct submission *sub =
        accepted(SINGLE, "{'language': 'c', 'code': 'x', 'collect': ['out.txt', 'sub/x.bin']}");
    assert_int_equal(sub->collect.count, 2);
    assert_string_equal(sub->collect.items[1], "sub/x.bin");

    struct limits limits = {.file_kb = 16384};
    assert_int_equal(submission_collect_bytes(sub, &limits), 1024 * 1024);
    limits.file_kb = 10;
    assert_int_equal(submission_collect_bytes(sub, &limits), 10 * 1024);
    limits.file_kb = 16384;
    sub->test_count = 1000;
    assert_int_equal(submission_collect_bytes(sub, &limits), 65 * 1024);
    sub->test_count = 1;
}

static void file_names(void **state)
{
    (void)state;
    static const struct mistake bad[] = {
        {"", "", "must not be empty"},
        {"a\\u0000b", "", "must not hold a NUL or another control character"},
        {"a\\u0000", "", "must not hold a NUL"},
        {"a\\nb", "", "must not hold a NUL or another control character"},
        {"a\\u007fb", "", "must not hold a NUL or another control character"},
        {"a\\\\b.h", "", "must not hold a backslash"},
        {"/etc/passwd", "", "must be a relative path"},
        {"/", "", "must be a relative path"},
        {"//a", "", "must be a relative path"},
        {"..", "", "must not have the part \".\" or \"..\""},
        {"../a", "", "must not have the part"},
        {"a/../b", "", "must not have the part"},
        {"a/..", "", "must not have the part"},
        {".", "", "must not have the part"},
        {"./a", "", "must not have the part"},
        {"a/./b", "", "must not have the part"},
        {"a//b", "", "must not have an empty part"},
        {"a/", "", "must not have an empty part"},
        {"-o", "", "must not start with '-' or '@'"},
        {"@args.c", "", "must not start with '-' or '@'"},
        {"out", "", "must not be \"out\" or in it"},
        {"out/a", "", "must not be \"out\" or in it"},
        {"out/a/b", "", "must not be \"out\" or in it"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        _cleanup_(freep) char *text =
            xasprintf("'files': [{'name': 'ok', 'content': ''}, {'name': '%s', 'content': ''}]", bad[i].json);
        refuse_with(&(struct mistake){text, "files[1].name", bad[i].message}, 1);
    }
    static const char *const good[] = {"a",        "a/b/c.h", "...", "..a", "a..", ".hidden", "out.txt",
                                       "output/a", "a/out",   "Out", "a b", "a;b", "a-b/@c",  "\xc3\xa9t\xc3\xa9.txt",
                                       "a/-o"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        _cleanup_(freep) char *text =
            xasprintf("{'language': 'c', 'files': [{'name': '%s', 'content': 'c'}]}", good[i]);
        _cleanup_(submission_freep) struct submission *sub = accepted(SINGLE, text);
        assert_string_equal(sub->files[0].name, good[i]);
        assert_string_equal(buf_str(&sub->files[0].content), "c");
    }
    for (size_t len = 255; len <= 256; len++) {
        _cleanup_(freep) char *name = filler('n', len),
                              *text = xasprintf("{'language': 'c', 'files': [{'name': '%s', 'content': ''}]}", name);
        if (len == 256) {
            refused(BATCH, text, "files[0].name", "must be at most 255 bytes long");
        } else {
            _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, text);
            assert_int_equal(strlen(sub->files[0].name), 255);
        }
    }
}

static void files(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"'files': {}", "files", "must be an array"},
        {"'files': 'x'", "files", "must be an array"},
        {"'files': ['x']", "files[0]", "must be an object"},
        {"'files': [null]", "files[0]", "must be an object"},
        {"'files': [{'content': ''}]", "files[0].name", "is required"},
        {"'files': [{'name': 'a'}]", "files[0].content", "is required"},
        {"'files': [{'name': 5, 'content': ''}]", "files[0].name", "must be a string"},
        {"'files': [{'name': 'a', 'content': 5}]", "files[0].content", "must be a string"},
        {"'files': [{'name': 'a', 'content': ''}, {'name': 'b', 'content': ''}, {'name': 'a', 'content': ''}]",
         "files[2].name", "is the name of files[0] already"},
        {"'files': [{'name': 'a', 'content': ''}, {'name': 'a/b', 'content': ''}]", "files[1].name",
         "cannot go with the name of files[0]: one is a file, the other a folder"},
        {"'files': [{'name': 'x/a/b/c', 'content': ''}, {'name': 'x/a', 'content': ''}]", "files[1].name",
         "cannot go with the name of files[0]"},
    };
    refuse_with(mistakes, ARRAY_LEN(mistakes));
    _cleanup_(submission_freep) struct submission *sub = accepted(
        BATCH, "{'language': 'c', 'files': [{'name': 'a', 'content': 'x\\u0000y'}, {'name': 'a-b', 'content': ''},"
               "{'name': 'ab/a', 'content': ''}, {'name': 'A', 'content': ''}, {'name': 'ab/b', 'content': ''}]}");
    assert_int_equal(sub->file_count, 5);
    assert_int_equal(sub->files[0].content.len, 3);
    assert_memory_equal(sub->files[0].content.data, "x\0y", 3);
    assert_int_equal(sub->code.len, 0);
}

static void base64_is_decoded_where_it_applies(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = accepted(
        BATCH, "{'test_cases': [{'name': 'Zm9v', 'stdin': 'AP8=', 'expected_output': 'Zm9v', 'args': ['Zm9v']}],"
               " 'files': [{'name': 'Zm9v', 'content': 'Zm9vYg=='}], 'code': 'Zm9v\\nYmFy', 'language': 'c', "
               "'encoding': 'base64'}");
    assert_int_equal(sub->encoding, ENCODING_BASE64);
    assert_string_equal(buf_str(&sub->code), "foobar");
    assert_string_equal(sub->files[0].name, "Zm9v");
    assert_string_equal(buf_str(&sub->files[0].content), "foob");
    assert_string_equal(sub->tests[0].name, "Zm9v");
    assert_int_equal(sub->tests[0].stdin_data.len, 2);
    assert_memory_equal(sub->tests[0].stdin_data.data, "\0\xff", 2);
    assert_string_equal(buf_str(&sub->tests[0].expected), "foo");
    assert_string_equal(sub->tests[0].args.items[0], "Zm9v");

    static const struct mistake batch[] = {
        {"{'encoding': 'base64', 'language': 'c', 'code': 'x'}", "code", "is not valid base64"},
        {"{'encoding': 'base64', 'language': 'c', 'code': '!!!!'}", "code", "is not valid base64"},
        {"{'encoding': 'base64', 'language': 'c', 'code': 'AAAA\\u0000'}", "code", "is not valid base64"},
        {"{'encoding': 'base64', 'language': 'c', 'code': 'AB=='}", "code", "is not valid base64"},
        {"{'encoding': 'base64', 'language': 'c', 'files': [{'name': 'a', 'content': 'A'}]}", "files[0].content",
         "is not valid base64"},
        {"{'encoding': 'base64', 'language': 'c', 'code': 'AAAA', 'test_cases': [{}, {'stdin': 'A=A='}]}",
         "test_cases[1].stdin", "is not valid base64"},
        {"{'encoding': 'base64', 'language': 'c', 'code': 'AAAA', 'test_cases': [{'expected_output': 'A_-='}]}",
         "test_cases[0].expected_output", "is not valid base64"},
        {"[{'encoding': 'base64', 'language': 'c', 'code': 'AAAA'}, {'stdin': 'A'}]", "[1].stdin",
         "is not valid base64"},
    };
    refuse_all(BATCH, batch, ARRAY_LEN(batch));
    refused(SINGLE, "{'encoding': 'base64', 'language': 'c', 'code': 'AAAA', 'stdin': 'A'}", "stdin",
            "is not valid base64");
    refused(SINGLE, "{'encoding': 'base64', 'language': 'c', 'code': 'AAAA', 'expected_output': 'A'}",
            "expected_output", "is not valid base64");
}

static void webhook_urls(void **state)
{
    (void)state;
    static const char plain[] = "must be plain ASCII", scheme[] = "must be an http:// or https:// address";
    static const struct mistake bad[] = {
        {"ftp://h/", NULL, scheme},
        {"file:///etc/passwd", NULL, scheme},
        {"javascript:x", NULL, scheme},
        {"example.com", NULL, scheme},
        {"http:/h", NULL, scheme},
        {"http//h", NULL, scheme},
        {"//h/", NULL, scheme},
        {"https", NULL, scheme},
        {"http://", NULL, "has no host"},
        {"http:///path", NULL, "has no host"},
        {"http://?q", NULL, "has no host"},
        {"http://:80/", NULL, "has no host"},
        {"http://u:p@h/", NULL, "must not hold a user name or password"},
        {"https://u@h", NULL, "must not hold a user name or password"},
        {"https://@h", NULL, "must not hold a user name or password"},
        {"http://h:0/", NULL, "has no valid port"},
        {"http://h:65536/", NULL, "has no valid port"},
        {"http://h:/", NULL, "has no valid port"},
        {"http://h:8a/", NULL, "has no valid port"},
        {"http://h:123456/", NULL, "has no valid port"},
        {"http://[::1", NULL, "has no valid host"},
        {"http://[]/", NULL, "has no valid host"},
        {"http://[::1]8/", NULL, "has no valid port"},
        {"http://h/ x", NULL, plain},
        {"http://h/\\n", NULL, plain},
        {"http://h\\\\@x/", NULL, plain},
        {"http://h\xc3\xa9/", NULL, plain},
        {"http://h/\\u0000", NULL, "must not hold a NUL character"},
        {"", NULL, "must not be empty"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        _cleanup_(freep) char *text = xasprintf("'webhook_url': '%s'", bad[i].json);
        refuse_with(&(struct mistake){text, "webhook_url", bad[i].message}, 1);
    }
    refuse_with(&(struct mistake){"'webhook_url': 5", "webhook_url", "must be a string"}, 1);
    static const char *const good[] = {"http://h",
                                       "HTTPS://Example.com:8443/a@b?c=d@e#f",
                                       "http://127.0.0.1:65535/",
                                       "http://[::1]:80/x",
                                       "http://[::1]",
                                       "https://h?x@y"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        _cleanup_(freep) char *text = xasprintf("{'language': 'c', 'code': 'x', 'webhook_url': '%s'}", good[i]);
        _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, text);
        assert_string_equal(sub->webhook_url, good[i]);
    }
    for (size_t len = 2048; len <= 2049; len++) {
        _cleanup_(freep) char *path = filler('p', len - 9),
                              *text = xasprintf("{'language': 'c', 'code': 'x', 'webhook_url': 'http://h/%s'}", path);
        if (len == 2049) {
            refused(SINGLE, text, "webhook_url", "must be at most 2048 bytes long");
        } else {
            _cleanup_(submission_freep) struct submission *sub = accepted(SINGLE, text);
            assert_int_equal(strlen(sub->webhook_url), 2048);
        }
    }
}

static void webhook_events(void **state)
{
    (void)state;
#define HOOK "'webhook_url': 'http://h/', "
    static const struct mistake bad[] = {
        {HOOK "'webhook_events': []", "webhook_events", "must not be empty"},
        {HOOK "'webhook_events': 'completed'", "webhook_events", "must be an array"},
        {HOOK "'webhook_events': [1]", "webhook_events[0]", "must be"},
        {HOOK "'webhook_events': ['test', 'done']", "webhook_events[1]", "must be one of"},
        {HOOK "'webhook_events': ['test', 'test']", "webhook_events[1]", "is there twice"},
        {HOOK "'webhook_events': ['test', 'started', 'completed', 'test']", "webhook_events", "must have at most 3"},
        {"'webhook_events': ['test']", "webhook_events", "goes only with webhook_url"},
    };
    refuse_with(bad, ARRAY_LEN(bad));
    static const struct {
        const char *json;
        unsigned events;
    } good[] = {
        {"null", 1u << WEBHOOK_COMPLETED},
        {"['completed']", 1u << WEBHOOK_COMPLETED},
        {"['test']", 1u << WEBHOOK_TEST},
        {"['completed', 'started', 'test']", 1u << WEBHOOK_STARTED | 1u << WEBHOOK_TEST | 1u << WEBHOOK_COMPLETED},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        _cleanup_(freep) char *text =
            xasprintf("{'language': 'c', 'code': 'x', " HOOK "'webhook_events': %s}", good[i].json);
        _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, text);
        assert_int_equal(sub->webhook_events, good[i].events);
    }
#undef HOOK
}

/* "[item,item,…]" with count items. */
static char *list_of(const char *item, size_t count)
{
    struct buf text = BUF_INIT;
    buf_append_char(&text, '[');
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? "," : "", item);
    buf_append_char(&text, ']');
    return buf_steal(&text, NULL);
}

static void lists_have_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *field, *item;
        size_t most;
    } lists[] = {{"test_cases", "{}", 1000}, {"args", "''", 256}, {"compiler_options", "'-O2'", 256}};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        _cleanup_(freep) char *most = list_of(lists[i].item, lists[i].most),
                              *more = list_of(lists[i].item, lists[i].most + 1);
        _cleanup_(freep) char *good = xasprintf("{'language': 'c', 'code': 'x', '%s': %s}", lists[i].field, most);
        _cleanup_(freep) char *bad = xasprintf("{'language': 'c', 'code': 'x', '%s': %s}", lists[i].field, more);
        _cleanup_(freep) char *message =
            xasprintf("must have at most %zu entries, not %zu", lists[i].most, lists[i].most + 1);
        _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, good);
        assert_non_null(sub);
        refused(BATCH, bad, lists[i].field, message);
    }
    struct buf files = BUF_INIT;
    for (size_t i = 0; i < 257; i++)
        buf_printf(&files, "%s{'name': 'f%zu', 'content': 'x'}", i > 0 ? "," : "", i);
    _cleanup_(freep) char *bad = xasprintf("{'language': 'c', 'files': [%s]}", buf_str(&files));
    buf_release(&files);
    refused(BATCH, bad, "files", "must have at most 256 entries, not 257");

    _cleanup_(freep) char *big = filler('a', 16384), *over = xasprintf("'args': ['%s', '%s', 'b']", big, big);
    refuse_with(&(struct mistake){over, "args", "must be at most 32768 bytes together, not 32769"}, 1);
    _cleanup_(freep) char *just = xasprintf("{'language': 'c', 'code': 'x', 'args': ['%s', '%s', '']}", big, big);
    _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, just);
    assert_int_equal(sub->args.count, 3);
}

static void metadata_has_a_size(void **state)
{
    (void)state;
    for (size_t len = 16384; len <= 16385; len++) {
        _cleanup_(freep) char *value = filler('m', len - strlen("{\"k\":\"\"}"));
        _cleanup_(freep) char *text = xasprintf("{'language': 'c', 'code': 'x', 'metadata': {'k'  :  '%s'}}", value);
        if (len == 16385) {
            refused(BATCH, text, "metadata", "must be at most 16384 bytes long as compact JSON");
        } else {
            _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, text);
            assert_string_equal(json_string_value(json_object_get(sub->metadata, "k")), value);
        }
    }
}

static void test_cases(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"'test_cases': []", "test_cases", "must not be empty"},
        {"'test_cases': {}", "test_cases", "must be an array"},
        {"'test_cases': [5]", "test_cases[0]", "must be an object"},
        {"'test_cases': [{}, null]", "test_cases[1]", "must be an object"},
        {"'test_cases': [{'stdin': 5}]", "test_cases[0].stdin", "must be a string"},
        {"'test_cases': [{}, {}, {}, {'stdin': ['x']}]", "test_cases[3].stdin", "must be a string"},
        {"'test_cases': [{'expected_output': 5}]", "test_cases[0].expected_output", "must be a string"},
        {"'test_cases': [{'name': 5}]", "test_cases[0].name", "must be a string"},
        {"'test_cases': [{'name': ''}]", "test_cases[0].name", "must not be empty"},
        {"'test_cases': [{'name': 'a\\u0000'}]", "test_cases[0].name", "must not hold a NUL character"},
        {"'test_cases': [{'args': 'x'}]", "test_cases[0].args", "must be an array"},
        {"'test_cases': [{'args': ['x\\u0000']}]", "test_cases[0].args[0]", "must not hold a NUL character"},
    };
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        _cleanup_(freep) char *text = xasprintf("{'language': 'c', 'code': 'x', %s}", mistakes[i].json);
        refused(BATCH, text, mistakes[i].field, mistakes[i].message);
    }
    _cleanup_(freep) char *name = filler('n', 256),
                          *text = xasprintf("{'language': 'c', 'code': 'x', 'test_cases': [{'name': '%s'}]}", name);
    refused(BATCH, text, "test_cases[0].name", "must be at most 255 bytes long");

    static const struct mistake array[] = {
        {"[5]", "[0]", "must be an object"},
        {"[{'language': 'c', 'code': 'x'}, 5]", "[1]", "must be an object"},
        {"[{'language': 'c', 'code': 'x'}, null]", "[1]", "must be an object"},
        {"[{'code': 'x'}]", "[0].language", "is required"},
        {"[{'language': 'c'}]", "[0].code", "is required, unless files"},
        {"[{'language': 'c', 'code': 'x'}, {}, {}, {'code': 'y'}]", "[3].code", "belongs to the first item"},
        {"[{'language': 'c', 'code': 'x'}, {'language': null}]", "[1].language", "belongs to the first item"},
        {"[{'language': 'c', 'code': 'x'}, {'encoding': 'base64'}]", "[1].encoding", "belongs to the first item"},
        {"[{'language': 'c', 'code': 'x'}, {'stop_on_first_failure': true}]", "[1].stop_on_first_failure",
         "belongs to the first item"},
        {"[{'language': 'c', 'code': 'x'}, {'webhook_url': 'http://h'}]", "[1].webhook_url",
         "belongs to the first item"},
        {"[{'language': 'c', 'code': 'x'}, {'stdin': 1}]", "[1].stdin", "must be a string"},
    };
    refuse_all(BATCH, array, ARRAY_LEN(array));
    _cleanup_(freep) char *many = list_of("{}", 1001);
    refused(BATCH, many, "", "must have at most 1000 entries, not 1001");
}

static void all_mistakes_come_at_once(void **state)
{
    (void)state;
    struct submission *sub = NULL;
    struct field_errors errors = {0};
    field_errors_add(&errors, "earlier", "kept");
    assert_int_equal(parse(BATCH,
                           "{'code': 5, 'limits': {'processes': 0, 'x': 1}, 'test_cases': [{'stdin': 1}], 'zz': 1}",
                           &sub, &errors),
                     -EINVAL);
    static const char *const fields[] = {
        "earlier", "language", "code", "limits.processes", "limits.x", "test_cases[0].stdin", "zz"};
    assert_int_equal(errors.count, ARRAY_LEN(fields));
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        assert_string_equal(errors.items[i].field, fields[i]);
    field_errors_release(&errors);

    _cleanup_(freep) char *many = list_of("{'bad': 1}", 1000);
    assert_int_equal(parse(BATCH, many, &sub, &errors), -EINVAL);
    assert_int_equal(errors.count, FIELD_ERRORS_MAX);
    field_errors_release(&errors);
    assert_null(sub);
}

static void a_whole_batch_is_read(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = accepted(
        BATCH,
        "{'language': 'cpp', 'version': '12', 'code': 'int\\u0000', 'files': [{'name': 'util.h', 'content': 'u'}],"
        "'compiler_options': ['-O2', '-Wall'], 'args': ['a', ''], 'test_cases': [{'name': 'small', 'stdin': '1 2\\n',"
        "'expected_output': '3\\n', 'args': []}, {'expected_output': '', 'limits': {'cpu_time_ms': 5}}, {'stdin': "
        "null, 'expected_output': null,"
        "'name': null, 'args': null, 'limits': null}], 'limits': {'memory_kb': 1024, 'stack_kb': null}, 'checker': "
        "{'type': 'tokens'},"
        "'stop_on_first_failure': true, 'webhook_url': 'https://example.com/hook', 'priority': -10,"
        "'metadata': {'a': [1, 2.5]}, 'encoding': 'utf8'}");
    assert_string_equal(sub->language, "cpp");
    assert_string_equal(sub->version, "12");
    assert_int_equal(sub->code.len, 4);
    assert_memory_equal(sub->code.data, "int", 4);
    assert_int_equal(sub->file_count, 1);
    assert_int_equal(sub->compiler_options.count, 2);
    assert_string_equal(sub->compiler_options.items[1], "-Wall");
    assert_int_equal(sub->args.count, 2);
    assert_string_equal(sub->args.items[1], "");
    assert_int_equal(sub->test_count, 3);
    assert_string_equal(sub->tests[0].name, "small");
    assert_string_equal(buf_str(&sub->tests[0].stdin_data), "1 2\n");
    assert_true(sub->tests[0].has_expected && sub->tests[0].has_args);
    assert_int_equal(sub->tests[0].args.count, 0);
    assert_true(sub->tests[1].has_expected && !sub->tests[1].has_args);
    assert_int_equal(sub->tests[1].limits.cpu_time_ms, 5);
    assert_null(sub->tests[2].name);
    assert_false(sub->tests[2].has_expected || sub->tests[2].has_args);
    assert_int_equal(sub->limits.memory_kb, 1024);
    assert_int_equal(sub->limits.stack_kb, 0);
    assert_int_equal(sub->checker.type, CHECKER_TOKENS);
    assert_true(sub->stop_on_first_failure);
    assert_string_equal(sub->webhook_url, "https://example.com/hook");
    assert_int_equal(sub->priority, -10);
    assert_int_equal(json_array_size(json_object_get(sub->metadata, "a")), 2);
    assert_string_equal(sub->token, "");
}

static void the_least_request(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *batch = accepted(BATCH, "{'language': 'c', 'code': 'x'}");
    assert_int_equal(batch->test_count, 1);
    assert_false(batch->tests[0].has_expected);
    assert_int_equal(batch->checker.type, CHECKER_LINES);
    assert_int_equal(batch->encoding, ENCODING_UTF8);
    assert_null(batch->version);
    assert_null(batch->webhook_url);
    assert_int_equal(json_object_size(batch->metadata), 0);
    _cleanup_(submission_freep) struct submission *nulls =
        accepted(BATCH, "{'language': 'c', 'code': 'x', 'version': null, 'files': null, 'compiler_options': null, "
                        "'args': null, 'test_cases': null,"
                        "'limits': null, 'checker': null, 'stop_on_first_failure': null, 'webhook_url': null, "
                        "'priority': null, 'metadata': null,"
                        "'encoding': null}");
    assert_int_equal(nulls->test_count, 1);
    assert_int_equal(json_object_size(nulls->metadata), 0);
    _cleanup_(submission_freep) struct submission *single =
        accepted(SINGLE, "{'language': 'c', 'code': 'x', 'stdin': 'in', 'expected_output': 'out', 'args': ['1'], "
                         "'limits': {'processes': 3}}");
    assert_int_equal(single->test_count, 1);
    assert_string_equal(buf_str(&single->tests[0].stdin_data), "in");
    assert_string_equal(buf_str(&single->tests[0].expected), "out");
    assert_false(single->tests[0].has_args);
    assert_string_equal(single->args.items[0], "1");
    assert_int_equal(single->limits.processes, 3);
}

static void the_array_form(void **state)
{
    (void)state;
    _cleanup_(submission_freep) struct submission *sub = accepted(
        BATCH,
        "[{'language': 'c', 'code': 'x', 'name': 'one', 'stdin': '1', 'expected_output': '2', 'args': ['common'],"
        "'limits': {'cpu_time_ms': 7}, 'stop_on_first_failure': true, 'priority': 3},"
        "{'stdin': '3', 'expected_output': '4', 'name': 'two', 'args': ['own'], 'limits': {'cpu_time_ms': 8}}, {}]");
    assert_int_equal(sub->test_count, 3);
    assert_true(sub->stop_on_first_failure && sub->array_form);
    assert_int_equal(sub->priority, 3);
    assert_string_equal(sub->args.items[0], "common");
    assert_int_equal(sub->limits.cpu_time_ms, 7);
    assert_string_equal(sub->tests[0].name, "one");
    assert_string_equal(buf_str(&sub->tests[0].expected), "2");
    assert_false(sub->tests[0].has_args);
    assert_string_equal(sub->tests[1].args.items[0], "own");
    assert_int_equal(sub->tests[1].limits.cpu_time_ms, 8);
    assert_false(sub->tests[2].has_expected || sub->tests[2].has_args);
}

static void limits_are_filled_and_capped(void **state)
{
    (void)state;
    const struct limits defaults = limits_default(), caps = limits_cap();
    struct field_errors errors = {0};
    _cleanup_(submission_freep) struct submission *sub = accepted(
        BATCH, "{'language': 'c', 'code': 'x', 'limits': {'memory_kb': 2048, 'cpu_time_ms': 12000}, 'test_cases': [{},"
               "{'limits': {'memory_kb': 4096, 'wall_time_ms': 100}}, {'limits': {'cpu_time_ms': 100}}]}");
    assert_int_equal(submission_resolve_limits(sub, &defaults, &caps, &errors), 0);
    assert_int_equal(sub->limits.memory_kb, 2048);
    assert_int_equal(sub->limits.processes, 64);
    assert_int_equal(sub->limits.wall_time_ms, 24000); /* not given: leaves room for the CPU limit */
    assert_memory_equal(&sub->tests[0].limits, &sub->limits, sizeof sub->limits);
    assert_int_equal(sub->tests[1].limits.memory_kb, 4096);
    assert_int_equal(sub->tests[1].limits.cpu_time_ms, 12000);
    assert_int_equal(sub->tests[1].limits.wall_time_ms, 100);
    assert_int_equal(sub->tests[2].limits.cpu_time_ms, 100);
    assert_int_equal(sub->tests[2].limits.wall_time_ms, 10000);
    assert_int_equal(sub->tests[2].limits.memory_kb, 2048);

    _cleanup_(submission_freep) struct submission *at_cap =
        accepted(BATCH, "{'language': 'c', 'code': 'x', 'limits': {'cpu_time_ms': 15000, 'wall_time_ms': 60000, "
                        "'memory_kb': 1048576}}");
    assert_int_equal(submission_resolve_limits(at_cap, &defaults, &caps, &errors), 0);

    /* A default above its cap is cut, not reported: nobody gave it. */
    const struct limits low = {.cpu_time_ms = 10,
                               .wall_time_ms = 10,
                               .memory_kb = 1024,
                               .processes = 1,
                               .output_kb = 1,
                               .stack_kb = 64,
                               .file_kb = 1};
    _cleanup_(submission_freep) struct submission *cut = accepted(BATCH, "{'language': 'c', 'code': 'x'}");
    assert_int_equal(submission_resolve_limits(cut, &defaults, &low, &errors), 0);
    assert_memory_equal(&cut->limits, &low, sizeof low);
    assert_memory_equal(&cut->tests[0].limits, &low, sizeof low);
    assert_int_equal(errors.count, 0);
}

static void limits_above_their_caps(void **state)
{
    (void)state;
    const struct limits defaults = limits_default(), caps = limits_cap();
    static const struct mistake mistakes[] = {
        {"{'language': 'c', 'code': 'x', 'limits': {'cpu_time_ms': 15001}}", "limits.cpu_time_ms",
         "must be at most 15000"},
        {"{'language': 'c', 'code': 'x', 'limits': {'memory_kb': 9223372036854775807}}", "limits.memory_kb",
         "must be at most 1048576"},
        {"{'language': 'c', 'code': 'x', 'limits': {'cpu_time_ms': 15000}, 'test_cases': [{}, {'limits': "
         "{'wall_time_ms': 60001}}]}",
         "test_cases[1].limits.wall_time_ms", "must be at most 60000"},
        {"[{'language': 'c', 'code': 'x', 'limits': {'output_kb': 65537}}]", "[0].limits.output_kb",
         "must be at most 65536"},
        {"[{'language': 'c', 'code': 'x'}, {'limits': {'processes': 513}}]", "[1].limits.processes",
         "must be at most 512"},
    };
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct field_errors errors = {0};
        _cleanup_(submission_freep) struct submission *sub = accepted(BATCH, mistakes[i].json);
        assert_int_equal(submission_resolve_limits(sub, &defaults, &caps, &errors), -EINVAL);
        assert_int_equal(errors.count, 1);
        assert_string_equal(errors.items[0].field, mistakes[i].field);
        assert_string_equal(errors.items[0].message, mistakes[i].message);
        field_errors_release(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_and_its_program),
        cmocka_unit_test(common_fields),
        cmocka_unit_test(unknown_fields_are_named_at_every_level),
        cmocka_unit_test(limits_are_positive_integers),
        cmocka_unit_test(numbers_out_of_range_are_not_json),
        cmocka_unit_test(checkers),
        cmocka_unit_test(checkers_that_are_programs),
        cmocka_unit_test(collected_names),
        cmocka_unit_test(file_names),
        cmocka_unit_test(files),
        cmocka_unit_test(base64_is_decoded_where_it_applies),
        cmocka_unit_test(webhook_urls),
        cmocka_unit_test(webhook_events),
        cmocka_unit_test(lists_have_an_end),
        cmocka_unit_test(metadata_has_a_size),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(all_mistakes_come_at_once),
        cmocka_unit_test(a_whole_batch_is_read),
        cmocka_unit_test(the_least_request),
        cmocka_unit_test(the_array_form),
        cmocka_unit_test(limits_are_filled_and_capped),
        cmocka_unit_test(limits_above_their_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
