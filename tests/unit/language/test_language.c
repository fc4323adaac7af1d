/* SPDX-License-Identifier: Apache-2.0 */
/* test_language.c: mistakes in language files with their lines, looking languages up, discovery with an invented toolchain. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "language/internal.h"

/* A whole file; tests add lines or put others in place of some. */
#define HEAD    "name: toy\ntitle: Toy\npackage: toy\nsource: main.toy\n"
#define VERSION "version:\n  command: [/usr/bin/toy, --version]\n  pattern: '([0-9.]+)'\n"
#define RUN     "run:\n  command: [/usr/bin/toy, '{source}', '{args}']\n"

static void parse(const char *text, int expected, const char *message)
{
    struct language language;
    struct error err = ERROR_INIT;
    int r = definition_parse("toy.yaml", str_of(text), &language, &err);
    if (r == 0)
        language_release(&language);
    assert_string_equal(err.message, message);
    assert_int_equal(r, expected);
}

static void a_file_becomes_a_language(void **state)
{
    (void)state;
    static const char text[] =
        HEAD VERSION RUN "  memory_patterns: [Out of memory]\n  limits: {memory_kb: 524288}\n"
                         "aliases: [plaything, t+2.5]\nextensions: [.toy, .ty]\nmounts: [/etc/toy]\n"
                         "environment: ['TOY_HEAP={heap_mb}']\n"
                         "compile:\n  command: [/usr/bin/toyc, '{options}', '{sources}']\n"
                         "  options: ['-O[0-3]']\n  limits:\n    cpu_time_ms: 5000\n";
    struct language l;
    struct error err = ERROR_INIT;
    assert_int_equal(definition_parse("toy.yaml", str_of(text), &l, &err), 0);
    assert_string_equal(l.name, "toy");
    assert_int_equal(l.aliases.count, 2);
    assert_string_equal(l.aliases.items[1], "t+2.5");
    assert_string_equal(l.extensions.items[1], ".ty");
    assert_true(l.compiled);
    assert_int_equal(l.compile_argv.count, 3);
    assert_int_equal(l.compile_limits.cpu_time_ms, 5000);
    assert_int_equal(l.compile_limits.wall_time_ms, 60000); /* the default */
    assert_int_equal(l.limits.memory_kb, 524288);
    assert_int_equal(l.limits.cpu_time_ms, 0); /* the configured default */
    assert_string_equal(l.memory_patterns.items[0], "Out of memory");
    assert_false(l.available);
    language_release(&l);
}

static void defaults_of_a_short_file(void **state)
{
    (void)state;
    struct language l;
    assert_int_equal(definition_parse("toy.yaml", STR(HEAD VERSION RUN), &l, NULL), 0);
    assert_false(l.compiled);
    assert_int_equal(l.extensions.count, 1);
    assert_string_equal(l.extensions.items[0], ".toy");
    assert_int_equal(l.compile_limits.processes, 128);
    language_release(&l);
}

static void form_mistakes_name_their_line(void **state)
{
    (void)state;
    parse("", -EINVAL, "toy.yaml:1: the file is empty");
    parse("# nothing\n", -EINVAL, "toy.yaml:1: the file is empty");
    parse("name: [toy\ntitle: x\n", -EINVAL, "toy.yaml:2: did not find expected ',' or ']'");
    parse("name: toy\ntitle: Toy\nname: toy\n", -EINVAL, "toy.yaml:3: key \"name\" is there twice");
    parse(HEAD VERSION RUN "aliases: [\"a\\0b\"]\n", -EINVAL, "toy.yaml:10: a value holds a NUL byte");
    parse(HEAD VERSION RUN "---\nname: other\n", -EINVAL, "toy.yaml:10: a second document: one file holds one");
    parse("- a\n", -EINVAL, "toy.yaml:1: Expecting MAPPING, got event: SEQUENCE_START");
}

