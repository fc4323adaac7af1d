/* SPDX-License-Identifier: Apache-2.0 */
/* test_command.c: commands as they reach the box, and which compiler options users may give. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "language/internal.h"

static struct registry *registry;

static int load(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    if (registry_load(LANGUAGES_FOLDER, &registry, &err) == 0)
        return 0;
    print_error("%s\n", err.message);
    return -1;
}

static int unload(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

static const struct language *named(const char *name)
{
    for (size_t i = 0; i < registry_count(registry); i++)
        if (strcmp(registry_at(registry, i)->name, name) == 0)
            return registry_at(registry, i);
    fail_msg("%s is not shipped", name);
    return NULL;
}

/* A language of the test's own, from the part of its file that differs. */
static struct language toy(const char *rest)
{
    char *text =
        xasprintf("name: toy\ntitle: Toy\npackage: toy\nversion:\n  command: [/toy]\n  pattern: '(.)'\n%s", rest);
    struct language language;
    struct error err = ERROR_INIT;
    if (definition_parse("toy.yaml", str_of(text), &language, &err) < 0)
        fail_msg("%s", err.message);
    free(text);
    return language;
}

static const struct limits limits = {.memory_kb = 262144, .stack_kb = 65536};

/* The words with a '|' between them. */
static void assert_words(char *const *words, const char *expected)
{
    struct buf joined = BUF_INIT;
    for (size_t i = 0; words[i]; i++)
        buf_printf(&joined, "%s%s", i ? "|" : "", words[i]);
    assert_string_equal(buf_str(&joined), expected);
    buf_release(&joined);
}

static void assert_command(const struct language *language, enum language_stage stage, const struct submission *sub,
                           const struct string_list *args, const char *expected)
{
    struct language_command command;
    language_command(language, stage, sub, args, &limits, &command);
    assert_words(command.argv, expected);
    language_command_release(&command);
}

#define TEXT_BUF(literal) ((struct buf){.data = (char[]){literal}, .len = sizeof(literal) - 1})
#define WORDS(...) \
    ((struct string_list){.items = (char *[]){__VA_ARGS__}, .count = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)})

static void words_stay_whole(void **state)
{
    (void)state;
    struct language l =
        toy("source: main.toy\ncompile:\n  command: [/toyc, '{options}', -o, out, '{sources}']\n"
            "  options: ['-.*']\nrun:\n  command: [/toy, '/artifact/{source}', '-m{memory_mb}', '{args}', end]\n"
            "diagnose:\n  command: [/toyc, -W, '{options}', '{sources}']\n");
    const struct submission sub = {.code = TEXT_BUF("x"), .compiler_options = WORDS("-a b", "-$(rm)", "-{source}")};
    assert_command(&l, LANGUAGE_COMPILE, &sub, NULL, "/toyc|-a b|-$(rm)|-{source}|-o|out|main.toy");
    const struct string_list args = WORDS("one two", "", "{args}", "; reboot");
    assert_command(&l, LANGUAGE_RUN, &sub, &args, "/toy|/artifact/main.toy|-m256|one two||{args}|; reboot|end");
    const struct submission plain = {.code = TEXT_BUF("x")};
    assert_command(&l, LANGUAGE_COMPILE, &plain, NULL, "/toyc|-o|out|main.toy");
    assert_command(&l, LANGUAGE_DIAGNOSE, &plain, NULL, "/toyc|-W|main.toy");
    assert_command(&l, LANGUAGE_RUN, &plain, NULL, "/toy|/artifact/main.toy|-m256|end");
    language_release(&l);
}

static void numbers_follow_the_limits(void **state)
{
    (void)state;
    struct language l =
        toy("source: main.toy\nrun:\n  command: [/toy, '{memory_mb} {heap_mb} {soft_mb} {stack_kb} {soft_stack_kb}', "
            "'${heap_mb} {other thing} {} {']\nenvironment: ['HEAP={heap_mb}m', PATH=/opt/toy/bin]\n");
    const struct submission sub = {.code = TEXT_BUF("x")};
    assert_command(&l, LANGUAGE_RUN, &sub, NULL, "/toy|256 160 224 65536 57344|${heap_mb} {other thing} {} {");
    struct language_command command;
    language_command(&l, LANGUAGE_RUN, &sub, NULL, &(struct limits){.memory_kb = 1024, .stack_kb = 64}, &command);
    assert_string_equal(command.argv[1], "4 4 4 1024 56");
    assert_words(command.envp, "HOME=/box/work|TMPDIR=/tmp|LANG=C.UTF-8|LC_ALL=C.UTF-8|HEAP=4m|PATH=/opt/toy/bin");
    language_command_release(&command);
    language_release(&l);
}

