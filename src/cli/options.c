/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: see options.h. */
#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/value.h"

enum { HELP_COLUMN = 30 };

void texts_add(struct texts *texts, const char *item)
{
    texts->items = xrealloc(texts->items, (texts->count + 1) * sizeof(*texts->items));
    texts->items[texts->count++] = item;
}

void texts_release(struct texts *texts)
{
    free(texts->items);
    *texts = (struct texts){0};
}

void arguments_release(struct arguments *arguments)
{
    texts_release(&arguments->operands);
    free(arguments->overrides);
    *arguments = (struct arguments){0};
}

/* One parse under way. */
struct parsing {
    const struct option_table *tables;
    bool with_config;
    int argc;
    char **argv;
    int at;
    void *options;
    struct arguments *arguments;
    struct error *err;
};

/* An argument "--name" or "--name=value" taken apart. */
struct flag {
    char *name;
    const char *written; /* the whole argument */
    const char *value;   /* NULL: none attached */
};

const struct option *options_find(const struct option_table tables[OPTION_TABLES_MAX], const char *name)
{
    for (size_t t = 0; t < OPTION_TABLES_MAX; t++)
        for (size_t i = 0; i < tables[t].count; i++)
            if (strcmp(tables[t].options[i].name, name) == 0)
                return &tables[t].options[i];
    return NULL;
}

static int unknown_option(const struct parsing *parsing, const struct flag *flag)
{
    struct nearest nearest = {.word = flag->name};

    for (size_t t = 0; t < OPTION_TABLES_MAX; t++)
        for (size_t i = 0; i < parsing->tables[t].count; i++)
            nearest_offer(&nearest, parsing->tables[t].options[i].name);
    for (size_t i = 0; parsing->with_config && i < CONFIG_KEY_COUNT; i++)
        if (config_keys[i].flag != NULL)
            nearest_offer(&nearest, config_keys[i].flag);
    if (nearest.best != NULL)
        return error_set(parsing->err, -EINVAL, "unknown option --%s; did you mean --%s?", flag->name, nearest.best);
    return error_set(parsing->err, -EINVAL, "unknown option --%s", flag->name);
}

/* The flag's value: attached, or the next argument. NULL, and the error is set, when there is none. */
static const char *take_value(struct parsing *parsing, const struct flag *flag)
{
    if (flag->value != NULL)
        return flag->value;
    if (parsing->at < parsing->argc)
        return parsing->argv[parsing->at++];
    error_set(parsing->err, -EINVAL, "option --%s needs a value", flag->name);
    return NULL;
}

static int own_option(struct parsing *parsing, const struct option *option, const struct flag *flag)
{
    void *member = (char *)parsing->options + option->offset;

    if (option->kind == OPTION_FLAG) {
        if (flag->value != NULL)
            return error_set(parsing->err, -EINVAL, "option --%s takes no value", flag->name);
        *(bool *)member = true;
        return 0;
    }
    const char *value = take_value(parsing, flag);
    if (value == NULL)
        return -EINVAL;
    if (option->kind == OPTION_TEXT) {
        *(const char **)member = value;
    } else if (option->kind == OPTION_TEXTS) {
        texts_add(member, value);
    } else {
        int64_t limit = 0;
        int r = value_limit(option->limit, value, &limit, parsing->err);
        if (r == 0 && limit <= 0)
            r = error_set(parsing->err, -EINVAL, "must be positive");
        if (r < 0)
            return error_wrap(parsing->err, r, "--%s", flag->name);
        *(int64_t *)member = limit;
    }
    return 0;
}

static void add_override(struct arguments *arguments, const struct config_key *key, const char *value, const char *flag)
{
    arguments->overrides =
        xrealloc(arguments->overrides, (arguments->override_count + 1) * sizeof(*arguments->overrides));
    arguments->overrides[arguments->override_count++] =
        (struct config_override){.key = key, .value = value, .flag = flag};
}

