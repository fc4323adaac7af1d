/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c: evalx doctor: everything that evalx needs of this machine, each checked by trying it, with the command that mends it.
 * First the kernel, then the sandbox as a whole (one slot is started), then every language's toolchain, asked inside that sandbox.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/engine.h"
#include "cli/paths.h"
#include "cli/state.h"
#include "cli/table.h"
#include "cli/toolchains.h"

/* The languages that every installation is expected to run; others that are missing are only warnings. */
static const char *const default_set[] = {
    "bash", "c", "cpp", "go", "java", "javascript", "php", "python", "ruby", "rust", "typescript",
};

struct doctor_options {
    bool json;
};

static const struct option doctor_table[] = {
    {.name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct doctor_options, json), .help = "as JSON"},
};

void checks_add(struct checks *checks, const char *name, enum check_state state, char *detail, const char *mend)
{
    checks->items = xrealloc(checks->items, (checks->count + 1) * sizeof(*checks->items));
    checks->items[checks->count++] = (struct check){.name = xstrdup(name),
                                                    .state = state,
                                                    .detail = detail,
                                                    .mend = state != CHECK_OK && mend != NULL ? xstrdup(mend) : NULL};
}

void checks_release(struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++) {
        free(checks->items[i].name);
        free(checks->items[i].detail);
        free(checks->items[i].mend);
    }
    free(checks->items);
    *checks = (struct checks){0};
}

static void check_state_folder(struct checks *checks, const struct config *config, const struct identity *identity)
{
    struct error err = ERROR_INIT;
    int r = state_prepare(config->state_dir, identity, &err);

    checks_add(checks, "state folder", r == 0 ? CHECK_OK : CHECK_FAILED,
               r == 0 ? xasprintf("%s, used as %s", config->state_dir, identity->name) : xstrdup(err.message),
               "choose another one with --state-dir");
}

static void check_jail(struct checks *checks, const struct config *config)
{
    bool found = access(config->sandbox_jail, X_OK) == 0;

    checks_add(checks, "evalx-jail", found ? CHECK_OK : CHECK_FAILED,
               found ? xstrdup(config->sandbox_jail)
                     : xasprintf("%s is missing or not executable", config->sandbox_jail),
               "make install (or name it with --jail)");
}

static void check_language(struct checks *checks, const struct language *language, bool required)
{
    _cleanup_(freep) char *name = xasprintf("language %s", language->name);
    _cleanup_(freep) char *install = language_install_command(language);

    if (language->available)
        checks_add(checks, name, CHECK_OK,
                   xasprintf("%s %s", language->title, language->version != NULL ? language->version : ""), NULL);
    else
        checks_add(checks, name, required ? CHECK_FAILED : CHECK_WARNING,
                   xstrdup(language->reason != NULL ? language->reason : "not available"), install);
}

static bool in_default_set(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(default_set); i++)
        if (strcmp(default_set[i], name) == 0)
            return true;
    return false;
}