static void files_with_the_languages_extensions_are_sources(void **state)
{
    (void)state;
    struct source_file files[] = {
        {.name = (char[]){"util.cc"}}, {.name = (char[]){"util.h"}},    {.name = (char[]){"deep/more.cpp"}},
        {.name = (char[]){"-o.cpp"}},  {.name = (char[]){"@args.cpp"}}, {.name = (char[]){"data.cpp.txt"}},
        {.name = (char[]){"cpp"}},     {.name = (char[]){"main.cpp"}},  {.name = (char[]){".cpp/readme"}},
    };
    const struct submission sub = {.code = TEXT_BUF("int x;"), .files = files, .file_count = ARRAY_LEN(files)};
    struct language_command command;
    language_command(named("cpp"), LANGUAGE_COMPILE, &sub, NULL, &limits, &command);
    struct buf joined = BUF_INIT;
    for (size_t i = 0; command.argv[i]; i++)
        buf_printf(&joined, "%s|", command.argv[i]);
    assert_non_null(strstr(buf_str(&joined), "|-x|c++|main.cpp|util.cc|deep/more.cpp|./-o.cpp|./@args.cpp|-x|none|"));
    buf_release(&joined);
    language_command_release(&command);
}

static void siblings_lie_in_the_same_folder(void **state)
{
    (void)state;
    struct source_file files[] = {{.name = (char[]){"cmd/b.toy"}},
                                  {.name = (char[]){"cmd/main.toy"}},
                                  {.name = (char[]){"cm/x.toy"}},
                                  {.name = (char[]){"top.toy"}},
                                  {.name = (char[]){"cmd/deep/y.toy"}}};
    const struct submission sub = {.code = TEXT_BUF("x"), .files = files, .file_count = ARRAY_LEN(files)};
    struct language l =
        toy("source: main.toy\ncompile: {command: [/toyc, '{siblings}']}\nrun: {command: [/toy, '{source}']}\n");
    assert_command(&l, LANGUAGE_COMPILE, &sub, NULL, "/toyc|main.toy|top.toy");
    const struct submission only_files = {.files = files, .file_count = 3};
    assert_command(&l, LANGUAGE_COMPILE, &only_files, NULL, "/toyc|cmd/b.toy|cmd/main.toy");
    language_release(&l);
}

static void the_main_source_may_be_a_file(void **state)
{
    (void)state;
    struct source_file files[] = {
        {.name = (char[]){"notes.txt"}}, {.name = (char[]){"-a.toy"}}, {.name = (char[]){"main.toy"}}};
    struct language l = toy("source: main.toy\nrun: {command: [/toy, '{source}', '/artifact/{class}.out']}\n");
    const struct submission all = {.files = files, .file_count = 3}, without_main = {.files = files, .file_count = 2},
                            no_source = {.files = files, .file_count = 1};
    assert_command(&l, LANGUAGE_RUN, &all, NULL, "/toy|main.toy|/artifact/main.out");
    assert_command(&l, LANGUAGE_RUN, &without_main, NULL, "/toy|./-a.toy|/artifact/-a.out");
    assert_command(&l, LANGUAGE_RUN, &no_source, NULL, "/toy|main.toy|/artifact/main.out");
    language_release(&l);
}