/* --set KEY=VALUE */
static int set_option(struct parsing *parsing, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (equals == NULL)
        return error_set(parsing->err, -EINVAL, "option --set takes KEY=VALUE, not \"%s\"", assignment);

    _cleanup_(freep) char *name = str_dup((struct str){assignment, (size_t)(equals - assignment)});
    const struct config_key *key = config_key_find(name);
    if (key != NULL) {
        add_override(parsing->arguments, key, equals + 1, "--set");
        return 0;
    }
    struct nearest nearest = {.word = name};
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        nearest_offer(&nearest, config_keys[i].name);
    return error_set(parsing->err, -EINVAL, "--set: unknown key \"%s\"%s%s%s", name,
                     nearest.best != NULL ? "; did you mean \"" : "", nearest.best != NULL ? nearest.best : "",
                     nearest.best != NULL ? "\"?" : "");
}

static int config_option(struct parsing *parsing, const struct flag *flag)
{
    const struct config_key *key = config_key_of_flag(flag->name);
    bool is_file = strcmp(flag->name, "config") == 0, is_set = strcmp(flag->name, "set") == 0;

    if (key == NULL && !is_file && !is_set)
        return unknown_option(parsing, flag);
    const char *value = take_value(parsing, flag);
    if (value == NULL)
        return -EINVAL;
    if (is_set)
        return set_option(parsing, value);
    if (is_file)
        parsing->arguments->config_file = value;
    else
        add_override(parsing->arguments, key, value, flag->written);
    return 0;
}

static int parse_flag(struct parsing *parsing, const char *argument)
{
    const char *equals = strchr(argument, '=');
    _cleanup_(freep) char *name =
        str_dup((struct str){argument + 2, equals != NULL ? (size_t)(equals - argument - 2) : strlen(argument + 2)});
    struct flag flag = {.name = name, .written = argument, .value = equals != NULL ? equals + 1 : NULL};
    const struct option *option = options_find(parsing->tables, name);

    if (strcmp(name, "help") == 0) {
        parsing->arguments->help = true;
        return 0;
    }
    if (option != NULL)
        return own_option(parsing, option, &flag);
    return parsing->with_config ? config_option(parsing, &flag) : unknown_option(parsing, &flag);
}

int options_parse(const struct option_table tables[OPTION_TABLES_MAX], bool with_config, int argc, char **argv,
                  void *options, struct arguments *ret, struct error *err)
{
    struct parsing parsing = {.tables = tables,
                              .with_config = with_config,
                              .argc = argc,
                              .argv = argv,
                              .options = options,
                              .arguments = ret,
                              .err = err};
    bool only_operands = false;

    while (parsing.at < argc) {
        const char *argument = argv[parsing.at++];
        if (!only_operands && strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(argument, "--", 2) == 0) {
            int r = parse_flag(&parsing, argument);
            if (r < 0)
                return r;
        } else if (!only_operands && strcmp(argument, "-h") == 0) {
            ret->help = true;
        } else if (!only_operands && argument[0] == '-' && argument[1] != '\0') {
            return error_set(err, -EINVAL, "unknown option %s", argument);
        } else {
            texts_add(&ret->operands, argument);
        }
    }
    return 0;
}

void options_release(const struct option_table tables[OPTION_TABLES_MAX], void *options)
{
    for (size_t t = 0; t < OPTION_TABLES_MAX; t++)
        for (size_t i = 0; i < tables[t].count; i++)
            if (tables[t].options[i].kind == OPTION_TEXTS)
                texts_release((struct texts *)((char *)options + tables[t].options[i].offset));
}

static void help_line(struct buf *out, const char *name, const char *value, const char *help)
{
    _cleanup_(freep) char *left = xasprintf("  --%s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");

    if (strlen(left) >= HELP_COLUMN)
        buf_printf(out, "%s\n%*s%s\n", left, HELP_COLUMN, "", help);
    else
        buf_printf(out, "%-*s%s\n", HELP_COLUMN, left, help);
}

void options_help(const struct option_table tables[OPTION_TABLES_MAX], struct buf *out)
{
    for (size_t t = 0; t < OPTION_TABLES_MAX; t++)
        for (size_t i = 0; i < tables[t].count; i++)
            help_line(out, tables[t].options[i].name, tables[t].options[i].value, tables[t].options[i].help);
}

void options_config_help(struct buf *out)
{
    help_line(out, "config", "FILE", "read settings from FILE; default ./evalx.yaml or /etc/evalx/evalx.yaml");
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (config_keys[i].flag != NULL)
            help_line(out, config_keys[i].flag, config_keys[i].value, config_keys[i].help);
    help_line(out, "set", "KEY=VALUE", "any other setting (all of them: evalx config)");
}