/* The folder that came with evalx must be whole; what another one holds is its owner's choice. */
static bool came_with_evalx(const char *folder)
{
    _cleanup_(freep) char *own = path_languages();
    struct stat a, b;
    return stat(folder, &a) < 0 || (stat(own, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static void check_languages(struct checks *checks, const struct registry *registry, const char *folder)
{
    for (size_t i = 0; i < registry_count(registry); i++)
        check_language(checks, registry_at(registry, i), in_default_set(registry_at(registry, i)->name));
    if (!came_with_evalx(folder))
        return;
    for (size_t i = 0; i < ARRAY_LEN(default_set); i++) {
        bool defined = false;
        for (size_t j = 0; j < registry_count(registry); j++)
            defined |= strcmp(registry_at(registry, j)->name, default_set[i]) == 0;
        _cleanup_(freep) char *name = xasprintf("language %s", default_set[i]);
        if (!defined)
            checks_add(checks, name, CHECK_FAILED, xstrdup("no definition in languages_dir"),
                       "make install (or name the folder with --languages-dir)");
    }
}

/* What is weaker than it should be. A failure where evalx would not start because of it. */
static void check_weaknesses(struct checks *checks, const struct config *config, const struct jail *jail)
{
    struct weakness weakness;

    for (unsigned i = 0; jail_weakness(jail, i, &weakness); i++) {
        _cleanup_(freep) char *name = xasprintf("weaker: %s", weakness.name);
        bool refused = weakness.refuse && !config->sandbox_allow_degraded;
        checks_add(checks, name, refused ? CHECK_FAILED : CHECK_WARNING, xstrdup(weakness.text), weakness.mend);
    }
}

/* The sandbox as a whole and, in it, the toolchains; without it they are asked plainly. */
static void check_engine(struct checks *checks, struct config *config)
{
    struct engine engine = {0};
    struct error err = ERROR_INIT;

    config->slots = 1;
    int r = engine_try(config, &engine, &err);
    if (r == 0) {
        unsigned version = jail_cgroup_version(engine.jail);
        checks_add(checks, "sandbox", CHECK_OK,
                   version > 0 ? xasprintf("starts; cgroup version %u, user namespace %s", version,
                                           jail_user_namespace(engine.jail) ? "yes" : "no")
                               : xasprintf("starts, but without a control group: %s", jail_uncounted(engine.jail)),
                   NULL);
        check_weaknesses(checks, config, engine.jail);
    } else
        checks_add(checks, "sandbox", CHECK_FAILED, xstrdup(err.message), "mend what is said above first");

    if (r == 0 && engine_settle(config, &engine, &err) < 0)
        checks_add(checks, "unprivileged user", CHECK_FAILED, xstrdup(err.message), "name a user with --user");
    else if (r < 0 && engine.registry != NULL)
        toolchains_discover(engine.registry, NULL, NULL);
    if (engine.registry != NULL)
        check_languages(checks, engine.registry, config->languages_dir);
    engine_close(&engine);
}

static const char *const state_names[] = {[CHECK_OK] = "ok", [CHECK_WARNING] = "warning", [CHECK_FAILED] = "failed"};

static json_t *checks_json(const struct checks *checks, bool healthy)
{
    json_t *list = json_array();

    for (size_t i = 0; i < checks->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "name", checks->items[i].name, "state",
                                              state_names[checks->items[i].state], "detail", checks->items[i].detail,
                                              "mend", checks->items[i].mend));
    return json_pack("{s:b, s:o}", "ok", healthy, "checks", list);
}

static void print_checks(const struct checks *checks, size_t failed)
{
    static const enum table_colour colours[] = {
        [CHECK_OK] = TABLE_GREEN, [CHECK_WARNING] = TABLE_YELLOW, [CHECK_FAILED] = TABLE_RED};
    static const char *const headers[] = {"state", "check", "found", NULL};
    _cleanup_(table_freep) struct table *table = table_new(headers);
    _cleanup_(buf_release) struct buf out = BUF_INIT;

    for (size_t i = 0; i < checks->count; i++) {
        const struct check *check = &checks->items[i];
        table_cell(table, colours[check->state], state_names[check->state], 0);
        table_cell(table, TABLE_PLAIN, check->name, 0);
        table_cell(table, TABLE_PLAIN, check->detail, 0);
        if (check->mend == NULL)
            continue;
        _cleanup_(freep) char *mend = xasprintf("mend: %s", check->mend);
        table_cell(table, TABLE_PLAIN, "", 0);
        table_cell(table, TABLE_PLAIN, "", 0);
        table_cell(table, TABLE_YELLOW, mend, 0);
    }
    table_print(table, terminal_coloured(), 0, &out);
    fputs(buf_str(&out), stdout);
    if (failed == 0)
        puts("\nThis machine can run evalx.");
    else
        printf("\n%zu of %zu checks failed.\n", failed, checks->count);
}

static int run_doctor(struct invocation *invocation)
{
    const struct doctor_options *options = invocation->options;
    _cleanup_(checks_release) struct checks checks = {0};
    struct identity identity = {0};
    struct error err = ERROR_INIT;
    size_t failed = 0;

    doctor_kernel(&checks);
    check_jail(&checks, &invocation->config);
    if (identity_find(invocation->config.user, &identity, &err) == 0) {
        doctor_jail(&checks, &invocation->config, &identity);
        check_state_folder(&checks, &invocation->config, &identity);
    } else
        checks_add(&checks, "unprivileged user", CHECK_FAILED, xstrdup(err.message), "name a user with --user");
    check_engine(&checks, &invocation->config);
    for (size_t i = 0; i < checks.count; i++)
        failed += checks.items[i].state == CHECK_FAILED;
    if (options->json)
        print_json(checks_json(&checks, failed == 0));
    else
        print_checks(&checks, failed);
    return failed == 0 ? EXIT_OK : EXIT_TESTS_FAILED;
}

const struct command command_doctor = {
    .name = "doctor",
    .usage = "[options]",
    .summary = "check what this machine lacks, and say how to mend it",
    .tables = {OPTION_TABLE(doctor_table)},
    .options_size = sizeof(struct doctor_options),
    .uses_config = true,
    .run = run_doctor,
};
