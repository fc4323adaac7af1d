/* SPDX-License-Identifier: Apache-2.0 */
/* discover.c: which toolchains are here. Runs each version command and reads the version out of what it prints. */
#include <errno.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "language/internal.h"

enum { VERSION_LEN_MAX = 64 };

static void become_unavailable(struct language *language, char *reason)
{
    free(language->reason);
    language->reason = reason;
    language->available = false;
}

/* What a person can do about it follows what is wrong. */
static char *with_cure(const struct language *language, const char *what)
{
    char *command = language_install_command(language);
    char *reason = xasprintf("%s; install it with: %s", what, command);
    free(command);
    return reason;
}

/* The first line of output, cut and with anything unprintable replaced: for messages. */
static void first_line(const struct buf *output, char *line, size_t size)
{
    const char *text = buf_str(output);
    text += strspn(text, " \t\r\n");
    snprintf(line, size, "%.*s", (int)MIN(strcspn(text, "\r\n"), (size_t)200), text);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
            *at = '?';
}

static char *failure_reason(const struct language *language, int r, int exit_code, const struct buf *output)
{
    if (r == -ENOENT)
        return with_cure(language, "not installed here");
    const char *program = language->version_argv.items[0];
    if (r < 0)
        return xasprintf("not usable here: %s could not be run: %s", program, strerror(-r));
    char line[256];
    first_line(output, line, sizeof line);
    char *what = exit_code ? xasprintf("not usable here: %s ended with exit code %d: %s", program, exit_code, line)
                           : xasprintf("not usable here: no version in what %s says: %s", program, line);
    char *reason = exit_code ? with_cure(language, what) : xstrdup(what);
    free(what);
    return reason;
}

/* Group 1 of the version pattern in output; NULL when there is none. */
static char *extract_version(const struct language *language, const struct buf *output)
{
    regex_t regex;
    if (pattern_compile(&regex, language->version_pattern, false, NULL) < 0)
        return NULL;
    regmatch_t groups[2];
    char *version = NULL;
    if (regexec(&regex, buf_str(output), 2, groups, 0) == 0 && groups[1].rm_so >= 0) {
        size_t len = (size_t)(groups[1].rm_eo - groups[1].rm_so);
        if (len > 0 && len <= VERSION_LEN_MAX)
            version = str_dup((struct str){.data = buf_str(output) + groups[1].rm_so, .len = len});
    }
    regfree(&regex);
    return version;
}

/*
 * Another compiler, or the same one upgraded, must not be given the other's artifacts: what it says of itself, where it really
 * is, how large it is and when it was installed. A program that is only in the box counts by its name.
 */
static void identify(struct language *language, const struct buf *output)
{
    const char *program = language->version_argv.items[0];
    struct sha256 *hash = sha256_new();
    sha256_update_field(hash, buf_str(output), output->len);
    char *real = realpath(program, NULL);
    const char *path = real ? real : program;
    sha256_update_field(hash, path, strlen(path));
    struct stat st;
    if (stat(path, &st) == 0) {
        const int64_t facts[] = {st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
        sha256_update_field(hash, facts, sizeof facts);
    }
    free(real);
    sha256_finish_hex(hash, language->toolchain_id);
}

static char **environment_of(const struct language *language, struct language_command *command)
{
    /* The numbers in an environment ({heap_mb}) matter to programs, not to a version command: any will do. */
    const struct submission nothing = {0};
    language_command(language, LANGUAGE_RUN, &nothing, NULL, &language->compile_limits, command);
    return command->envp;
}

static void discover_one(struct language *language, language_run_fn *run, void *context)
{
    size_t count = language->version_argv.count;
    const char **argv = xcalloc(count + 1, sizeof *argv);
    for (size_t i = 0; i < count; i++)
        argv[i] = language->version_argv.items[i];
    struct language_command command;
    const char *const *envp = (const char *const *)environment_of(language, &command);

    _cleanup_(buf_release) struct buf output = BUF_INIT;
    int exit_code = 0;
    int r = run(context, argv, envp, &output, &exit_code);
    char *version = r == 0 && exit_code == 0 ? extract_version(language, &output) : NULL;
    if (version) {
        free(language->version);
        language->version = version;
        language->available = true;
        identify(language, &output);
    } else {
        become_unavailable(language, failure_reason(language, r, exit_code, &output));
    }
    language_command_release(&command);
    free(argv);
}

void registry_assume(struct registry *registry)
{
    for (size_t i = 0; i < registry_count(registry); i++)
        registry_language(registry, i)->available = true;
}

void registry_discover(struct registry *registry, language_run_fn *run, void *context)
{
    for (size_t i = 0; i < registry_count(registry); i++)
        discover_one(registry_language(registry, i), run, context);
}
