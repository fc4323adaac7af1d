/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h: command lines from tables. A command describes its options once; parsing and `evalx help` follow.
 *
 * Accepted forms: --name, --name VALUE, --name=VALUE, "--" ends options, operands anywhere. Members that options_parse fills
 * point into argv.
 */
#ifndef EVALX_CLI_OPTIONS_H
#define EVALX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/config.h"

struct texts {
    const char **items;
    size_t count;
};
void texts_add(struct texts *texts, const char *item);
void texts_release(struct texts *texts);

enum option_kind {
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char * */
    OPTION_TEXTS, /* struct texts; may be given several times */
    OPTION_LIMIT, /* int64_t, read by value_limit */
};

struct option {
    const char *name; /* without "--" */
    enum option_kind kind;
    size_t offset;     /* in the command's options */
    const char *value; /* for help: "FILE"; NULL for OPTION_FLAG */
    const char *help;
    const char *limit; /* OPTION_LIMIT: the API's field */
};

struct option_table {
    const struct option *options;
    size_t count;
};
enum { OPTION_TABLES_MAX = 2 };
#define OPTION_TABLE(array)                           \
    {                                                 \
        .options = (array), .count = ARRAY_LEN(array) \
    }

/* What the command line said, besides the command's own options. */
struct arguments {
    struct texts operands;
    bool help;
    const char *config_file;
    struct config_override *overrides;
    size_t override_count;
};
void arguments_release(struct arguments *arguments);

/*
 * Reads argv[0..argc) (without the command's name). with_config: flags of CONFIG_KEYS, --config FILE and --set KEY=VALUE are
 * accepted too. -EINVAL with a message that names the nearest option. Release both also after a failure.
 */
int options_parse(const struct option_table tables[OPTION_TABLES_MAX], bool with_config, int argc, char **argv,
                  void *options, struct arguments *ret, struct error *err);
const struct option *options_find(const struct option_table tables[OPTION_TABLES_MAX], const char *name); /* NULL */
void options_release(const struct option_table tables[OPTION_TABLES_MAX], void *options);

/* Appends one line an option. */
void options_help(const struct option_table tables[OPTION_TABLES_MAX], struct buf *out);
void options_config_help(struct buf *out);

#endif
