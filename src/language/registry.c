/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c: the folder of languages, and looking one up.
 *
 * A language is data: one YAML file says what it is called, what the toolchain's package is, and which commands compile and run
 * a program. From file to command:
 *
 *   registry_load      each NAME.yaml through definition.c (form, schema, meaning); names and aliases unique across the folder.
 *                      A mistake in any file is an error with file and line: an operator wants to hear of it at start-up.
 *   registry_discover  (discover.c) runs every version command where programs will run. A toolchain that is not there makes
 *                      its language unavailable, with the command that installs it, and is never an error.
 *   registry_find      by name or alias, for a submission.
 *   language_command   (command.c) placeholders filled in, ready for the box. No shell anywhere.
 *
 * After discovery a registry never changes, so threads share it without locks. It holds no descriptors and no state that a
 * crash could lose.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>

#include "base/fd.h"
#include "language/internal.h"

struct registry {
    struct language *languages; /* sorted by name */
    size_t count;
    char **mounts; /* NULL-terminated; the strings belong to the languages */
};

static bool ends_in(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* .yml is no language's file, but must be refused rather than overlooked. */
static int is_language_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && (ends_in(entry->d_name, ".yaml") || ends_in(entry->d_name, ".yml"));
}

static int by_byte(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_file(const char *path, struct buf *text, struct error *err)
{
    int r = fd_read_file(AT_FDCWD, path, LANGUAGE_FILE_MAX, text);
    if (r == -EFBIG)
        return error_set(err, r, "%s: larger than %d bytes", path, LANGUAGE_FILE_MAX);
    return r < 0 ? error_errno(err, r, "reading %s", path) : 0;
}

/* A complaint about a value of a file that was read before: read again, for the line. */
static int complain_later(const char *folder, const char *name, struct error *err, const char *path,
                          const char *message)
{
    char *file = xasprintf("%s/%s.yaml", folder, name);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    struct yaml_source source;
    int r = read_file(file, &text, err);
    if (r == 0)
        r = yaml_source_load(file, buf_view(&text), &source, err);
    if (r == 0) {
        r = yaml_source_error(&source, err, path, "%s", message);
        yaml_source_release(&source);
    }
    free(file);
    return r;
}

/* The file's name says the language's: so names are unique, and a person finds the file. */
static int load_one(const char *folder, const char *file_name, struct language *ret, struct error *err)
{
    if (ends_in(file_name, ".yml"))
        return error_set(err, -EINVAL, "%s/%s: the name of a language's file must end in .yaml", folder, file_name);
    char *path = xasprintf("%s/%s", folder, file_name);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    struct language language = {0};
    int r = read_file(path, &text, err);
    if (r == 0)
        r = definition_parse(path, buf_view(&text), &language, err);
    free(path);
    if (r < 0)
        return r;

    char *stem = xasprintf("%.*s", (int)(strlen(file_name) - strlen(".yaml")), file_name);
    /* NOLINTNEXTLINE(clang-analyzer-core.*): an error, which would leave it unset, is always negative */
    if (strcmp(stem, language.name) == 0) {
        *ret = language;
    } else {
        char *message = xasprintf("\"%s\" must be the name of its file, \"%s\"", language.name, stem);
        r = complain_later(folder, stem, err, "name", message);
        free(message);
        language_release(&language);
    }
    free(stem);
    return r;
}

static const struct language *find_word(const struct registry *registry, const char *word, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        const struct language *language = &registry->languages[i];
        if (strcasecmp(language->name, word) == 0)
            return language;
        for (size_t k = 0; k < language->aliases.count; k++)
            if (strcasecmp(language->aliases.items[k], word) == 0)
                return language;
    }
    return NULL;
}

/* The language at index against all before it. */
static int check_unique(const struct registry *registry, size_t index, const char *folder, struct error *err)
{
    const struct language *language = &registry->languages[index];
    for (size_t i = 0; i <= language->aliases.count; i++) {
        const char *word = i ? language->aliases.items[i - 1] : language->name;
        const struct language *other = find_word(registry, word, index);
        if (!other)
            continue;
        char path[64] = "name";
        if (i)
            snprintf(path, sizeof path, "aliases[%zu]", i - 1);
        char *message = xasprintf("\"%s\" is already a name of %s/%s.yaml", word, folder, other->name);
        int r = complain_later(folder, language->name, err, path, message);
        free(message);
        return r;
    }
    return 0;
}

static bool has_mount(const struct registry *registry, size_t count, const char *mount)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(registry->mounts[i], mount) == 0)
            return true;
    return false;
}

static void gather_mounts(struct registry *registry)
{
    size_t most = 1, count = 0;
    for (size_t i = 0; i < registry->count; i++)
        most += registry->languages[i].mounts.count;
    registry->mounts = xcalloc(most, sizeof *registry->mounts);
    for (size_t i = 0; i < registry->count; i++) {
        const struct string_list *mounts = &registry->languages[i].mounts;
        for (size_t k = 0; k < mounts->count; k++)
            if (!has_mount(registry, count, mounts->items[k]))
                registry->mounts[count++] = mounts->items[k];
    }
}

