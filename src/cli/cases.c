/* SPDX-License-Identifier: Apache-2.0 */
/* cases.c: see cases.h. */
#include "cli/cases.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"

enum { CASES_MAX = 100000 };

enum part { PART_IN, PART_OUT, PART_ANS, PART_COUNT };
static const char *const endings[PART_COUNT] = {".in", ".out", ".ans"};

/* One name and which of its files exist. */
struct found {
    char *name;
    bool parts[PART_COUNT];
};

struct finds {
    struct found *items;
    size_t count;
};

static void finds_release(struct finds *finds)
{
    for (size_t i = 0; i < finds->count; i++)
        free(finds->items[i].name);
    free(finds->items);
}

void cases_release(struct case_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].in);
        free(list->items[i].expected);
    }
    for (size_t i = 0; i < list->warning_count; i++)
        free(list->warnings[i]);
    free(list->warnings);
    free(list->items);
    *list = (struct case_list){0};
}

static void note_file(struct finds *finds, const char *file)
{
    size_t len = strlen(file);

    for (int part = 0; part < PART_COUNT; part++) {
        size_t ending = strlen(endings[part]);
        if (len <= ending || strcmp(file + len - ending, endings[part]) != 0)
            continue;
        finds->items = xrealloc(finds->items, (finds->count + 1) * sizeof(*finds->items));
        finds->items[finds->count] = (struct found){.name = str_dup((struct str){file, len - ending})};
        finds->items[finds->count++].parts[part] = true;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    int order = strverscmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->name, right->name);
}

/* After sorting, the files of one name are neighbours: makes one entry of them. */
static void merge(struct finds *finds)
{
    size_t kept = 0;

    for (size_t i = 0; i < finds->count; i++) {
        if (kept > 0 && strcmp(finds->items[kept - 1].name, finds->items[i].name) == 0) {
            for (int part = 0; part < PART_COUNT; part++)
                finds->items[kept - 1].parts[part] |= finds->items[i].parts[part];
            free(finds->items[i].name);
        } else {
            finds->items[kept++] = finds->items[i];
        }
    }
    finds->count = kept;
}

static void warn(struct case_list *list, char *warning)
{
    list->warnings = xrealloc(list->warnings, (list->warning_count + 1) * sizeof(*list->warnings));
    list->warnings[list->warning_count++] = warning;
}

static int add_case(struct case_list *list, const char *folder, const struct found *found, struct error *err)
{
    if (!found->parts[PART_IN]) {
        warn(list, xasprintf("%s: %s%s is left out: there is no %s.in", folder, found->name,
                             endings[found->parts[PART_OUT] ? PART_OUT : PART_ANS], found->name));
        return 0;
    }
    if (found->parts[PART_OUT] && found->parts[PART_ANS])
        return error_set(err, -EINVAL, "%s: %s has both .out and .ans", folder, found->name);

    const char *ending = found->parts[PART_OUT] ? ".out" : found->parts[PART_ANS] ? ".ans" : NULL;
    list->items = xrealloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = (struct case_files){
        .name = xstrdup(found->name),
        .in = xasprintf("%s/%s.in", folder, found->name),
        .expected = ending != NULL ? xasprintf("%s/%s%s", folder, found->name, ending) : NULL,
    };
    return 0;
}

/* May be meant so, or the answer has a name that nobody looks for. One line, however many there are. */
static void warn_of_missing_answers(struct case_list *list, const char *folder)
{
    const char *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].expected != NULL)
            continue;
        first = first != NULL ? first : list->items[i].name;
        count++;
    }
    if (count > 1)
        warn(list,
             xasprintf("%s: %s.in and %zu more have no answer (.out or .ans): only exit code 0 is expected of them",
                       folder, first, count - 1));
    else if (count == 1)
        warn(list, xasprintf("%s: %s.in has no answer (%s.out or %s.ans): only exit code 0 is expected of it", folder,
                             first, first, first));
}

static int find_files(const char *folder, struct finds *finds, struct error *err)
{
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return error_errno(err, -errno, "reading the folder %s", folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && finds->count < CASES_MAX;)
        note_file(finds, entry->d_name);
    closedir(dir);
    return 0;
}

int cases_list(const char *folder, struct case_list *ret, struct error *err)
{
    _cleanup_(finds_release) struct finds finds = {0};
    struct case_list list = {0};

    int r = find_files(folder, &finds, err);
    if (r < 0)
        return r;
    if (finds.count == 0)
        return error_set(err, -ENOENT, "%s holds no test case (NAME.in with NAME.out or NAME.ans)", folder);
    qsort(finds.items, finds.count, sizeof(*finds.items), by_name);
    merge(&finds);
    for (size_t i = 0; r == 0 && i < finds.count; i++)
        r = add_case(&list, folder, &finds.items[i], err);
    if (r == 0 && list.count == 0)
        r = error_set(err, -ENOENT, "%s holds no test case: %s", folder,
                      list.warnings != NULL ? list.warnings[0] : "every file was left out");
    if (r < 0) {
        cases_release(&list);
        return r;
    }
    warn_of_missing_answers(&list, folder);
    *ret = list;
    return 0;
}
