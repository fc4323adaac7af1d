/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate.c: what a schema cannot say about a language file.
 *
 * Every check names the value by its path in the file, and yaml_source turns that into a line.
 */
#include <errno.h>

#include "language/internal.h"

/* One language being checked. */
struct check {
    const struct yaml_source *source;
    const struct language *language;
    struct error *err;
};

#define COMPLAIN(check, path, ...) yaml_source_error((check)->source, (check)->err, path, __VA_ARGS__)

static bool all_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int check_name(const struct check *c, const char *path, const char *name)
{
    if (!all_of(name, LOWER DIGITS "+#-.") || name[0] == '.' || strlen(name) > LANGUAGE_NAME_MAX)
        return COMPLAIN(c, path, "\"%s\" must be 1 to %d characters of a-z, 0-9, +, #, - and, not first, a dot", name,
                        LANGUAGE_NAME_MAX);
    return 0;
}

static int check_names(const struct check *c)
{
    const struct language *l = c->language;
    int r = check_name(c, "name", l->name);
    for (size_t i = 0; r == 0 && i < l->aliases.count; i++) {
        char path[64];
        snprintf(path, sizeof path, "aliases[%zu]", i);
        r = check_name(c, path, l->aliases.items[i]);
        if (r == 0 && strcmp(l->aliases.items[i], l->name) == 0)
            r = COMPLAIN(c, path, "\"%s\" is the language's own name", l->name);
        for (size_t k = 0; r == 0 && k < i; k++)
            if (strcmp(l->aliases.items[i], l->aliases.items[k]) == 0)
                r = COMPLAIN(c, path, "\"%s\" is there twice", l->aliases.items[i]);
    }
    return r;
}

/* Goes into a command line that people paste into a root shell. */
static int check_package(const struct check *c)
{
    if (!all_of(c->language->package, LOWER DIGITS "+.- ") || c->language->package[0] == '-')
        return COMPLAIN(c, "package", "\"%s\" must be names of Debian packages, one space between them",
                        c->language->package);
    return 0;
}

static int check_source(const struct check *c)
{
    const char *source = c->language->source;
    static const char class_part[] = "{class}";
    const char *plain =
        strncmp(source, class_part, sizeof class_part - 1) == 0 ? source + sizeof class_part - 1 : source;
    const char *dot = strrchr(plain, '.');
    if (!all_of(plain, LOWER UPPER DIGITS "_.") || !dot || !dot[1] || source[0] == '.')
        return COMPLAIN(c, "source", "\"%s\" must be a file name with an extension, such as main.cpp or {class}.java",
                        source);
    for (size_t i = 0; i < c->language->extensions.count; i++) {
        const char *extension = c->language->extensions.items[i];
        char path[64];
        snprintf(path, sizeof path, "extensions[%zu]", i);
        if (extension[0] != '.' || !all_of(extension + 1, LOWER UPPER DIGITS "+"))
            return COMPLAIN(c, path, "\"%s\" must be a dot and letters or digits, such as .cpp", extension);
    }
    return 0;
}

/* Placeholders of one word: known, allowed in this place, and alone where they become several words. */
static int check_placeholders(const struct check *c, const char *path, const char *word, unsigned where)
{
    struct str name;
    const char *start, *end;
    for (const char *rest = word; placeholder_next(rest, &name, &start, &end); rest = end) {
        const struct placeholder *placeholder = placeholder_find(name);
        if (!placeholder)
            return COMPLAIN(c, path, "unknown placeholder {%.*s}", (int)MIN(name.len, 64u), name.data);
        if (!(placeholder->where & where))
            return COMPLAIN(c, path, "{%s} has no meaning here", placeholder->name);
        if (placeholder->list && (start != word || *end))
            return COMPLAIN(c, path, "{%s} must stand alone in its word", placeholder->name);
    }
    return 0;
}