static int by_name(const void *a, const void *b)
{
    const struct language *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static int load_all(const char *folder, struct dirent **entries, size_t count, struct registry *registry,
                    struct error *err)
{
    registry->languages = xcalloc(MAX(count, 1u), sizeof *registry->languages);
    for (size_t i = 0; i < count; i++) {
        int r = load_one(folder, entries[i]->d_name, &registry->languages[i], err);
        if (r < 0)
            return r;
        registry->count++;
        r = check_unique(registry, i, folder, err);
        if (r < 0)
            return r;
    }
    qsort(registry->languages, registry->count, sizeof *registry->languages, by_name);
    gather_mounts(registry);
    return 0;
}

int registry_load(const char *folder, struct registry **ret, struct error *err)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, is_language_file, by_byte);
    if (found < 0)
        return error_errno(err, -errno, "reading the folder of languages %s", folder);
    _cleanup_(registry_freep) struct registry *registry = xcalloc(1, sizeof *registry);
    int r = found ? load_all(folder, entries, (size_t)found, registry, err)
                  : error_set(err, -ENOENT, "%s: no language there (no *.yaml)", folder);
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    if (r == 0)
        *ret = STEAL(registry);
    return r;
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->count; i++)
        language_release(&registry->languages[i]);
    free(registry->languages);
    free(registry->mounts);
    free(registry);
}

size_t registry_count(const struct registry *registry)
{
    return registry->count;
}

size_t registry_available(const struct registry *registry)
{
    size_t available = 0;
    for (size_t i = 0; i < registry->count; i++)
        available += registry->languages[i].available;
    return available;
}

const struct language *registry_at(const struct registry *registry, size_t index)
{
    return &registry->languages[index];
}

struct language *registry_language(struct registry *registry, size_t index)
{
    return &registry->languages[index];
}

const char *const *registry_mounts(const struct registry *registry)
{
    return (const char *const *)registry->mounts;
}

enum { SUGGESTIONS_MAX = 3 };

struct suggestion {
    const char *word;
    unsigned distance;
};

/* The nearest word of one language. */
static struct suggestion nearest_word(const struct language *language, const char *name)
{
    struct suggestion best = {.word = language->name, .distance = word_distance(name, language->name)};
    for (size_t i = 0; i < language->aliases.count; i++) {
        unsigned distance = word_distance(name, language->aliases.items[i]);
        if (distance < best.distance)
            best = (struct suggestion){.word = language->aliases.items[i], .distance = distance};
    }
    return best;
}

/* Keeps the list sorted, nearest first, and no longer than SUGGESTIONS_MAX. */
static size_t keep_nearest(struct suggestion *list, size_t count, struct suggestion candidate)
{
    size_t place = count;
    while (place > 0 && list[place - 1].distance > candidate.distance)
        place--;
    if (place == SUGGESTIONS_MAX)
        return count;
    size_t kept = MIN(count, SUGGESTIONS_MAX - 1u);
    memmove(list + place + 1, list + place, (kept - place) * sizeof *list);
    list[place] = candidate;
    return kept + 1;
}

/* A word this far away is a slip, not another word: one for three letters, two up to six, then three. */
static unsigned slips_allowed(const char *name)
{
    size_t len = strlen(name);
    return len <= 3 ? 1 : len <= 6 ? 2 : 3;
}

ATTR_NONNULL static char *unknown_language(const struct registry *registry, const char *name)
{
    struct suggestion nearest[SUGGESTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < registry->count; i++) {
        if (!registry->languages[i].available)
            continue;
        struct suggestion candidate = nearest_word(&registry->languages[i], name);
        if (candidate.distance <= slips_allowed(name))
            count = keep_nearest(nearest, count, candidate);
    }
    struct buf why = BUF_INIT;
    buf_printf(&why, "unknown language \"%.64s\"", name);
    for (size_t i = 0; i < count; i++)
        buf_printf(&why, "%s%s", i == 0 ? "; did you mean " : i + 1 == count ? " or " : ", ", nearest[i].word);
    buf_append_str(&why, count ? "?" : "; GET /languages and `evalx languages` list those that are here");
    return buf_steal(&why, NULL);
}

/* "12" and "12.2" are "12.2.0", "1" is not: whole parts only. */
static bool version_matches(const char *wanted, const char *have)
{
    size_t len = strlen(wanted);
    return strncmp(wanted, have, len) == 0 && (have[len] == '\0' || have[len] == '.');
}

const struct language *registry_find(const struct registry *registry, const char *name, const char *version,
                                     char **ret_why)
{
    const struct language *language = find_word(registry, name, registry->count);
    if (!language) {
        *ret_why = unknown_language(registry, name);
    } else if (!language->available) {
        *ret_why = xasprintf("%s is %s", language->name, language->reason ? language->reason : "not looked for yet");
    } else if (version && *version && language->version && !version_matches(version, language->version)) {
        *ret_why = xasprintf("%s has version %s here, not %.64s", language->name, language->version, version);
    } else {
        return language;
    }
    return NULL;
}

char *language_install_command(const struct language *language)
{
    return xasprintf("apt-get install -y --no-install-recommends %s", language->package);
}