static void the_program_is_code_or_one_of_the_files(void **state)
{
    (void)state;
    struct source_file files[] = {
        {.name = (char[]){"notes.txt"}}, {.name = (char[]){"a.py"}}, {.name = (char[]){"main.py"}}};
    const struct language *python = named("python"), *java = named("java");
    const struct submission all = {.files = files, .file_count = 3}, two = {.files = files, .file_count = 2},
                            one = {.files = files, .file_count = 1};
    const struct submission clash = {.code = TEXT_BUF("print(1)"), .files = files, .file_count = 3},
                            fine = {.code = TEXT_BUF("print(1)"), .files = files, .file_count = 2};
    size_t index = 99;
    assert_int_equal(language_main_file(python, &all, &index), 2);
    assert_int_equal(language_main_file(python, &two, &index), 1);
    assert_int_equal(language_main_file(python, &one, &index), -ENOENT);
    assert_int_equal(language_main_file(python, &fine, &index), -ENODATA);
    assert_int_equal(language_main_file(python, &clash, NULL), -ENODATA);
    assert_int_equal(index, 99);
    assert_int_equal(language_main_file(python, &clash, &index), -EEXIST);
    assert_int_equal(index, 2);

    struct source_file class_file = {.name = (char[]){"Foo.java"}};
    const struct submission foo = {.code = TEXT_BUF("public class Foo { }"), .files = &class_file, .file_count = 1},
                            bar = {.code = TEXT_BUF("public class Bar { }"), .files = &class_file, .file_count = 1};
    assert_int_equal(language_main_file(java, &foo, &index), -EEXIST);
    assert_int_equal(index, 0);
    assert_int_equal(language_main_file(java, &bar, &index), -ENODATA);

    _cleanup_(freep) char *of_python = language_main_file_wanted(python), *of_java = language_main_file_wanted(java);
    assert_string_equal(of_python, "main.py, or another file that ends in .py");
    assert_string_equal(of_java, "a file that ends in .java");
}

static const char *last_word(char *const *words)
{
    while (words[1])
        words++;
    return *words;
}

static void java_is_started_by_its_class(void **state)
{
    (void)state;
    const struct language *java = named("java");
    char *name = language_source_name(java, STR("package a.b; public class Top { }"));
    assert_string_equal(name, "Top.java");
    free(name);

    const struct submission sub = {
        .code = TEXT_BUF("package a.b; public class Top { public static void main(String[] a) {} }")};
    struct language_command command;
    language_command(java, LANGUAGE_RUN, &sub, NULL, &limits, &command);
    assert_string_equal(last_word(command.argv), "a.b.Top");
    assert_string_equal(command.argv[1], "-Xmx160m");
    assert_string_equal(command.argv[2], "-Xss65536k");
    language_command_release(&command);

    struct source_file files[] = {
        {.name = (char[]){"x/Tool.java"}, .content = TEXT_BUF("package x; public class Tool {}")},
        {.name = (char[]){"x/Go.java"},
         .content = TEXT_BUF("package x; class Go { public static void main(String[] a) {} }")},
    };
    const struct submission only_files = {.files = files, .file_count = 2};
    language_command(java, LANGUAGE_RUN, &only_files, NULL, &limits, &command);
    assert_string_equal(last_word(command.argv), "x.Go");
    language_command_release(&command);
    language_command(java, LANGUAGE_COMPILE, &only_files, NULL, &limits, &command);
    assert_string_equal(last_word(command.argv), "x/Tool.java");
    language_command_release(&command);
}

static bool allows(const char *language, const char *option)
{
    size_t index = 99;
    const struct string_list options = {.items = (char *[]){(char *)(uintptr_t)option}, .count = 1};
    int r = language_check_options(named(language), &options, &index);
    assert_true(r == 0 ? index == 99 : r == -EINVAL && index == 0);
    return r == 0;
}

static void useful_options_are_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *language, *option;
    } good[] = {
        {"c", "-O3"},
        {"c", "-std=c99"},
        {"c", "-Wall"},
        {"c", "-Wno-unused-result"},
        {"c", "-Werror=return-type"},
        {"c", "-DLOCAL"},
        {"c", "-DN=10"},
        {"c", "-DS=\"a b\""},
        {"c", "-UX"},
        {"c", "-lm"},
        {"c", "-pthread"},
        {"c", "-g"},
        {"cpp", "-O2"},
        {"cpp", "-Ofast"},
        {"cpp", "-std=c++17"},
        {"cpp", "-std=gnu++23"},
        {"cpp", "-march=native"},
        {"cpp", "-fno-strict-aliasing"},
        {"cpp", "-ftemplate-depth=2000"},
        {"cpp", "-fsanitize=undefined"},
        {"cpp", "-fopenmp"},
        {"cpp", "-mavx2"},
        {"cpp", "-static"},
        {"cpp-clang", "-std=c++20"},
        {"cpp-clang", "-fbracket-depth=999"},
        {"c-clang", "-Wextra"},
        {"java", "-Xlint:all"},
        {"java", "--release=11"},
        {"go", "-ldflags=-s -w"},
        {"rust", "-O"},
        {"rust", "-Copt-level=3"},
        {"rust", "-Adead_code"},
        {"rust", "-Aclippy::all"},
        {"typescript", "--strict"},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!allows(good[i].language, good[i].option))
            fail_msg("%s must allow %s", good[i].language, good[i].option);
}

