/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c: from a language's command and a submission to the argv and envp of one box run.
 *
 * There is no shell on the way: a word of the file becomes one word of argv, whatever the submission holds; only the four list
 * placeholders become several words, each of them whole.
 */
#include <errno.h>

#include "language/internal.h"

/* Of every compiler and program; a language may add to it or put its own value in place of one. */
static const char *const common_environment[] = {"PATH=/usr/bin:/bin", "HOME=/box/work", "TMPDIR=/tmp",
                                                 "LANG=C.UTF-8",       "LC_ALL=C.UTF-8", NULL};

/* Everything that a placeholder may ask for. */
struct scope {
    const struct language *language;
    const struct submission *sub;
    const struct string_list *args;
    const struct limits *limits;
    char *source;       /* the main source's name */
    struct str content; /* and its bytes */
};

/* Words one after the other, each with its NUL. */
struct words {
    struct buf bytes;
    size_t count;
};

static void words_add(struct words *words, const char *word)
{
    buf_append(&words->bytes, word, strlen(word) + 1);
    words->count++;
}

static const char *extension_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash : name, '.');
    return dot ? dot : "";
}

static bool is_source(const struct language *language, const char *name)
{
    for (size_t i = 0; i < language->extensions.count; i++)
        if (strcmp(extension_of(name), language->extensions.items[i]) == 0)
            return true;
    return false;
}

static bool names_class(const struct language *language)
{
    return strstr(language->source, "{class}") != NULL;
}

char *language_source_name(const struct language *language, struct str code)
{
    if (!names_class(language))
        return xstrdup(language->source);
    char *class = java_file_class(code);
    char *name = xasprintf("%s%s", class, language->source + strlen("{class}"));
    free(class);
    return name;
}

/* Of a submission without code. */
static int find_main_file(const struct language *language, const struct submission *sub)
{
    int first = -ENOENT;
    for (size_t i = 0; i < sub->file_count; i++) {
        const struct source_file *file = &sub->files[i];
        if (!is_source(language, file->name))
            continue;
        if (strcmp(file->name, language->source) == 0)
            return (int)i;
        if (names_class(language) && java_scan(buf_view(&file->content)).main_type.len)
            return (int)i;
        if (first < 0)
            first = (int)i;
    }
    return first;
}

int language_main_file(const struct language *language, const struct submission *sub, size_t *ret_clash)
{
    if (sub->code.len == 0)
        return find_main_file(language, sub);
    if (!ret_clash || sub->file_count == 0)
        return -ENODATA;
    _cleanup_(freep) char *name = language_source_name(language, buf_view(&sub->code));
    for (size_t i = 0; i < sub->file_count; i++) {
        if (strcmp(sub->files[i].name, name) == 0) {
            *ret_clash = i;
            return -EEXIST;
        }
    }
    return -ENODATA;
}

char *language_main_file_wanted(const struct language *language)
{
    struct buf text = BUF_INIT;
    if (names_class(language))
        buf_append_str(&text, "a file");
    else
        buf_printf(&text, "%s, or another file", language->source);
    for (size_t i = 0; i < language->extensions.count; i++)
        buf_printf(&text, "%s%s", i == 0 ? " that ends in " : " or ", language->extensions.items[i]);
    return buf_steal(&text, NULL);
}

static void find_main_source(struct scope *scope)
{
    int index = language_main_file(scope->language, scope->sub, NULL);
    const struct source_file *file = index >= 0 ? &scope->sub->files[index] : NULL;
    scope->content = buf_view(file ? &file->content : &scope->sub->code);
    scope->source = file ? xstrdup(file->name) : language_source_name(scope->language, scope->content);
}

static void put_source(const struct scope *scope, struct buf *out)
{
    buf_append_str(out, scope->source);
}

static void put_class(const struct scope *scope, struct buf *out)
{
    if (names_class(scope->language)) {
        char *class = java_start_class(scope->content);
        buf_append_str(out, class);
        free(class);
    } else {
        buf_append(out, scope->source, strlen(scope->source) - strlen(extension_of(scope->source)));
    }
}

/* What is left for the program's own data after the runtime's; never so little that the runtime refuses to start. */
enum { HEAP_MB_LEAST = 4, STACK_KB_LEAST = 1024 };

