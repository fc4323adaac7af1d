/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_config.c: evalx config: every setting, its value here and now, and where that came from. The output is itself a valid evalx.yaml. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/command.h"

struct config_options {
    bool json;
};

static const struct option config_table[] = {
    {.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct config_options, json), .help = "as JSON"},
};

static const char *const source_names[] = {
    [CONFIG_FROM_DEFAULT] = "default",
    [CONFIG_FROM_FILE] = "file",
    [CONFIG_FROM_ENVIRONMENT] = "environment",
    [CONFIG_FROM_FLAG] = "flag",
};

/* A URL without the user and the password in it. */
static void print_url(const char *url, struct buf *out)
{
    const char *scheme = strstr(url, "://"), *host = strrchr(url, '@');

    if (scheme != NULL && host != NULL && host > scheme)
        buf_printf(out, "\"%.*s***%s\"", (int)(scheme + 3 - url), url, host);
    else
        buf_printf(out, "%s", url);
}

/* Whoever may read what evalx prints need not be able to sign, or to reach the store. */
static void print_value(const struct config *config, size_t id, struct buf *out)
{
    if (id == CONFIG_KEY_webhook_secret)
        buf_append_str(out, config->webhook_secret.count > 0 ? "[not shown]" : "[]");
    else if (id == CONFIG_KEY_store_url && strchr(config->store_url, '@') != NULL)
        print_url(config->store_url, out);
    else
        config_print_value(config, &config_keys[id], out);
}

static json_t *key_json(const struct config *config, size_t id)
{
    _cleanup_(buf_release) struct buf value = BUF_INIT;
    _cleanup_(freep) char *variable = config_key_variable(&config_keys[id]);

    print_value(config, id, &value);
    json_t *json = json_pack("{s:o, s:s, s:s*, s:s, s:s}", "value", json_text(buf_str(&value), value.len, NULL),
                             "source", source_names[config->origins[id].source], "where", config->origins[id].where,
                             "environment", variable, "help", config_keys[id].help);
    return json;
}

static void print_line(const struct config *config, size_t id)
{
    _cleanup_(buf_release) struct buf line = BUF_INIT;

    buf_printf(&line, "%s: ", config_keys[id].name);
    print_value(config, id, &line);
    printf("%-50s # %s\n", buf_str(&line),
           config->origins[id].where != NULL ? config->origins[id].where : source_names[config->origins[id].source]);
}

static int run_config(struct invocation *invocation)
{
    const struct config_options *options = invocation->options;
    json_t *all = json_object();

    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (options->json)
            json_object_set_new(all, config_keys[i].name, key_json(&invocation->config, i));
        else
            print_line(&invocation->config, i);
    }
    if (options->json)
        print_json(all);
    else
        json_decref(all);
    return EXIT_OK;
}

const struct command command_config = {
    .name = "config",
    .usage = "[options]",
    .summary = "show the settings in force and where each came from",
    .tables = {OPTION_TABLE(config_table)},
    .options_size = sizeof(struct config_options),
    .uses_config = true,
    .run = run_config,
};