/* where 0: no placeholder may be in it. */
static int check_command(const struct check *c, const char *path, const struct string_list *command, unsigned where)
{
    for (size_t i = 0; i < command->count; i++) {
        char word_path[64];
        snprintf(word_path, sizeof word_path, "%s[%zu]", path, i);
        const char *word = command->items[i];
        if (i == 0 && word[0] != '/')
            return COMPLAIN(c, word_path, "\"%s\" must be an absolute path", word);
        int r = check_placeholders(c, word_path, word, where);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_commands(const struct check *c)
{
    const struct language *l = c->language;
    int r = check_command(c, "version.command", &l->version_argv, 0);
    if (r == 0)
        r = check_command(c, "compile.command", &l->compile_argv, PLACEHOLDER_IN_COMPILE);
    if (r == 0)
        r = check_command(c, "run.command", &l->run_argv, PLACEHOLDER_IN_RUN);
    if (r == 0 && l->diagnose_argv.count > 0)
        r = check_command(c, "diagnose.command", &l->diagnose_argv, PLACEHOLDER_IN_COMPILE);
    if (r == 0)
        r = check_command(c, "sanitize.command", &l->sanitize_argv, PLACEHOLDER_IN_COMPILE);
    if (r == 0 && l->sanitize_argv.count > 0 && !l->compiled)
        r = COMPLAIN(c, "sanitize", "only a language with a compile step can have it");
    return r;
}

static int check_variables(const struct check *c, const char *section, const struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *entry = list->items[i];
        char path[64];
        snprintf(path, sizeof path, "%s[%zu]", section, i);
        size_t name = strspn(entry, LOWER UPPER DIGITS "_");
        if (name == 0 || entry[name] != '=' || strchr(DIGITS, entry[0]))
            return COMPLAIN(c, path, "\"%s\" must be NAME=value", entry);
        int r = check_placeholders(c, path, entry, PLACEHOLDER_IN_ENVIRONMENT);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_environment(const struct check *c)
{
    int r = check_variables(c, "environment", &c->language->env);
    return r == 0 ? check_variables(c, "sanitize.environment", &c->language->sanitize_env) : r;
}

/* Absolute, no empty, "." or ".." part, no slash at the end. */
static bool plain_path(const char *path)
{
    if (path[0] != '/' || !path[1])
        return false;
    while (*path == '/') {
        size_t len = strcspn(++path, "/");
        if (len == 0 || (len == 1 && path[0] == '.') || (len == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += len;
    }
    return true;
}

/* The box makes these itself; nothing of the host may lie over them. */
static bool box_owns(const char *path)
{
    static const char *const own[] = {"/artifact", "/box", "/dev", "/proc", "/sys", "/tmp"};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        size_t len = strlen(own[i]);
        if (strncmp(path, own[i], len) == 0 && (path[len] == '/' || !path[len]))
            return true;
    }
    return strcmp(path, "/etc") == 0;
}

static int check_mounts(const struct check *c)
{
    for (size_t i = 0; i < c->language->mounts.count; i++) {
        const char *mount = c->language->mounts.items[i];
        char path[64];
        snprintf(path, sizeof path, "mounts[%zu]", i);
        if (!plain_path(mount))
            return COMPLAIN(c, path, "\"%s\" must be an absolute path without \".\", \"..\" or a slash at its end",
                            mount);
        if (box_owns(mount))
            return COMPLAIN(c, path, "\"%s\" is a place that the box fills itself", mount);
    }
    return 0;
}

/* Past a bracket expression: "[]abc]", "[^]]", "[[:alpha:]]". */
static const char *past_brackets(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    at += *at == ']';
    while (*at && *at != ']')
        at += at[0] == '[' && at[1] && strchr(":.=", at[1]) ? 2 : 1;
    return *at ? at + 1 : at;
}

/* The larger number of "{3,5}"; 0 for anything else. */
static unsigned long most_repetitions(const char *at)
{
    enum { REPETITIONS_MAX = 1024 };
    char *rest;
    unsigned long first = *at == '{' ? strtoul(at + 1, &rest, 10) : 0;
    unsigned long second = first && *rest == ',' ? strtoul(rest + 1, NULL, 10) : 0;
    return MIN(MAX(first, second), (unsigned long)REPETITIONS_MAX);
}

/*
 * regcomp takes a ")" without "(" for an ordinary character, but only until the pattern gets brackets and anchors around it:
 * "-a)|(.*" would then allow everything. And it copies what is repeated, also what is repeated within it, so that a short
 * pattern could need all memory there is. NULL when all is well, else what is not.
 */
static const char *pattern_problem(const char *pattern)
{
    enum { PATTERN_LEN_MAX = 512, COPIES_MAX = 1024 };
    unsigned long depth = 0, copies = 1;
    if (strlen(pattern) > PATTERN_LEN_MAX)
        return "longer than 512 bytes";
    for (const char *at = pattern; *at;) {
        if (*at == '[') {
            at = past_brackets(at);
            continue;
        }
        if (*at == ')' && depth == 0)
            return "( and ) do not match";
        depth += (*at == '(') - (*at == ')');
        if (*at == '+' || *at == '{')
            copies *= 2 + most_repetitions(at);
        if (copies > COPIES_MAX)
            return "too many repetitions";
        at += at[0] == '\\' && at[1] ? 2 : 1;
    }
    return depth == 0 ? NULL : "( and ) do not match";
}

/* By itself first, so that the brackets and anchors that are put around it later mean what they should. */
static int check_pattern(const struct check *c, const char *path, const char *pattern, size_t groups)
{
    const char *problem = pattern_problem(pattern);
    if (problem)
        return COMPLAIN(c, path, "bad pattern: %s", problem);
    regex_t regex;
    struct error why = ERROR_INIT;
    if (pattern_compile(&regex, pattern, false, &why) < 0)
        return COMPLAIN(c, path, "bad pattern: %s", why.message);
    size_t found = regex.re_nsub;
    regfree(&regex);
    return found < groups ? COMPLAIN(c, path, "the pattern needs a group, ( and ), around the version") : 0;
}

static int check_pattern_list(const struct check *c, const char *path, const struct string_list *list)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        char item[64];
        snprintf(item, sizeof item, "%s[%zu]", path, i);
        r = check_pattern(c, item, list->items[i], 0);
    }
    return r;
}

static int check_patterns(const struct check *c)
{
    const struct language *l = c->language;
    int r = check_pattern(c, "version.pattern", l->version_pattern, 1);
    if (r == 0)
        r = check_pattern_list(c, "compile.options", &l->option_patterns);
    if (r == 0)
        r = check_pattern_list(c, "run.memory_patterns", &l->memory_patterns);
    return r;
}

/* Read from the text: libcyaml takes "5s" for 5 and "010" for 8, and a 0 that is written down is not one that is left out. */
static int check_amount(const struct check *c, const char *section, const char *field, int64_t least, int64_t most)
{
    char path[64];
    snprintf(path, sizeof path, "%s%s", section, field);
    const char *text = yaml_source_text(c->source, path);
    if (!text)
        return 0;
    enum { DIGITS_MAX = 12 };
    bool number = all_of(text, DIGITS) && strlen(text) <= DIGITS_MAX && (text[0] != '0' || !text[1]);
    int64_t value = number ? strtoll(text, NULL, 10) : -1;
    if (value < least || value > most)
        return COMPLAIN(c, path, "\"%.32s\" must be a whole number from %lld to %lld", text, (long long)least,
                        (long long)most);
    return 0;
}

enum { COMPILE_MS_MAX = 600000, COMPILE_KB_MAX = 16 * 1024 * 1024 };

/* A default for runs must be allowed by the table's caps; a compiler may have more than a program. */
static int check_limits(const struct check *c)
{
    static const struct {
        const char *field;
        int64_t least, cap;
    } limits[] = {
#define LIMIT_ROW(member, field, fallback, least, cap) {field, least, cap},
        LIMITS(LIMIT_ROW)
#undef LIMIT_ROW
    };
    int r = check_amount(c, "compile.", "tmpfs_kb", 1024, COMPILE_KB_MAX);
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(limits); i++) {
        bool duration = strstr(limits[i].field, "_ms") != NULL;
        r = check_amount(c, "run.limits.", limits[i].field, limits[i].least, limits[i].cap);
        if (r == 0)
            r = check_amount(c, "compile.limits.", limits[i].field, limits[i].least,
                             duration ? COMPILE_MS_MAX : COMPILE_KB_MAX);
    }
    return r;
}

int definition_validate(const struct yaml_source *source, const struct language *language, struct error *err)
{
    const struct check check = {.source = source, .language = language, .err = err};
    static int (*const checks[])(const struct check *) = {check_names,    check_package,     check_source,
                                                          check_commands, check_environment, check_mounts,
                                                          check_patterns, check_limits};
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        int r = checks[i](&check);
        if (r < 0)
            return r;
    }
    return 0;
}
