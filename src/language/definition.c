/* SPDX-License-Identifier: Apache-2.0 */
/*
 * definition.c: one language file from text to struct language.
 *
 * Three passes over the same bytes: yaml_source checks the form and remembers lines; libcyaml fills a struct that mirrors the
 * file (unknown keys, missing keys and wrong types are its errors, gathered through its log callback); validate.c
 * checks what a schema cannot say. Only then is anything handed out.
 */
#include <cyaml/cyaml.h>
#include <errno.h>

#include "language/internal.h"

/* The file as it is written. */
struct version_section {
    struct string_list command;
    char *pattern;
};
struct compile_section {
    struct string_list command, options;
    struct limits limits;
    int64_t tmpfs_kb;
};
struct run_section {
    struct string_list command, memory_patterns;
    struct limits limits;
};
struct diagnose_section {
    struct string_list command;
};
struct sanitize_section {
    struct string_list command, environment;
};
struct definition {
    char *name, *title, *package, *source;
    struct string_list aliases, extensions, environment, mounts;
    struct version_section version;
    struct compile_section *compile;
    struct run_section run;
    struct diagnose_section diagnose;
    struct sanitize_section *sanitize;
};

/* What a compiler may use, where the file says nothing. */
static const struct limits compile_limits_default = {
    .cpu_time_ms = 30000,
    .wall_time_ms = 60000,
    .memory_kb = 1048576,
    .processes = 128,
    .output_kb = 256,
    .stack_kb = 65536,
    .file_kb = 262144,
};
enum { COMPILE_TMPFS_KB_DEFAULT = 262144 };

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, LANGUAGE_FILE_MAX)
#define LIST(key, flags, type, member)                                                                               \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member.items, member.count, &word_schema, 1, \
                               CYAML_UNLIMITED)

static const cyaml_schema_value_t word_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, LANGUAGE_FILE_MAX)};

static const cyaml_schema_field_t limits_fields[] = {
#define LIMIT_FIELD(member, field, fallback, least, cap) \
    CYAML_FIELD_INT(field, CYAML_FLAG_OPTIONAL, struct limits, member),
    LIMITS(LIMIT_FIELD)
#undef LIMIT_FIELD
        CYAML_FIELD_END};

static const cyaml_schema_field_t version_fields[] = {LIST("command", 0, struct version_section, command),
                                                      TEXT("pattern", struct version_section, pattern),
                                                      CYAML_FIELD_END};

static const cyaml_schema_field_t compile_fields[] = {
    LIST("command", 0, struct compile_section, command),
    LIST("options", CYAML_FLAG_OPTIONAL, struct compile_section, options),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct compile_section, limits, limits_fields),
    CYAML_FIELD_INT("tmpfs_kb", CYAML_FLAG_OPTIONAL, struct compile_section, tmpfs_kb), CYAML_FIELD_END};

static const cyaml_schema_field_t run_fields[] = {
    LIST("command", 0, struct run_section, command),
    LIST("memory_patterns", CYAML_FLAG_OPTIONAL, struct run_section, memory_patterns),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct run_section, limits, limits_fields), CYAML_FIELD_END};

static const cyaml_schema_field_t diagnose_fields[] = {LIST("command", 0, struct diagnose_section, command),
                                                       CYAML_FIELD_END};
static const cyaml_schema_field_t sanitize_fields[] = {
    LIST("command", 0, struct sanitize_section, command),
    LIST("environment", CYAML_FLAG_OPTIONAL, struct sanitize_section, environment), CYAML_FIELD_END};

