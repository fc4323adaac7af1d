/* SPDX-License-Identifier: Apache-2.0 */
/* config_load.c: the layers of the configuration, in their order, and the defaults that depend on the machine. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/nearest.h"
#include "cli/paths.h"
#include "model/strings.h"

/* Variables that mean something without being settings: of evalx submit, of this file, and what Kubernetes sets for a service called evalx. */
static const char *const other_variables[] = {"EVALX_SERVER", "EVALX_API_KEY", "EVALX_CONFIG"};
static const char *const other_prefixes[] = {"EVALX_PORT", "EVALX_SERVICE_", "EVALX_TEST_"};

static bool is_other_variable(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(other_variables); i++)
        if (strcmp(name, other_variables[i]) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_LEN(other_prefixes); i++)
        if (strncmp(name, other_prefixes[i], strlen(other_prefixes[i])) == 0)
            return true;
    return false;
}

static void warn_unknown_variable(struct config *config, const char *name)
{
    char *variables[CONFIG_KEY_COUNT];
    struct nearest nearest = {.word = name};

    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        variables[i] = config_key_variable(&config_keys[i]);
        nearest_offer(&nearest, variables[i]);
    }
    _cleanup_(freep) char *message = nearest.best != NULL
                                         ? xasprintf("unknown variable %s; did you mean %s?", name, nearest.best)
                                         : xasprintf("unknown variable %s", name);
    strings_add(&config->warnings, str_of(message));
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        free(variables[i]);
}

/* An empty variable counts as not set. */
static int read_variable(struct config *config, const char *name, const char *value, struct error *err)
{
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        _cleanup_(freep) char *variable = config_key_variable(&config_keys[i]);
        if (strcmp(variable, name) == 0)
            return value[0] == '\0'
                       ? 0
                       : config_set_text(config, &config_keys[i], value, CONFIG_FROM_ENVIRONMENT, name, err);
    }
    if (!is_other_variable(name))
        warn_unknown_variable(config, name);
    return 0;
}

int config_read_environment(struct config *config, const char *const *environment, struct error *err)
{
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (strncmp(*environment, "EVALX_", 6) != 0 || equals == NULL)
            continue;
        _cleanup_(freep) char *name = str_dup((struct str){*environment, (size_t)(equals - *environment)});
        int r = read_variable(config, name, equals + 1, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static const char *variable_value(const char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (; environment != NULL && *environment != NULL; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    return NULL;
}

static const char *config_file(const struct config_sources *sources)
{
    static const char *const places[] = {"evalx.yaml", "/etc/evalx/evalx.yaml"};
    const char *named = sources->file != NULL ? sources->file : variable_value(sources->environment, "EVALX_CONFIG");

    if (named != NULL)
        return named;
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (access(places[i], F_OK) == 0)
            return places[i];
    return NULL;
}

static void replace(char **string, char *value)
{
    free(*string);
    *string = value;
}

static int64_t core_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    return MAX(1, sysconf(_SC_NPROCESSORS_ONLN));
}

/* Fills what was left to the machine. */
static void resolve(struct config *config)
{
    if (config->state_dir[0] == '\0')
        replace(&config->state_dir, xstrdup(geteuid() == 0 ? "/var/lib/evalx" : "./var"));
    if (config->store_url[0] == '\0')
        replace(&config->store_url, xasprintf("sqlite:%s/evalx.db", config->state_dir));
    if (config->slots == 0)
        config->slots = MIN(core_count(), 128);
    if (config->hints_dir[0] == '\0')
        replace(&config->hints_dir, path_hints());
    if (config->languages_dir[0] == '\0')
        replace(&config->languages_dir, path_languages());
    if (config->sandbox_jail[0] == '\0')
        replace(&config->sandbox_jail, path_jail());
}

int config_load(const struct config_sources *sources, struct config *ret, struct error *err)
{
    const char *file = config_file(sources);
    int r = config_init(ret, err);

    if (r == 0 && file != NULL)
        r = config_read_file(ret, file, err);
    if (r == 0)
        r = config_read_environment(ret, sources->environment, err);
    for (size_t i = 0; r == 0 && i < sources->override_count; i++) {
        const struct config_override *override = &sources->overrides[i];
        r = config_set_text(ret, override->key, override->value, CONFIG_FROM_FLAG, override->flag, err);
    }
    if (r == 0) {
        config_cut_defaults(ret);
        r = config_check(ret, err);
    }
    if (r == 0)
        resolve(ret);
    return r;
}
