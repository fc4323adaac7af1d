/* SPDX-License-Identifier: Apache-2.0 */
/* test_program.c: command lines, test cases from files, and the request that comes of them. */
#include <errno.h>

#include "cli/cases.h"
#include "cli/program.h"
#include "fixture.h"

static const struct option_table tables[OPTION_TABLES_MAX] = {{program_options, PROGRAM_OPTION_COUNT}};

struct parsed {
    struct program program;
    struct arguments arguments;
    struct error err;
    int r;
};

static void parse(struct parsed *parsed, bool with_config, const char *const *argv)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    parsed->r = options_parse(tables, with_config, argc, (char **)(uintptr_t)argv, &parsed->program, &parsed->arguments,
                              &parsed->err);
}

static void release(struct parsed *parsed)
{
    options_release(tables, &parsed->program);
    arguments_release(&parsed->arguments);
}

static void options_and_operands(void **state)
{
    struct parsed parsed = {0};
    (void)state;

    parse(&parsed, true,
          (const char *const[]){"prog.cpp", "--arg", "a", "--cpu-time=1.5s", "--arg=-b", "--json", "--slots", "4",
                                "--set", "log.level=debug", "--", "--x", NULL});
    assert_int_equal(parsed.r, 0);
    assert_int_equal(parsed.arguments.operands.count, 2);
    assert_string_equal(parsed.arguments.operands.items[0], "prog.cpp");
    assert_string_equal(parsed.arguments.operands.items[1], "--x");
    assert_int_equal(parsed.program.args.count, 2);
    assert_string_equal(parsed.program.args.items[1], "-b");
    assert_int_equal(parsed.program.limits.cpu_time_ms, 1500);
    assert_true(parsed.program.json);
    assert_int_equal(parsed.arguments.override_count, 2);
    assert_ptr_equal(parsed.arguments.overrides[0].key, &config_keys[CONFIG_KEY_slots]);
    assert_ptr_equal(parsed.arguments.overrides[1].key, &config_keys[CONFIG_KEY_log_level]);
    assert_string_equal(parsed.arguments.overrides[1].value, "debug");
    release(&parsed);
}

static void check_refused(bool with_config, const char *const *argv, const char *message)
{
    struct parsed parsed = {0};
    parse(&parsed, with_config, argv);
    assert_int_equal(parsed.r, -EINVAL);
    assert_string_equal(parsed.err.message, message);
    release(&parsed);
}

static void wrong_options(void **state)
{
    (void)state;
    check_refused(true, (const char *const[]){"--lissen", "x", NULL},
                  "unknown option --lissen; did you mean --listen?");
    check_refused(false, (const char *const[]){"--listen", "x", NULL}, "unknown option --listen");
    check_refused(false, (const char *const[]){"--tests", NULL}, "option --tests needs a value");
    check_refused(false, (const char *const[]){"--json=yes", NULL}, "option --json takes no value");
    check_refused(false, (const char *const[]){"-x", NULL}, "unknown option -x");
    check_refused(false, (const char *const[]){"--memory", "lots", NULL},
                  "--memory: must be KiB or a size such as 512KiB or 64MiB, not \"lots\"");
    check_refused(false, (const char *const[]){"--processes", "0", NULL}, "--processes: must be positive");
    check_refused(true, (const char *const[]){"--set", "slots", NULL}, "option --set takes KEY=VALUE, not \"slots\"");
    check_refused(true, (const char *const[]){"--set", "slot=3", NULL},
                  "--set: unknown key \"slot\"; did you mean \"slots\"?");
}

/* Every limit of the API can be given, and no option is there twice. */
static void option_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROGRAM_OPTION_COUNT; i++) {
        assert_non_null(program_options[i].name);
        assert_non_null(program_options[i].help);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(program_options[i].name, program_options[j].name);
    }
    for (size_t i = 0; i < limit_field_count; i++) {
        bool found = false;
        for (size_t j = 0; j < PROGRAM_OPTION_COUNT; j++)
            found |= program_options[j].limit != NULL && strcmp(program_options[j].limit, limit_fields[i].name) == 0;
        assert_true(found);
    }
}

static void pairs_in_natural_order(void **state)
{
    static const char *const files[] = {"10.in", "10.out", "2.in", "2.ans", "a.in", "notes.txt", ".in"};
    struct case_list cases = {0};
    char *folder = folder_new();
    (void)state;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        free(file_write(folder, files[i], "x"));
    assert_int_equal(cases_list(folder, &cases, NULL), 0);
    assert_int_equal(cases.count, 3);
    assert_string_equal(cases.items[0].name, "2");
    assert_string_equal(cases.items[0].expected + strlen(folder), "/2.ans");
    assert_string_equal(cases.items[1].name, "10");
    assert_string_equal(cases.items[1].in + strlen(folder), "/10.in");
    assert_string_equal(cases.items[1].expected + strlen(folder), "/10.out");
    assert_string_equal(cases.items[2].name, "a");
    assert_null(cases.items[2].expected);
    assert_int_equal(cases.warning_count, 1);
    assert_non_null(strstr(cases.warnings[0], ": a.in has no answer (a.out or a.ans)"));
    cases_release(&cases);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        file_remove(folder, files[i]);
    folder_remove(folder);
}

