/* SPDX-License-Identifier: Apache-2.0 */
/* rule_folder.c: the rules of a folder, a file for each language. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "hints/rules.h"

enum { RULE_FILE_MAX = 1 << 20 };

static int is_rule_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static int by_byte(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_one(struct hint_rules *rules, const char *folder, const char *name, struct error *err)
{
    _cleanup_(freep) char *path = xasprintf("%s/%s", folder, name);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    struct rule_file *file = &rules->files[rules->count];

    int r = fd_read_file(AT_FDCWD, path, RULE_FILE_MAX, &text);
    if (r < 0)
        return error_errno(err, r, "reading %s", path);
    r = rule_file_parse(path, buf_view(&text), file, err);
    if (r < 0)
        return r;
    rules->count++;
    if (strncmp(name, file->language, strlen(name) - 5) != 0 || strlen(file->language) != strlen(name) - 5)
        return error_set(err, -EINVAL, "%s:1: language \"%s\" must be the name of its file", path, file->language);
    return 0;
}

int hint_rules_load(const char *folder, struct hint_rules **ret, struct error *err)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_rule_file, by_byte), r = 0;

    if (count < 0)
        return error_errno(err, -errno, "reading the folder %s", folder);
    struct hint_rules *rules = xcalloc(1, sizeof(*rules));
    rules->files = xcalloc((size_t)count + 1, sizeof(*rules->files));
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = load_one(rules, folder, names[i]->d_name, err);
        free(names[i]);
    }
    free(names);
    if (r < 0)
        hint_rules_free(rules);
    else
        *ret = rules;
    return r;
}