static void dangerous_options_are_refused(void **state)
{
    (void)state;
    static const char *const everywhere[] = {
        "",
        "-",
        "--",
        "x",
        "main.c",
        "/etc/passwd",
        "@/etc/passwd",
        "@file",
        "-o",
        "-o/tmp/x",
        "-o /x",
        "-O2 -o/x",
        "-Wall\n-o",
        "-fplugin=/tmp/x.so",
        "-fplugin-arg-x-y=z",
        "-wrapper",
        "-wrapper,sh",
        "-specs=/tmp/x",
        "--specs=/tmp/x",
        "-B/tmp",
        "-B",
        "-Wl,-T,/x",
        "-Wl,--dynamic-linker=/x",
        "-Wa,-a",
        "-Wp,-include",
        "-Xlinker",
        "-Xclang",
        "-Xassembler",
        "-Xpreprocessor",
        "-x",
        "-xassembler",
        "--sysroot=/",
        "-isysroot",
        "-I/root",
        "-iquote",
        "-include",
        "-include/etc/passwd",
        "-imacros",
        "-L/tmp",
        "-lc++abi",
        "-T",
        "-Tx",
        "-c",
        "-S",
        "-E",
        "-M",
        "-MF/x",
        "-save-temps",
        "-dumpdir",
        "-fdump-tree-all",
        "-pipe=x",
        "-fuse-ld=/tmp/x",
        "-fprofile-use=/x",
        "-fdebug-prefix-map=a=b",
        "-fsyntax-only",
        "-shared",
        "-nostdlib",
        "-r",
        "-v",
        "-###",
        "-###",
        "-load",
        "-mllvm",
        "-fpass-plugin=x",
        "-cc1",
        "--config",
        "-ivfsoverlay",
        "-J-Xmx9g",
        "-J-agentpath:/x",
        "-processor",
        "-processorpath",
        "-proc:full",
        "-cp",
        "-classpath",
        "-sourcepath",
        "-d",
        "-Adir=x/y",
        "--add-exports",
        "-toolexec",
        "-toolexec=/bin/sh",
        "-overlay",
        "-gcflags=-x",
        "-ldflags=-extld=/x",
        "-ldflags=-linkmode external",
        "-mod=mod",
        "-modfile=x",
        "-exec",
        "-C/tmp",
        "-Clinker=/bin/sh",
        "-Clink-arg=-fplugin",
        "-Clink-args=x",
        "-Zunpretty=x",
        "--extern=x",
        "--sysroot",
        "-Cincremental=/x",
        "--emit=asm",
        "--outDir",
        "--project",
        "-p",
        "--plugins",
        "--rootDir",
        "--typeRoots",
    };
    for (size_t i = 0; i < registry_count(registry); i++)
        for (size_t k = 0; k < ARRAY_LEN(everywhere); k++)
            if (allows(registry_at(registry, i)->name, everywhere[k]))
                fail_msg("%s must not allow %s", registry_at(registry, i)->name, everywhere[k]);
    static const char *const no_compiler[] = {"python", "javascript", "ruby", "php", "bash"};
    for (size_t i = 0; i < ARRAY_LEN(no_compiler); i++)
        assert_false(allows(no_compiler[i], "-O2"));
}

static void the_first_bad_option_is_named(void **state)
{
    (void)state;
    size_t index = 99;
    const struct string_list options = WORDS("-O2", "-Wall", "-o", "-B/tmp"), none = {0};
    assert_int_equal(language_check_options(named("cpp"), &options, &index), -EINVAL);
    assert_int_equal(index, 2);
    assert_int_equal(language_check_options(named("cpp"), &none, &index), 0);
    assert_int_equal(language_check_options(named("bash"), &none, &index), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_stay_whole),
        cmocka_unit_test(numbers_follow_the_limits),
        cmocka_unit_test(files_with_the_languages_extensions_are_sources),
        cmocka_unit_test(siblings_lie_in_the_same_folder),
        cmocka_unit_test(the_main_source_may_be_a_file),
        cmocka_unit_test(the_program_is_code_or_one_of_the_files),
        cmocka_unit_test(java_is_started_by_its_class),
        cmocka_unit_test(useful_options_are_allowed),
        cmocka_unit_test(dangerous_options_are_refused),
        cmocka_unit_test(the_first_bad_option_is_named),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