static void schema_mistakes_name_their_line(void **state)
{
    (void)state;
    parse(HEAD VERSION RUN "sauce: 1\n", -EINVAL, "toy.yaml:10: sauce: unknown key");
    parse(HEAD VERSION RUN "seccomp:\n  allow: [ptrace]\n", -EINVAL,
          "toy.yaml:10: seccomp: unknown key"); /* one filter for all */
    parse(HEAD VERSION RUN "  sauce: 1\n", -EINVAL, "toy.yaml:10: run.sauce: unknown key");
    parse(HEAD VERSION RUN "  limits:\n    cpu_time_ms: 5s\n", -EINVAL,
          "toy.yaml:11: run.limits.cpu_time_ms: \"5s\" must be a whole number from 1 to 15000");
    parse(HEAD VERSION RUN "  limits:\n    cpu_time: 5\n", -EINVAL, "toy.yaml:11: run.limits.cpu_time: unknown key");
    parse(HEAD VERSION RUN "aliases: toys\n", -EINVAL, "toy.yaml:10: aliases: Expecting SEQUENCE, got event: SCALAR");
    parse(HEAD VERSION RUN "aliases:\n- ok\n- [toys]\n", -EINVAL,
          "toy.yaml:12: aliases[1]: Expecting STRING, got event: SEQUENCE_START");
    parse(HEAD RUN, -EINVAL, "toy.yaml:1: Missing required mapping field: version");
    parse(HEAD VERSION "run: {}\n", -EINVAL, "toy.yaml:8: run: Missing required mapping field: command");
    parse(HEAD VERSION RUN "aliases: [&a x,\n *a]\n", -EINVAL, "toy.yaml:10: aliases: YAML alias unsupported");
    parse("name: &a toy\ntitle: *a\n", -EINVAL, "toy.yaml:2: title: YAML alias unsupported");
}

static void meaningless_values_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *extra, *message;
    } cases[] = {
        {"aliases: [ok, Not_ok]\n",
         "toy.yaml:10: aliases[1]: \"Not_ok\" must be 1 to 32 characters of a-z, 0-9, +, #, - and, not first, a dot"},
        {"aliases: [.toy]\n",
         "toy.yaml:10: aliases[0]: \".toy\" must be 1 to 32 characters of a-z, 0-9, +, #, - and, not first, a dot"},
        {"aliases:\n  - a\n  - a\n", "toy.yaml:12: aliases[1]: \"a\" is there twice"},
        {"aliases: [toy]\n", "toy.yaml:10: aliases[0]: \"toy\" is the language's own name"},
        {"extensions: [toy]\n",
         "toy.yaml:10: extensions[0]: \"toy\" must be a dot and letters or digits, such as .cpp"},
        {"compile:\n  command: [toyc]\n", "toy.yaml:11: compile.command[0]: \"toyc\" must be an absolute path"},
        {"compile:\n  command: [/toyc, '{sauce}']\n", "toy.yaml:11: compile.command[1]: unknown placeholder {sauce}"},
        {"compile:\n  command: [/toyc, '{args}']\n", "toy.yaml:11: compile.command[1]: {args} has no meaning here"},
        {"compile:\n  command: [/toyc, 'x{sources}']\n",
         "toy.yaml:11: compile.command[1]: {sources} must stand alone in its word"},
        {"compile:\n  command: [/toyc]\n  options: ['-O(']\n",
         "toy.yaml:12: compile.options[0]: bad pattern: ( and ) do not match"},
        {"compile:\n  command: [/toyc]\n  options: [-a, '-b)|.*']\n",
         "toy.yaml:12: compile.options[1]: bad pattern: ( and ) do not match"},
        {"compile:\n  command: [/toyc]\n  options: ['-[a-']\n",
         "toy.yaml:12: compile.options[0]: bad pattern: Unmatched [, [^, [:, [., or [="},
        {"compile:\n  command: [/toyc]\n  options: ['((a{99}){99}){99}']\n",
         "toy.yaml:12: compile.options[0]: bad pattern: too many repetitions"},
        {"compile:\n  command: [/toyc]\n  limits: {memory_kb: 0}\n",
         "toy.yaml:12: compile.limits.memory_kb: \"0\" must be a whole number from 1024 to 16777216"},
        {"compile:\n  command: [/toyc]\n  tmpfs_kb: -1\n",
         "toy.yaml:12: compile.tmpfs_kb: \"-1\" must be a whole number from 1024 to 16777216"},
        {"  limits: {cpu_time_ms: 99999999}\n",
         "toy.yaml:10: run.limits.cpu_time_ms: \"99999999\" must be a whole number from 1 to 15000"},
        {"environment: ['A B=c']\n", "toy.yaml:10: environment[0]: \"A B=c\" must be NAME=value"},
        {"environment: [A=1, 'B={source}']\n", "toy.yaml:10: environment[1]: {source} has no meaning here"},
        {"mounts: [etc/toy]\n",
         "toy.yaml:10: mounts[0]: \"etc/toy\" must be an absolute path without \".\", \"..\" or a slash at its end"},
        {"mounts: [/etc/../root]\n", "toy.yaml:10: mounts[0]: \"/etc/../root\" must be an absolute path without \".\", "
                                     "\"..\" or a slash at its end"},
        {"mounts: [/opt/toy, /tmp/x]\n", "toy.yaml:10: mounts[1]: \"/tmp/x\" is a place that the box fills itself"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = xasprintf("%s%s", HEAD VERSION RUN, cases[i].extra);
        parse(text, -EINVAL, cases[i].message);
        free(text);
    }
    parse("name: toy\ntitle: Toy\npackage: 'toy; rm -rf /'\nsource: main.toy\n" VERSION RUN, -EINVAL,
          "toy.yaml:3: package: \"toy; rm -rf /\" must be names of Debian packages, one space between them");
    parse(
        "name: toy\ntitle: Toy\npackage: toy\nsource: ../main.toy\n" VERSION RUN, -EINVAL,
        "toy.yaml:4: source: \"../main.toy\" must be a file name with an extension, such as main.cpp or {class}.java");
    parse(HEAD "version:\n  command: [/usr/bin/toy]\n  pattern: '[0-9]+'\n" RUN, -EINVAL,
          "toy.yaml:7: version.pattern: the pattern needs a group, ( and ), around the version");
}

