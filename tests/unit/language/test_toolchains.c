/* SPDX-License-Identifier: Apache-2.0 */
/* test_toolchains.c: discovery with the real toolchains of this machine; which of them there are is up to the machine. */
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "language/internal.h"

enum { OUTPUT_MAX = 1 << 16 };

/* Runs the command as a child of the test. */
static int run_plainly(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                       int *exit_code)
{
    (void)context;
    _cleanup_(fd_closep) int reader = -1, writer = -1;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    reader = ends[0];
    writer = ends[1];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, writer, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, writer, STDERR_FILENO);
    pid_t child;
    int r =
        posix_spawn(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)envp);
    posix_spawn_file_actions_destroy(&actions);
    if (r != 0)
        return -r;
    fd_closep(&writer);
    assert_int_equal(fd_read_all(reader, OUTPUT_MAX, output), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return 0;
}

static void every_toolchain_has_a_version_or_a_cure(void **state)
{
    (void)state;
    _cleanup_(registry_freep) struct registry *registry = NULL;
    struct error err = ERROR_INIT;
    if (registry_load(LANGUAGES_FOLDER, &registry, &err) < 0)
        fail_msg("%s", err.message);
    registry_discover(registry, run_plainly, NULL);
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct language *language = registry_at(registry, i);
        bool installed = access(language->version_argv.items[0], X_OK) == 0;
        if (language->available) {
            assert_true(installed);
            assert_null(language->reason);
            assert_int_equal(strlen(language->toolchain_id), 64);
            /* A number, with whatever follows its dots. */
            assert_true(language->version[0] >= '0' && language->version[0] <= '9');
        } else {
            assert_null(language->version);
            char *cure = language_install_command(language);
            assert_non_null(strstr(language->reason, cure));
            free(cure);
            print_message("not here: %s: %s\n", language->name, language->reason);
        }
    }
}

/* The suite needs at least a C compiler to have been built. */
static void the_c_compiler_is_found(void **state)
{
    (void)state;
    if (access("/usr/bin/gcc", X_OK) != 0)
        skip();
    _cleanup_(registry_freep) struct registry *registry = NULL;
    assert_int_equal(registry_load(LANGUAGES_FOLDER, &registry, NULL), 0);
    registry_discover(registry, run_plainly, NULL);
    char *why = NULL;
    const struct language *c = registry_find(registry, "C", NULL, &why);
    if (!c)
        fail_msg("%s", why);
    assert_non_null(strchr(c->version, '.'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_toolchain_has_a_version_or_a_cure),
        cmocka_unit_test(the_c_compiler_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
