/* SPDX-License-Identifier: Apache-2.0 */
/*
 * language.h: programming languages as data (languages/NAME.yaml), and what this machine has of them.
 *
 * A registry is loaded from a folder (pure parsing), then each language's toolchain is looked for (language_discover, which
 * runs its version command through a function the caller gives: in a box, so that "available" means "works where it will run").
 * After that it is read-only and may be shared by threads.
 */
#ifndef EVALX_LANGUAGE_LANGUAGE_H
#define EVALX_LANGUAGE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/limits.h"
#include "model/submission.h"

/* One folder of languages: opaque. */
struct registry;

struct language {
    char *name;                 /* "cpp" */
    char *title;                /* "C++ (GCC)" */
    struct string_list aliases; /* "c++", "g++", … */
    char *package;              /* Debian package(s) with the toolchain: "g++" */
    char *source;               /* name of the main source file; may hold {class} for Java's public class */
    struct string_list
        extensions; /* of source files, ".cpp", ".cc", …; never empty, the main source's own first if not given */
    struct string_list version_argv;           /* e.g. g++ -dumpfullversion */
    char *version_pattern;                     /* POSIX extended; group 1 is the version */
    bool compiled;                             /* has a compile step */
    struct string_list compile_argv, run_argv; /* with {placeholders}, see language_command */
    struct string_list env;                    /* "NAME=value", added to the common environment */
    struct string_list diagnose_argv;          /* says more of a failed program than compiling does; empty: nothing */
    struct string_list sanitize_argv;   /* compiles a program that says what kills it; empty: there is no such way */
    struct string_list sanitize_env;    /* added when that program runs */
    struct string_list mounts;          /* extra host paths shown read-only */
    struct string_list option_patterns; /* POSIX extended, anchored: compiler options that users may give */
    struct string_list
        memory_patterns;  /* POSIX extended, on stderr or stdout of a failed run: the runtime's own "out of memory" */
    struct limits limits; /* defaults for runs; 0 = the configured default */
    struct limits compile_limits; /* all set */
    int64_t compile_tmpfs_kb;     /* room for the compiler's files */

    /* From discovery: */
    bool available;
    char *version;         /* "12.2.0"; NULL when not available, or not known */
    char *reason;          /* why not available; NULL when it is */
    char toolchain_id[65]; /* hex SHA-256 over version output and executable: part of the artifact cache's key */
};

/* Loads every *.yaml of folder. A bad file is an error with file and line. Names and aliases must be unique. */
int registry_load(const char *folder, struct registry **ret, struct error *err);
void registry_free(struct registry *registry);
DEFINE_CLEANUP(struct registry, registry_free)

size_t registry_count(const struct registry *registry);
size_t registry_available(const struct registry *registry);                        /* how many of them are available */
const struct language *registry_at(const struct registry *registry, size_t index); /* sorted by name */

/* Every path that some language wants to see in the box, no duplicates, NULL-terminated; owned by the registry. */
const char *const *registry_mounts(const struct registry *registry);

/*
 * Runs argv (complete environment envp) and gives its output, stdout and stderr together, and exit code.
 * Returns 0, or -errno when it could not be run at all (-ENOENT: no such program).
 */
typedef int language_run_fn(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                            int *exit_code);

/* Fills the discovery members of every language. Never fails: a language that cannot be run is unavailable, with a reason. */
void registry_discover(struct registry *registry, language_run_fn *run, void *context);

/* Without discovery: every language counts as available, its version unknown (NULL) and any version asked for as right. */
void registry_assume(struct registry *registry);

/*
 * The available language called name (or alias; case-insensitive), at this version (NULL or "" = any; "12" matches 12.2.0,
 * "1" does not). NULL when there is none; then *ret_why (the caller frees) tells a person why, with the nearest names:
 * "unknown language \"pyton\"; did you mean python?" / "ruby is not installed here; install it with: apt-get install ruby" /
 * "cpp has version 12.2.0 here, not 13"
 */
const struct language *registry_find(const struct registry *registry, const char *name, const char *version,
                                     char **ret_why);

/* "apt-get install -y --no-install-recommends g++"; the caller frees. */
char *language_install_command(const struct language *language);

/*
 * What to write before compiling or running: the name of the main source file for this code ("Main.java" by its public class).
 * The caller frees.
 */
char *language_source_name(const struct language *language, struct str code);

/*
 * Whether the submission holds a program, and where: the main source is code, or when that is empty the submitted file that has the
 * language's source name, else the first one with one of its extensions (Java: the first with a main). Returns
 *   its index among the files, -ENODATA when it is code,
 *   -ENOENT  code is empty, and none of the files is the program
 *   -EEXIST  files[*ret_clash] has the name of the file that code is written to (ret_clash may be NULL: not looked for)
 */
int language_main_file(const struct language *language, const struct submission *sub, size_t *ret_clash);

/* "main.py, or another file that ends in .py": what a person should have called the program; the caller frees. */
char *language_main_file_wanted(const struct language *language);

/* Compiling and running; saying more of a failed program; and the first two with sanitizers, for a language whose sanitize_argv is not empty. */
enum language_stage {
    LANGUAGE_COMPILE,
    LANGUAGE_RUN,
    LANGUAGE_DIAGNOSE,
    LANGUAGE_COMPILE_SANITIZED,
    LANGUAGE_RUN_SANITIZED
};

/*
 * A command ready for the box: NULL-terminated argv and envp in one allocation each (free with language_command_release).
 *
 *   {source}         the main source's name
 *   {sources}        it and every submitted file with one of the language's extensions
 *   {siblings}       those of {sources} that lie in the main source's own folder
 *   {class}          the main source's name without extension; for Java the class to start, with its package
 *   {options}        the submission's compiler options
 *   {args}           the arguments given here
 *   {memory_mb}      the memory limit; {heap_mb} five eighths of it; {soft_mb} seven eighths
 *   {stack_kb}       the stack limit, at least 1024; {soft_stack_kb} seven eighths of it
 *
 * {sources}, {siblings}, {options} and {args} stand alone and expand to 0..N words. A file name at the start of a word that a
 * tool could take for an option ("-o.c", "@x.c") gets "./" in front. The main source is that of language_main_file.
 */
struct language_command {
    char **argv;
    char **envp;
};
void language_command(const struct language *language, enum language_stage stage, const struct submission *sub,
                      const struct string_list *args, const struct limits *limits, struct language_command *ret);
void language_command_release(struct language_command *command);

/* 0, or -EINVAL with the index of the first compiler option that the language does not allow. */
int language_check_options(const struct language *language, const struct string_list *options, size_t *ret_index);

#endif