/* A folder of files that goes with the test. */
struct folder {
    char path[64];
    char *files[16];
    size_t count;
};

static void folder_init(struct folder *folder)
{
    *folder = (struct folder){.path = "/tmp/evalx-test-language-XXXXXX"};
    assert_non_null(mkdtemp(folder->path));
}

static void folder_put(struct folder *folder, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", folder->path, name);
    _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
    folder->files[folder->count++] = path;
}

static void folder_release(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        unlink(folder->files[i]);
        free(folder->files[i]);
    }
    assert_int_equal(rmdir(folder->path), 0);
}

static void load_fails(struct folder *folder, int expected, const char *message)
{
    struct registry *registry = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(registry_load(folder->path, &registry, &err), expected);
    assert_null(registry);
    assert_non_null(strstr(err.message, message));
}

#define NAMED(name) "name: " name "\ntitle: T\npackage: p\nsource: main.toy\n" VERSION RUN

static void a_folder_is_loaded_or_refused(void **state)
{
    (void)state;
    struct folder folder;
    folder_init(&folder);
    load_fails(&folder, -ENOENT, "no language there (no *.yaml)");
    folder_put(&folder, "b.yaml", NAMED("b") "mounts: [/opt/b, /opt/shared]\n");
    folder_put(&folder, "a.yaml", NAMED("a") "aliases: [x]\nmounts: [/opt/shared]\n");
    folder_put(&folder, "notes.txt", "not a language");
    folder_put(&folder, ".hidden.yaml", "not: a language");

    struct registry *registry;
    assert_int_equal(registry_load(folder.path, &registry, NULL), 0);
    assert_int_equal(registry_count(registry), 2);
    assert_string_equal(registry_at(registry, 0)->name, "a");
    assert_string_equal(registry_at(registry, 1)->name, "b");
    const char *const *mounts = registry_mounts(registry);
    assert_string_equal(mounts[0], "/opt/shared");
    assert_string_equal(mounts[1], "/opt/b");
    assert_null(mounts[2]);
    registry_free(registry);

    folder_put(&folder, "c.yaml", NAMED("c") "aliases:\n- y\n- x\n");
    load_fails(&folder, -EINVAL, "/c.yaml:12: aliases[1]: \"x\" is already a name of ");
    folder_put(&folder, "c.yaml", NAMED("d"));
    load_fails(&folder, -EINVAL, "/c.yaml:1: name: \"d\" must be the name of its file, \"c\"");
    folder_put(&folder, "c.yaml", NAMED("c") "sauce: 1\n");
    load_fails(&folder, -EINVAL, "/c.yaml:10: sauce: unknown key");
    folder_put(&folder, "c.yaml", NAMED("c"));
    folder_put(&folder, "d.yml", NAMED("d"));
    load_fails(&folder, -EINVAL, "/d.yml: the name of a language's file must end in .yaml");
    folder_release(&folder);
}