static void a_stray_answer_is_left_out(void **state)
{
    static const char *const files[] = {"1.in", "1.out", "2.out"};
    struct case_list cases = {0};
    char *folder = folder_new();
    (void)state;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        free(file_write(folder, files[i], "x"));
    assert_int_equal(cases_list(folder, &cases, NULL), 0);
    assert_int_equal(cases.count, 1);
    assert_int_equal(cases.warning_count, 1);
    assert_non_null(strstr(cases.warnings[0], "2.out is left out: there is no 2.in"));
    cases_release(&cases);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        file_remove(folder, files[i]);
    folder_remove(folder);
}

static void inputs_without_an_answer_are_told_in_one_line(void **state)
{
    static const char *const files[] = {"1.in", "1.out", "2.in", "2.txt", "3.in", "10.in"};
    struct case_list cases = {0};
    char *folder = folder_new();
    (void)state;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        free(file_write(folder, files[i], "x"));
    assert_int_equal(cases_list(folder, &cases, NULL), 0);
    assert_int_equal(cases.count, 4);
    assert_int_equal(cases.warning_count, 1);
    assert_non_null(strstr(cases.warnings[0], ": 2.in and 2 more have no answer (.out or .ans)"));
    cases_release(&cases);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        file_remove(folder, files[i]);
    folder_remove(folder);
}

static void check_folder(const char *const *files, int code, const char *message)
{
    struct case_list cases = {0};
    struct error err = ERROR_INIT;
    char *folder = folder_new();

    for (size_t i = 0; files[i] != NULL; i++)
        free(file_write(folder, files[i], "x"));
    assert_int_equal(cases_list(folder, &cases, &err), code);
    assert_non_null(strstr(err.message, message));
    assert_null(cases.items);
    for (size_t i = 0; files[i] != NULL; i++)
        file_remove(folder, files[i]);
    folder_remove(folder);
}

static void folders_that_are_wrong(void **state)
{
    struct case_list cases = {0};
    (void)state;

    check_folder((const char *const[]){NULL}, -ENOENT, "holds no test case");
    check_folder((const char *const[]){"notes.txt", NULL}, -ENOENT, "holds no test case");
    check_folder((const char *const[]){"2.out", "3.ans", NULL}, -ENOENT, "2.out is left out: there is no 2.in");
    check_folder((const char *const[]){"2.ans", NULL}, -ENOENT, "2.ans is left out: there is no 2.in");
    check_folder((const char *const[]){"1.in", "1.out", "1.ans", NULL}, -EINVAL, "1 has both .out and .ans");
    assert_int_equal(cases_list("/nonexistent", &cases, NULL), -ENOENT);
}

static void languages_by_extension(void **state)
{
    (void)state;
    assert_string_equal(program_language("prog.cpp"), "cpp");
    assert_string_equal(program_language("a/b.c/prog.cc"), "cpp");
    assert_string_equal(program_language("x.py"), "python");
    assert_string_equal(program_language("x.tar.rs"), "rust");
    assert_string_equal(program_language("Main.java"), "java");
    assert_null(program_language("Makefile"));
    assert_null(program_language("a.b/Makefile"));
    assert_null(program_language(".py"));
    assert_null(program_language("x."));
}

static const char *text_at(const json_t *request, const char *field)
{
    return json_string_value(json_object_get(request, field));
}

static void request_from_files(void **state)
{
    char *folder = folder_new();
    char *source = file_write(folder, "prog.py", "print(1)\n"), *in = file_write(folder, "1.in", "a"),
         *out = file_write(folder, "1.out", "b");
    struct program program = {.tests_folder = folder, .absolute = "1e-9", .limits = {.memory_kb = 4096}};
    json_t *request = NULL;
    (void)state;

    assert_int_equal(program_request(&program, source, &request, NULL), 0);
    assert_string_equal(text_at(request, "language"), "python");
    assert_string_equal(text_at(request, "encoding"), "base64");
    assert_string_equal(text_at(request, "code"), "cHJpbnQoMSkK");
    const json_t *test = json_array_get(json_object_get(request, "test_cases"), 0);
    assert_string_equal(text_at(test, "name"), "1");
    assert_string_equal(text_at(test, "stdin"), "YQ==");
    assert_string_equal(text_at(test, "expected_output"), "Yg==");
    assert_string_equal(text_at(json_object_get(request, "checker"), "type"), "float");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(request, "limits"), "memory_kb")), 4096);
    assert_null(json_object_get(json_object_get(request, "limits"), "cpu_time_ms"));
    json_decref(request);

    struct error err = ERROR_INIT;
    program.stdin_file = in;
    assert_int_equal(program_request(&program, source, &request, &err), -EINVAL);
    assert_non_null(strstr(err.message, "--tests does not go together"));
    program.tests_folder = NULL;
    program.expect_file = "/nonexistent/out";
    assert_int_equal(program_request(&program, source, &request, &err), -ENOENT);
    assert_non_null(strstr(err.message, "/nonexistent/out"));

    free(source), free(in), free(out);
    file_remove(folder, "prog.py"), file_remove(folder, "1.in"), file_remove(folder, "1.out");
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands),
        cmocka_unit_test(wrong_options),
        cmocka_unit_test(option_table_is_whole),
        cmocka_unit_test(pairs_in_natural_order),
        cmocka_unit_test(a_stray_answer_is_left_out),
        cmocka_unit_test(folders_that_are_wrong),
        cmocka_unit_test(inputs_without_an_answer_are_told_in_one_line),
        cmocka_unit_test(languages_by_extension),
        cmocka_unit_test(request_from_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
