/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_languages.c: evalx languages: what this machine can run. As root the toolchains are asked in the sandbox, else plainly. */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/table.h"
#include "cli/toolchains.h"

struct languages_options {
    bool json, all;
};

static const struct option languages_table[] = {
    {.name = "all",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct languages_options, all),
     .help = "also those whose toolchain is missing"},
    {.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct languages_options, json), .help = "as JSON"},
};

static json_t *language_json(const struct language *language)
{
    json_t *aliases = json_array();
    _cleanup_(freep) char *install = language->available ? NULL : language_install_command(language);

    for (size_t i = 0; i < language->aliases.count; i++)
        json_array_append_new(aliases, json_string(language->aliases.items[i]));
    return json_pack("{s:s, s:s, s:o, s:s?, s:b, s:b, s:s*, s:s*}", "name", language->name, "title", language->title,
                     "aliases", aliases, "version", language->version, "compiled", language->compiled, "available",
                     language->available, "reason", language->reason, "install", install);
}

static void add_row(struct table *table, const struct language *language)
{
    _cleanup_(buf_release) struct buf aliases = BUF_INIT;
    _cleanup_(freep) char *install = language->available ? NULL : language_install_command(language);

    for (size_t i = 0; i < language->aliases.count; i++)
        buf_printf(&aliases, "%s%s", i > 0 ? ", " : "", language->aliases.items[i]);
    table_cell(table, language->available ? TABLE_GREEN : TABLE_RED, language->name, 0);
    table_cell(table, TABLE_PLAIN, language->available && language->version != NULL ? language->version : "-", 0);
    table_cell(table, TABLE_PLAIN, language->title, 0);
    table_cell(table, TABLE_DIM, buf_str(&aliases), 40);
    table_cell(table, TABLE_PLAIN, install != NULL ? install : "", 0);
}

static void print(const struct registry *registry, const struct languages_options *options)
{
    static const char *const headers[] = {"name", "version", "title", "aliases", "install with", NULL};
    static const char *const short_headers[] = {"name", "version", "title", "aliases", "", NULL};
    _cleanup_(table_freep) struct table *table = table_new(options->all ? headers : short_headers);
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    json_t *list = json_array();

    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct language *language = registry_at(registry, i);
        if (!language->available && !options->all)
            continue;
        json_array_append_new(list, language_json(language));
        add_row(table, language);
    }
    if (options->json) {
        print_json(json_pack("{s:o}", "languages", list));
    } else {
        json_decref(list);
        table_print(table, terminal_coloured(), terminal_width(), &out);
        fputs(buf_str(&out), stdout);
    }
}

static int run_languages(struct invocation *invocation)
{
    struct engine engine = {0};
    struct error err = ERROR_INIT;
    int r;

    invocation->config.slots = 1;
    if (geteuid() == 0) {
        r = engine_open(&invocation->config, &engine, &err);
        if (r == 0)
            r = engine_settle(&invocation->config, &engine, &err);
    } else {
        r = registry_load(invocation->config.languages_dir, &engine.registry, &err);
        if (r == 0)
            toolchains_discover(engine.registry, NULL, NULL);
    }
    if (r == 0)
        print(engine.registry, invocation->options);
    else
        print_error("%s", err.message);
    engine_close(&engine);
    return r == 0 ? EXIT_OK : EXIT_ENGINE;
}

const struct command command_languages = {
    .name = "languages",
    .usage = "[options]",
    .summary = "list the languages that this machine can run",
    .tables = {OPTION_TABLE(languages_table)},
    .options_size = sizeof(struct languages_options),
    .uses_config = true,
    .run = run_languages,
};