static void a_missing_folder_is_an_error(void **state)
{
    (void)state;
    struct registry *registry;
    struct error err = ERROR_INIT;
    assert_int_equal(registry_load("/nonexistent/languages", &registry, &err), -ENOENT);
    assert_non_null(strstr(err.message, "/nonexistent/languages"));
}

/* The shipped languages; MESON gives the folder. */
static struct registry *shipped(void)
{
    struct registry *registry = NULL;
    struct error err = ERROR_INIT;
    if (registry_load(LANGUAGES_FOLDER, &registry, &err) < 0)
        fail_msg("%s", err.message);
    return registry;
}

/* net/http with its cryptography takes 20 to 25 s of CPU time here; a machine three times slower must manage as well. */
static void go_has_time_to_compile_its_library(void **state)
{
    (void)state;
    struct registry *registry = shipped();
    size_t at = 0;
    while (at < registry_count(registry) && strcmp(registry_at(registry, at)->name, "go") != 0)
        at++;
    assert_in_range(at, 0, registry_count(registry) - 1);
    const struct language *go = registry_at(registry, at);
    assert_in_range(go->compile_limits.cpu_time_ms, 75000, 600000);
    assert_in_range(go->compile_limits.wall_time_ms, 2 * 75000, 600000);
    registry_free(registry);
}

/* Has a few toolchains: by the name of the program. */
static int invented_toolchains(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                               int *exit_code)
{
    static const struct {
        const char *program, *says;
        int exit_code;
    } programs[] = {
        {"/usr/bin/g++", "12.2.0\n", 0},          {"/usr/bin/python3", "Python 3.11.2\n", 0},
        {"/usr/bin/javac", "javac 17.0.15\n", 0}, {"/usr/bin/php", "php: cannot start\n", 127},
        {"/usr/bin/bash", "no number here\n", 0}, {"/usr/bin/go", "go version go1.19.8 linux/amd64\n", 0},
    };
    unsigned *calls = context;
    (*calls)++;
    assert_string_equal(envp[0], "PATH=/usr/bin:/bin");
    for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
        if (strcmp(programs[i].program, argv[0]) != 0)
            continue;
        buf_append_str(output, programs[i].says);
        *exit_code = programs[i].exit_code;
        return 0;
    }
    return strcmp(argv[0], "/usr/bin/ruby") == 0 ? -EACCES : -ENOENT;
}

static struct registry *discovered(void)
{
    struct registry *registry = shipped();
    unsigned calls = 0;
    registry_discover(registry, invented_toolchains, &calls);
    assert_int_equal(calls, registry_count(registry));
    return registry;
}

static void find_fails(const struct registry *registry, const char *name, const char *version, const char *why)
{
    char *said = NULL;
    assert_null(registry_find(registry, name, version, &said));
    assert_string_equal(said, why);
    free(said);
}

static const char *found(const struct registry *registry, const char *name, const char *version)
{
    char *why = NULL;
    const struct language *language = registry_find(registry, name, version, &why);
    if (!language)
        fail_msg("%s", why);
    return language->name;
}

static void languages_are_found_by_name_alias_and_version(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = discovered();
    assert_string_equal(found(registry, "cpp", NULL), "cpp");
    assert_string_equal(found(registry, "C++", ""), "cpp");
    assert_string_equal(found(registry, "g++", "12"), "cpp");
    assert_string_equal(found(registry, "cpp", "12.2"), "cpp");
    assert_string_equal(found(registry, "cpp", "12.2.0"), "cpp");
    assert_string_equal(found(registry, "PY", "3"), "python");
    find_fails(registry, "cpp", "1", "cpp has version 12.2.0 here, not 1");
    find_fails(registry, "c++", "13", "cpp has version 12.2.0 here, not 13");
    find_fails(registry, "cpp", "12.2.0.1", "cpp has version 12.2.0 here, not 12.2.0.1");
    assert_int_equal(strlen(registry_at(registry, 0)->name) > 0, 1);
}

