/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c: the table of settings and the typed values behind it. Where values come from is config_load.c's and
 * config_yaml.c's matter: everything ends in config_set, which alone knows types and ranges.
 */
#include "cli/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/value.h"
#include "model/strings.h"

const struct config_key config_keys[CONFIG_KEY_COUNT] = {
#define CONFIG_KEY_ENTRY(type_, member, name_, fallback_, least_, most_, flag_, value_, help_) \
    [CONFIG_KEY_##member] = {.name = (name_),                                                  \
                             .type = CONFIG_##type_,                                           \
                             .fallback = (fallback_),                                          \
                             .least = (least_),                                                \
                             .most = (most_),                                                  \
                             .flag = (flag_),                                                  \
                             .value = (value_),                                                \
                             .help = (help_),                                                  \
                             .offset = offsetof(struct config, member)},
    CONFIG_KEYS(CONFIG_KEY_ENTRY)
#undef CONFIG_KEY_ENTRY
#define CONFIG_LIMIT_ENTRY(member, field, fallback_, least_, cap_)                             \
    [CONFIG_KEY_limit_##member] = {.name = "limits." field,                                    \
                                   .type = CONFIG_LIMIT,                                       \
                                   .fallback = #fallback_,                                     \
                                   .least = (least_),                                          \
                                   .most = INT64_C(1) << 40,                                   \
                                   .help = "what a run may use when the request does not say", \
                                   .offset = offsetof(struct config, limits.member)},          \
    [CONFIG_KEY_max_##member] = {.name = "limits.max_" field,                                  \
                                 .type = CONFIG_LIMIT,                                         \
                                 .fallback = #cap_,                                            \
                                 .least = (least_),                                            \
                                 .most = INT64_C(1) << 40,                                     \
                                 .help = "the most that a request may ask for",                \
                                 .offset = offsetof(struct config, max_limits.member)},
        LIMITS(CONFIG_LIMIT_ENTRY)
#undef CONFIG_LIMIT_ENTRY
};

static void *config_at(struct config *config, const struct config_key *key)
{
    return (char *)config + key->offset;
}

static const void *config_at_const(const struct config *config, const struct config_key *key)
{
    return (const char *)config + key->offset;
}

/* "json|text" holds "text" */
static bool choice_holds(const char *choices, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = choices; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0') && len > 0)
            return true;
    }
    return false;
}

static int range_check(const struct config_key *key, int64_t value, struct error *err)
{
    if (value >= key->least && value <= key->most)
        return 0;

    _cleanup_(buf_release) struct buf least = BUF_INIT, most = BUF_INIT;
    void (*print)(int64_t, struct buf *) = key->type == CONFIG_DURATION ? value_print_duration
                                           : key->type == CONFIG_SIZE   ? value_print_size
                                                                        : NULL;
    if (print != NULL) {
        print(key->least, &least);
        print(key->most, &most);
    } else {
        buf_printf(&least, "%" PRId64, key->least);
        buf_printf(&most, "%" PRId64, key->most);
    }
    return error_set(err, -EINVAL, "must be between %s and %s", buf_str(&least), buf_str(&most));
}

static int number_read(const struct config_key *key, const char *text, int64_t *ret, struct error *err)
{
    int64_t value = 0;
    int r = key->type == CONFIG_DURATION ? value_duration(text, &value, err)
            : key->type == CONFIG_SIZE   ? value_size(text, &value, err)
            : key->type == CONFIG_LIMIT  ? value_limit(key->name, text, &value, err)
                                         : value_integer(text, &value, err);
    if (r < 0)
        return r;
    r = range_check(key, value, err);
    if (r < 0)
        return r;
    *ret = value;
    return 0;
}

static int scalar_set(struct config *config, const struct config_key *key, const char *text, struct error *err)
{
    void *member = config_at(config, key);

    if (key->type == CONFIG_BOOL)
        return value_bool(text, member, err);
    if (key->type != CONFIG_STRING && key->type != CONFIG_CHOICE)
        return number_read(key, text, member, err);

    if (key->type == CONFIG_CHOICE && !choice_holds(key->value, text))
        return error_set(err, -EINVAL, "must be one of %s, not \"%s\"", key->value, text);
    char **string = member;
    free(*string);
    *string = xstrdup(text);
    return 0;
}

static void list_set(struct string_list *list, const char *const *values, size_t count)
{
    strings_release(list);
    for (size_t i = 0; i < count; i++)
        if (values[i][0] != '\0')
            strings_add(list, str_of(values[i]));
}

int config_set(struct config *config, const struct config_key *key, const char *const *values, size_t count,
               enum config_source source, const char *where, struct error *err)
{
    size_t id = (size_t)(key - config_keys);

    if (key->type == CONFIG_LIST) {
        list_set(config_at(config, key), values, count);
    } else {
        int r = count == 1 ? scalar_set(config, key, values[0], err)
                           : error_set(err, -EINVAL, "must be one value, not a list");
        if (r < 0)
            return error_wrap(err, r, "%s%s%s", where != NULL ? where : "", where != NULL ? ": " : "", key->name);
    }
    free(config->origins[id].where);
    config->origins[id].where = where != NULL ? xstrdup(where) : NULL;
    config->origins[id].source = source;
    return 0;
}