static void put_number(struct buf *out, int64_t value, int64_t least)
{
    buf_printf(out, "%lld", (long long)MAX(value, least));
}

static void put_memory_mb(const struct scope *scope, struct buf *out)
{
    put_number(out, scope->limits->memory_kb / 1024, HEAP_MB_LEAST);
}

static void put_heap_mb(const struct scope *scope, struct buf *out)
{
    put_number(out, scope->limits->memory_kb / 8 * 5 / 1024, HEAP_MB_LEAST);
}

static void put_soft_mb(const struct scope *scope, struct buf *out)
{
    put_number(out, scope->limits->memory_kb / 8 * 7 / 1024, HEAP_MB_LEAST);
}

static void put_stack_kb(const struct scope *scope, struct buf *out)
{
    put_number(out, scope->limits->stack_kb, STACK_KB_LEAST);
}

static void put_soft_stack_kb(const struct scope *scope, struct buf *out)
{
    put_number(out, scope->limits->stack_kb / 8 * 7, 1);
}

static size_t folder_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

static bool same_folder(const char *a, const char *b)
{
    return folder_length(a) == folder_length(b) && strncmp(a, b, folder_length(a)) == 0;
}

/* A file name that no tool takes for an option or a list of options. */
static void add_file_name(struct words *words, const char *name)
{
    bool harmless = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                    (*name >= '0' && *name <= '9') || *name == '_' || *name == '/' || *name == '.';
    char *word = xasprintf("%s%s", harmless ? "" : "./", name);
    words_add(words, word);
    free(word);
}

static void add_source_files(const struct scope *scope, bool siblings_only, struct words *words)
{
    add_file_name(words, scope->source);
    for (size_t i = 0; i < scope->sub->file_count; i++) {
        const char *name = scope->sub->files[i].name;
        if (!is_source(scope->language, name) || strcmp(name, scope->source) == 0)
            continue;
        if (!siblings_only || same_folder(name, scope->source))
            add_file_name(words, name);
    }
}

static void add_sources(const struct scope *scope, struct words *words)
{
    add_source_files(scope, false, words);
}

static void add_siblings(const struct scope *scope, struct words *words)
{
    add_source_files(scope, true, words);
}

static void add_list(const struct string_list *list, struct words *words)
{
    for (size_t i = 0; list && i < list->count; i++)
        words_add(words, list->items[i]);
}

static void add_options(const struct scope *scope, struct words *words)
{
    add_list(&scope->sub->compiler_options, words);
}

static void add_args(const struct scope *scope, struct words *words)
{
    add_list(scope->args, words);
}

enum { ANYWHERE = PLACEHOLDER_IN_COMPILE | PLACEHOLDER_IN_RUN | PLACEHOLDER_IN_ENVIRONMENT };
enum { COMMANDS = PLACEHOLDER_IN_COMPILE | PLACEHOLDER_IN_RUN };

/* One row a placeholder: as seen from outside, and what writes it: put into a word, or add as words. */
static const struct row {
    struct placeholder placeholder;
    void (*put)(const struct scope *, struct buf *);
    void (*add)(const struct scope *, struct words *);
} rows[] = {
    {{"source", COMMANDS, false}, put_source, NULL},
    {{"class", COMMANDS, false}, put_class, NULL},
    {{"sources", PLACEHOLDER_IN_COMPILE, true}, NULL, add_sources},
    {{"siblings", PLACEHOLDER_IN_COMPILE, true}, NULL, add_siblings},
    {{"options", PLACEHOLDER_IN_COMPILE, true}, NULL, add_options},
    {{"args", PLACEHOLDER_IN_RUN, true}, NULL, add_args},
    {{"memory_mb", ANYWHERE, false}, put_memory_mb, NULL},
    {{"heap_mb", ANYWHERE, false}, put_heap_mb, NULL},
    {{"soft_mb", ANYWHERE, false}, put_soft_mb, NULL},
    {{"stack_kb", ANYWHERE, false}, put_stack_kb, NULL},
    {{"soft_stack_kb", ANYWHERE, false}, put_soft_stack_kb, NULL},
};

static const struct row *find_row(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(name, rows[i].placeholder.name))
            return &rows[i];
    return NULL;
}