static void the_nearest_names_are_offered(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = discovered();
    find_fails(registry, "pyton", NULL, "unknown language \"pyton\"; did you mean python?");
    find_fails(registry, "ypthon", NULL, "unknown language \"ypthon\"; did you mean python?");
    find_fails(registry, "golagn", NULL, "unknown language \"golagn\"; did you mean golang?");
    find_fails(registry, "python3.8", NULL, "unknown language \"python3.8\"; did you mean python3?");
    find_fails(registry, "brainfuck", NULL,
               "unknown language \"brainfuck\"; GET /languages and `evalx languages` list those that are here");
    find_fails(registry, "", NULL,
               "unknown language \"\"; GET /languages and `evalx languages` list those that are here");
    assert_int_equal(word_distance("", "abc"), 3);
    assert_int_equal(word_distance("kitten", "sitting"), 3);
    assert_int_equal(word_distance("ab", "BA"), 1);
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_true(word_distance(longest, "x") >= 199);
}

static void what_is_missing_says_how_to_get_it(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = discovered();
    find_fails(registry, "rust", NULL,
               "rust is not installed here; install it with: apt-get install -y --no-install-recommends rustc");
    find_fails(registry, "ts", NULL,
               "typescript is not installed here; install it with: apt-get install -y --no-install-recommends nodejs "
               "node-typescript");
    find_fails(
        registry, "php", NULL,
        "php is not usable here: /usr/bin/php ended with exit code 127: php: cannot start; install it with: apt-get "
        "install -y --no-install-recommends php-cli php-mbstring php-bcmath php-gmp");
    find_fails(registry, "ruby", NULL, "ruby is not usable here: /usr/bin/ruby could not be run: Permission denied");
    find_fails(registry, "bash", NULL,
               "bash is not usable here: no version in what /usr/bin/bash says: no number here");
}

static void before_discovery_nothing_is_available(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = shipped();
    find_fails(registry, "cpp", NULL, "cpp is not looked for yet");
}

/* Says whatever version it is told to. */
static int one_version(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                       int *exit_code)
{
    (void)argv, (void)envp;
    buf_append_str(output, context);
    *exit_code = 0;
    return 0;
}

static void assumed_languages_take_any_version(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = NULL;
    char *why = NULL;
    assert_int_equal(registry_load(LANGUAGES_FOLDER, &registry, NULL), 0);
    registry_assume(registry);
    const struct language *cpp = registry_find(registry, "c++", NULL, &why);
    assert_non_null(cpp);
    assert_null(cpp->version);
    assert_ptr_equal(registry_find(registry, "cpp", "99.1", &why), cpp);
    assert_null(registry_find(registry, "pyton", NULL, &why));
    assert_non_null(strstr(why, "did you mean python?"));
    free(why);
}

static void another_version_is_another_toolchain(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = shipped();
    char first[] = "v1.2.3 build 1", second[] = "v1.2.3 build 2";
    const struct language *node = NULL;
    registry_discover(registry, one_version, first);
    node = registry_find(registry, "node", NULL, NULL);
    assert_non_null(node);
    assert_string_equal(node->version, "1.2.3");
    char before[65];
    memcpy(before, node->toolchain_id, sizeof before);
    assert_int_equal(strlen(before), 64);
    registry_discover(registry, one_version, first);
    assert_string_equal(node->toolchain_id, before);
    registry_discover(registry, one_version, second);
    assert_string_not_equal(node->toolchain_id, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_becomes_a_language),
        cmocka_unit_test(defaults_of_a_short_file),
        cmocka_unit_test(form_mistakes_name_their_line),
        cmocka_unit_test(schema_mistakes_name_their_line),
        cmocka_unit_test(meaningless_values_name_their_line),
        cmocka_unit_test(a_folder_is_loaded_or_refused),
        cmocka_unit_test(a_missing_folder_is_an_error),
        cmocka_unit_test(go_has_time_to_compile_its_library),
        cmocka_unit_test(languages_are_found_by_name_alias_and_version),
        cmocka_unit_test(the_nearest_names_are_offered),
        cmocka_unit_test(what_is_missing_says_how_to_get_it),
        cmocka_unit_test(before_discovery_nothing_is_available),
        cmocka_unit_test(assumed_languages_take_any_version),
        cmocka_unit_test(another_version_is_another_toolchain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