static const cyaml_schema_field_t definition_fields[] = {
    TEXT("name", struct definition, name),
    TEXT("title", struct definition, title),
    LIST("aliases", CYAML_FLAG_OPTIONAL, struct definition, aliases),
    TEXT("package", struct definition, package),
    TEXT("source", struct definition, source),
    LIST("extensions", CYAML_FLAG_OPTIONAL, struct definition, extensions),
    CYAML_FIELD_MAPPING("version", 0, struct definition, version, version_fields),
    CYAML_FIELD_MAPPING_PTR("compile", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct definition, compile,
                            compile_fields),
    CYAML_FIELD_MAPPING("run", 0, struct definition, run, run_fields),
    CYAML_FIELD_MAPPING("diagnose", CYAML_FLAG_OPTIONAL, struct definition, diagnose, diagnose_fields),
    CYAML_FIELD_MAPPING_PTR("sanitize", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct definition, sanitize,
                            sanitize_fields),
    LIST("environment", CYAML_FLAG_OPTIONAL, struct definition, environment),
    LIST("mounts", CYAML_FLAG_OPTIONAL, struct definition, mounts),
    CYAML_FIELD_END};

static const cyaml_schema_value_t definition_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct definition, definition_fields)};

/* What libcyaml said: the first line is the complaint, the others lead from the place outwards to the top. */
struct complaint {
    char headline[ERROR_MESSAGE_MAX];
    char path[256];
};

static void put_in_front(struct complaint *complaint, const char *part)
{
    char *path = xasprintf("%s%s%s", part, *complaint->path && *complaint->path != '[' ? "." : "", complaint->path);
    snprintf(complaint->path, sizeof complaint->path, "%s", path);
    free(path);
}

/* The lines of the backtrace: "  in mapping field 'NAME' (line…", "  in sequence entry 'N' (line…". */
static void note_place(struct complaint *complaint, const char *line)
{
    static const char field[] = "  in mapping field '", entry[] = "  in sequence entry '";
    char part[64];
    if (strncmp(line, field, sizeof field - 1) == 0) {
        const char *name = line + sizeof field - 1;
        snprintf(part, sizeof part, "%.*s", (int)strcspn(name, "'"), name);
        put_in_front(complaint, part);
    } else if (strncmp(line, entry, sizeof entry - 1) == 0) {
        const char *number = line + sizeof entry - 1;
        /* It counts an entry as soon as its value begins, so from 1. */
        unsigned long count = strtoul(number, NULL, 10);
        snprintf(part, sizeof part, "[%lu]", count ? count - 1 : 0);
        put_in_front(complaint, part);
    }
}

__attribute__((format(printf, 3, 0))) static void hear(cyaml_log_t level, void *context, const char *format,
                                                       va_list args)
{
    struct complaint *complaint = context;
    char line[ERROR_MESSAGE_MAX];
    vsnprintf(line, sizeof line, format, args);
    if (level != CYAML_LOG_ERROR)
        return;
    static const char prefix[] = "Load: ";
    if (strncmp(line, prefix, sizeof prefix - 1) != 0)
        note_place(complaint, line);
    else if (!*complaint->headline && !strstr(line, "Backtrace"))
        snprintf(complaint->headline, sizeof complaint->headline, "%.*s", (int)strcspn(line + sizeof prefix - 1, "\n"),
                 line + sizeof prefix - 1);
}

/* For a missing or an unknown key the innermost name of libcyaml's trace is not the culprit's. */
static int complain(const struct yaml_source *source, struct complaint *complaint, cyaml_err_t code, struct error *err)
{
    if (code == CYAML_ERR_MAPPING_FIELD_MISSING) {
        char *last = strrchr(complaint->path, '.');
        *(last ? last : complaint->path) = '\0';
    } else if (code == CYAML_ERR_INVALID_KEY) {
        const char *key = strrchr(complaint->headline, ' ');
        char *path = xasprintf("%s%s%s", complaint->path, *complaint->path ? "." : "", key ? key + 1 : "");
        int r = yaml_source_error(source, err, path, "unknown key");
        free(path);
        return r;
    }
    if (code == CYAML_ERR_ALIAS) /* noticed before the entry was counted */
        complaint->path[strcspn(complaint->path, "[")] = '\0';
    return yaml_source_error(source, err, complaint->path, "%s",
                             *complaint->headline ? complaint->headline : cyaml_strerror(code));
}