const struct placeholder *placeholder_find(struct str name)
{
    const struct row *row = find_row(name);
    return row ? &row->placeholder : NULL;
}

bool placeholder_next(const char *text, struct str *ret_name, const char **ret_start, const char **ret_end)
{
    for (const char *open = strchr(text, '{'); open; open = strchr(open + 1, '{')) {
        size_t len = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz_");
        bool foreign = open > text && open[-1] == '$'; /* "${name}" belongs to the tool's own language */
        if (len == 0 || open[1 + len] != '}' || foreign)
            continue;
        *ret_name = (struct str){.data = open + 1, .len = len};
        *ret_start = open;
        *ret_end = open + len + 2;
        return true;
    }
    return false;
}

/* One word of the file, which may become none or several. */
static void expand(const struct scope *scope, const char *word, struct words *words)
{
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    struct str name;
    const char *start, *end, *rest = word;
    for (; placeholder_next(rest, &name, &start, &end); rest = end) {
        const struct row *row = find_row(name);
        if (row && row->add) {
            row->add(scope, words);
            return;
        }
        buf_append(&out, rest, (size_t)(start - rest));
        if (row)
            row->put(scope, &out);
    }
    buf_append_str(&out, rest);
    if (strncmp(word, "{source}", strlen("{source}")) == 0)
        add_file_name(words, buf_str(&out));
    else
        words_add(words, buf_str(&out));
}

/* "NAME=value" entries with the same NAME? */
static bool same_variable(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");
    return strncmp(a, b, len + 1) == 0;
}

static bool overridden(const struct language *language, const char *entry)
{
    for (size_t i = 0; i < language->env.count; i++)
        if (same_variable(entry, language->env.items[i]))
            return true;
    return false;
}

/* The pointers and the bytes they point to in one allocation; takes the words' memory. */
static char **words_pack(struct words *words)
{
    size_t pointers = (words->count + 1) * sizeof(char *);
    char **list = xmalloc(pointers + words->bytes.len);
    char *at = (char *)list + pointers;
    if (words->bytes.len)
        memcpy(at, words->bytes.data, words->bytes.len);
    for (size_t i = 0; i < words->count; i++) {
        list[i] = at;
        at += strlen(at) + 1;
    }
    list[words->count] = NULL;
    buf_release(&words->bytes);
    return list;
}

static char **make_argv(const struct scope *scope, const struct string_list *command)
{
    struct words words = {0};
    for (size_t i = 0; i < command->count; i++)
        expand(scope, command->items[i], &words);
    return words_pack(&words);
}

static char **make_envp(const struct scope *scope, bool sanitized)
{
    struct words words = {0};
    for (const char *const *entry = common_environment; *entry; entry++)
        if (!overridden(scope->language, *entry))
            words_add(&words, *entry);
    for (size_t i = 0; i < scope->language->env.count; i++)
        expand(scope, scope->language->env.items[i], &words);
    for (size_t i = 0; sanitized && i < scope->language->sanitize_env.count; i++)
        expand(scope, scope->language->sanitize_env.items[i], &words);
    return words_pack(&words);
}

void language_command(const struct language *language, enum language_stage stage, const struct submission *sub,
                      const struct string_list *args, const struct limits *limits, struct language_command *ret)
{
    struct scope scope = {.language = language, .sub = sub, .args = args, .limits = limits};
    find_main_source(&scope);
    const struct string_list *const commands[] = {[LANGUAGE_COMPILE] = &language->compile_argv,
                                                  [LANGUAGE_RUN] = &language->run_argv,
                                                  [LANGUAGE_DIAGNOSE] = &language->diagnose_argv,
                                                  [LANGUAGE_COMPILE_SANITIZED] = &language->sanitize_argv,
                                                  [LANGUAGE_RUN_SANITIZED] = &language->run_argv};
    *ret = (struct language_command){.argv = make_argv(&scope, commands[stage]),
                                     .envp = make_envp(&scope, stage == LANGUAGE_RUN_SANITIZED)};
    free(scope.source);
}

void language_command_release(struct language_command *command)
{
    free(command->argv);
    free(command->envp);
    *command = (struct language_command){0};
}