int config_set_text(struct config *config, const struct config_key *key, const char *text, enum config_source source,
                    const char *where, struct error *err)
{
    if (key->type != CONFIG_LIST)
        return config_set(config, key, &text, 1, source, where, err);

    _cleanup_(freep) char *copy = xstrdup(text);
    _cleanup_(freep) const char **items = xcalloc(strlen(text) + 1, sizeof(*items));
    size_t count = 0;
    char *rest = copy;
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        while (isspace((unsigned char)*item))
            item++;
        for (size_t len = strlen(item); len > 0 && isspace((unsigned char)item[len - 1]); len--)
            item[len - 1] = '\0';
        items[count++] = item;
    }
    return config_set(config, key, items, count, source, where, err);
}

int config_init(struct config *config, struct error *err)
{
    int r = 0;

    *config = (struct config){0};
    for (size_t i = 0; r == 0 && i < CONFIG_KEY_COUNT; i++)
        r = config_set_text(config, &config_keys[i], config_keys[i].fallback, CONFIG_FROM_DEFAULT, NULL, err);
    return r;
}

void config_release(struct config *config)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        void *member = config_at(config, &config_keys[i]);
        if (config_keys[i].type == CONFIG_STRING || config_keys[i].type == CONFIG_CHOICE)
            free(*(char **)member);
        else if (config_keys[i].type == CONFIG_LIST)
            strings_release(member);
        free(config->origins[i].where);
    }
    strings_release(&config->warnings);
    *config = (struct config){0};
}

/* Only the form: whether it can be listened on shows later. */
static bool is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    int64_t port = -1;

    if (strncmp(text, "unix:", 5) == 0)
        return text[5] != '\0';
    return colon != NULL && colon != text && value_integer(colon + 1, &port, NULL) == 0 && port >= 0 && port <= 65535;
}

static size_t id_of(const char *prefix, const char *field)
{
    _cleanup_(freep) char *name = xasprintf("%s%s", prefix, field);
    return (size_t)(config_key_find(name) - config_keys);
}

/* For people: where the value of a limit comes from. */
static const char *origin_of(const struct config *config, const char *prefix, const char *field)
{
    const char *where = config->origins[id_of(prefix, field)].where;
    return where != NULL ? where : "default";
}

void config_cut_defaults(struct config *config)
{
    for (size_t i = 0; i < limit_field_count; i++) {
        int64_t cap = limits_get(&config->max_limits, &limit_fields[i]);
        if (config->origins[id_of("limits.", limit_fields[i].name)].source == CONFIG_FROM_DEFAULT &&
            limits_get(&config->limits, &limit_fields[i]) > cap)
            *limits_at(&config->limits, &limit_fields[i]) = cap;
    }
}

int config_check(const struct config *config, struct error *err)
{
    if (!is_address(config->listen))
        return error_set(err, -EINVAL, "listen: must be HOST:PORT or unix:PATH, not \"%s\"", config->listen);
    if (*config->hints_ai_url && !*config->hints_ai_model)
        return error_set(err, -EINVAL, "hints.ai.model: must be given with hints.ai.url");
    for (size_t i = 0; i < limit_field_count; i++) {
        int64_t value = limits_get(&config->limits, &limit_fields[i]),
                cap = limits_get(&config->max_limits, &limit_fields[i]);
        if (value > cap)
            return error_set(err, -EINVAL,
                             "limits.%s is %" PRId64 " (%s), above limits.max_%s, which is %" PRId64 " (%s)",
                             limit_fields[i].name, value, origin_of(config, "limits.", limit_fields[i].name),
                             limit_fields[i].name, cap, origin_of(config, "limits.max_", limit_fields[i].name));
    }
    return 0;
}

const struct config_key *config_key_find(const char *name)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    return NULL;
}

const struct config_key *config_key_of_flag(const char *flag)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (config_keys[i].flag != NULL && strcmp(config_keys[i].flag, flag) == 0)
            return &config_keys[i];
    return NULL;
}

char *config_key_variable(const struct config_key *key)
{
    char *variable = xasprintf("EVALX_%s", key->name);

    for (char *c = variable; *c != '\0'; c++)
        *c = *c == '.' || *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return variable;
}

/* A YAML scalar that reads back as the same string. */
static void print_scalar(const char *text, struct buf *out)
{
    if (text[0] != '\0' &&
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:-") == strlen(text)) {
        buf_append_str(out, text);
        return;
    }
    buf_append_char(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_append_char(out, '\\');
        buf_append_char(out, *text);
    }
    buf_append_char(out, '"');
}

void config_print_value(const struct config *config, const struct config_key *key, struct buf *out)
{
    const void *member = config_at_const(config, key);

    if (key->type == CONFIG_STRING || key->type == CONFIG_CHOICE) {
        print_scalar(*(char *const *)member, out);
    } else if (key->type == CONFIG_BOOL) {
        buf_append_str(out, *(const bool *)member ? "true" : "false");
    } else if (key->type == CONFIG_DURATION) {
        value_print_duration(*(const int64_t *)member, out);
    } else if (key->type == CONFIG_SIZE) {
        value_print_size(*(const int64_t *)member, out);
    } else if (key->type == CONFIG_LIST) {
        const struct string_list *list = member;
        buf_append_char(out, '[');
        for (size_t i = 0; i < list->count; i++) {
            buf_append_str(out, i > 0 ? ", " : "");
            print_scalar(list->items[i], out);
        }
        buf_append_char(out, ']');
    } else {
        buf_printf(out, "%" PRId64, *(const int64_t *)member);
    }
}