static void move_compile(struct compile_section *from, struct language *to)
{
    to->compiled = true;
    to->compile_argv = from->command;
    to->option_patterns = from->options;
    to->compile_limits = from->limits;
    to->compile_tmpfs_kb = from->tmpfs_kb;
    from->command = from->options = (struct string_list){0};
}

/* Takes everything over; what is left in from owns nothing but its sections. */
static struct language move_definition(struct definition *from)
{
    struct language to = {
        .name = from->name,
        .title = from->title,
        .aliases = from->aliases,
        .package = from->package,
        .source = from->source,
        .extensions = from->extensions,
        .version_argv = from->version.command,
        .version_pattern = from->version.pattern,
        .run_argv = from->run.command,
        .env = from->environment,
        .mounts = from->mounts,
        .memory_patterns = from->run.memory_patterns,
        .limits = from->run.limits,
        .diagnose_argv = from->diagnose.command,
    };
    struct compile_section *compile = from->compile;
    struct sanitize_section *sanitize = from->sanitize;
    if (compile)
        move_compile(compile, &to);
    if (sanitize) {
        to.sanitize_argv = sanitize->command;
        to.sanitize_env = sanitize->environment;
        *sanitize = (struct sanitize_section){0};
    }
    *from = (struct definition){.compile = compile, .sanitize = sanitize};
    return to;
}

static void fill_defaults(struct language *language)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.*): an error, which would leave it unset, is always negative */
    if (language->extensions.count == 0) {
        const char *dot = strrchr(language->source, '.');
        language->extensions.items = xcalloc(1, sizeof *language->extensions.items);
        language->extensions.items[0] = xstrdup(dot ? dot : "");
        language->extensions.count = 1;
    }
#define FILL_LIMIT(member, field, fallback, least, cap) \
    if (language->compile_limits.member == 0)           \
        language->compile_limits.member = compile_limits_default.member;
    LIMITS(FILL_LIMIT)
#undef FILL_LIMIT
    if (language->compile_tmpfs_kb == 0)
        language->compile_tmpfs_kb = COMPILE_TMPFS_KB_DEFAULT;
}

static int definition_load(const struct yaml_source *source, struct str text, struct language *ret, struct error *err)
{
    struct complaint complaint = {0};
    const cyaml_config_t config = {.log_fn = hear,
                                   .log_ctx = &complaint,
                                   .mem_fn = cyaml_mem,
                                   .log_level = CYAML_LOG_ERROR,
                                   .flags = CYAML_CFG_NO_ALIAS};
    struct definition *definition = NULL;
    cyaml_err_t code = cyaml_load_data((const uint8_t *)text.data, text.len, &config, &definition_schema,
                                       (cyaml_data_t **)&definition, NULL);
    if (code != CYAML_OK)
        return complain(source, &complaint, code, err);
    if (!definition)
        return yaml_source_error(source, err, "", "the file is empty");
    *ret = move_definition(definition);
    cyaml_free(&config, &definition_schema, definition, 0);
    return 0;
}

int definition_parse(const char *label, struct str text, struct language *ret, struct error *err)
{
    struct yaml_source source;
    int r = yaml_source_load(label, text, &source, err);
    if (r < 0)
        return r;
    struct language language;
    r = definition_load(&source, text, &language, err);
    if (r == 0) {
        fill_defaults(&language);
        r = definition_validate(&source, &language, err);
        if (r < 0)
            language_release(&language);
        else
            *ret = language;
    }
    yaml_source_release(&source);
    return r;
}

void word_list_release(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct string_list){0};
}

void language_release(struct language *language)
{
    char *const texts[] = {language->name,   language->title,           language->package,
                           language->source, language->version_pattern, language->version,
                           language->reason};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    struct string_list *const lists[] = {
        &language->aliases,         &language->extensions,    &language->version_argv,  &language->compile_argv,
        &language->run_argv,        &language->env,           &language->mounts,        &language->option_patterns,
        &language->memory_patterns, &language->diagnose_argv, &language->sanitize_argv, &language->sanitize_env};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        word_list_release(lists[i]);
    *language = (struct language){0};
}
