/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.c: see key_file.h; keys.h has the form. */
#include "auth/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { NUMBER_MOST = 1000000000, SECRETS_MOST = 2, SECRET_BYTES_LEAST = 24, SECRET_BYTES_MOST = 64 };

void key_file_release(struct key_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free(file->entries[i].webhook_secret);
    free(file->entries);
    *file = (struct key_file){0};
}

bool key_name_valid(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              c == '-'))
            return false;
    }
    return name.len > 0 && name.len <= KEY_NAME_MAX;
}

/* ---- values; 0 or -EINVAL ---- */

static int read_integer(const char *text, int64_t least, int64_t most, int64_t *ret)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most)
        return -EINVAL;
    *ret = value;
    return 0;
}

/* "10", "10/s", "600/m", "0.5/s", "100/h" as a second's */
static int read_rate(struct key_entry *entry, const char *text)
{
    static const struct {
        const char *suffix;
        double seconds;
    } units[] = {{"", 1}, {"/s", 1}, {"/m", 60}, {"/h", 3600}};
    char *end;
    double value = strtod(text, &end);

    if (end == text || !(value > 0) || value > NUMBER_MOST || strchr("0123456789.", *text) == NULL)
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcmp(end, units[i].suffix) == 0) {
            entry->grant.rate = value / units[i].seconds;
            return 0;
        }
    return -EINVAL;
}

static int read_burst(struct key_entry *entry, const char *text)
{
    int64_t value = 0;
    int r = read_integer(text, 1, NUMBER_MOST, &value);
    entry->grant.burst = (double)value;
    return r;
}

static int read_share(struct key_entry *entry, const char *text)
{
    int64_t value = 0;
    int r = read_integer(text, 1, KEY_SHARE_MAX, &value);
    entry->grant.share = (unsigned)value;
    return r;
}

static int read_max_waiting(struct key_entry *entry, const char *text)
{
    return read_integer(text, 1, NUMBER_MOST, &entry->grant.max_waiting);
}

/* "-10..0" */
static int read_priority(struct key_entry *entry, const char *text)
{
    char copy[32];
    int64_t least, most;
    snprintf(copy, sizeof copy, "%s", text);
    char *dots = strstr(copy, "..");
    if (!dots)
        return -EINVAL;
    *dots = '\0';
    if (read_integer(copy, -KEY_PRIORITY_MAX, KEY_PRIORITY_MAX, &least) < 0 ||
        read_integer(dots + 2, -KEY_PRIORITY_MAX, KEY_PRIORITY_MAX, &most) < 0 || least > most)
        return -EINVAL;
    entry->grant.priority_least = (int)least;
    entry->grant.priority_most = (int)most;
    return 0;
}

/* "whsec_" and base64 of 24 to 64 bytes */
static bool is_secret(const char *text, size_t len)
{
    static const char prefix[] = "whsec_";
    const size_t before = sizeof prefix - 1;
    _cleanup_(buf_release) struct buf bytes = BUF_INIT;
    if (len < before || memcmp(text, prefix, before) != 0 || base64_decode(text + before, len - before, &bytes) < 0)
        return false;
    bool right = bytes.len >= SECRET_BYTES_LEAST && bytes.len <= SECRET_BYTES_MOST;
    if (bytes.len > 0)
        explicit_bzero(bytes.data, bytes.len);
    return right;
}

/* One, or two while they are changed over. */
static int read_webhook_secret(struct key_entry *entry, const char *text)
{
    const char *at = text;
    for (int count = 1;; count++) {
        size_t len = strcspn(at, ",");
        if (count > SECRETS_MOST || !is_secret(at, len))
            return -EINVAL;
        at += len;
        if (!*at++)
            break;
    }
    free(entry->webhook_secret);
    entry->webhook_secret = xstrdup(text);
    return 0;
}

static const struct key_option {
    const char *name;
    int (*read)(struct key_entry *entry, const char *text);
    const char *form;
} key_options[] = {
    {"rate", read_rate, "a number of submissions, such as 10/s, 600/m or 100/h"},
    {"burst", read_burst, "a positive number"},
    {"share", read_share, "a number from 1 to 1000"},
    {"max_waiting", read_max_waiting, "a positive number"},
    {"priority", read_priority, "LEAST..MOST, both from -10 to 10"},
    {"webhook_secret", read_webhook_secret, "whsec_ and base64 of 24 to 64 bytes, or two such separated by a comma"},
};

/* ---- lines ---- */

static int read_option(struct key_entry *entry, char *word, struct error *err)
{
    char *equals = strchr(word, '=');
    if (equals) {
        *equals = '\0';
        for (size_t i = 0; i < ARRAY_LEN(key_options); i++)
            if (strcmp(word, key_options[i].name) == 0)
                return key_options[i].read(entry, equals + 1) < 0
                           ? error_set(err, -EINVAL, "%s must be %s", word, key_options[i].form)
                           : 0;
    }
    return error_set(err, -EINVAL,
                     "unknown option \"%.40s\"; there are rate, burst, share, max_waiting, priority, webhook_secret",
                     word);
}

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int read_digest(const char *hex, unsigned char out[SHA256_SIZE])
{
    if (strlen(hex) != SHA256_HEX_LEN)
        return -EINVAL;
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return -EINVAL;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

/* 1 with an entry, 0 for a line without one. */
static int read_line(char *line, struct key_entry *entry, struct error *err)
{
    static const char blanks[] = " \t\r";
    char *rest = NULL, *word = strtok_r(line, blanks, &rest);
    int r = 0;

    if (!word || *word == '#')
        return 0;
    entry->grant =
        (struct key_grant){.share = 1, .priority_least = -KEY_PRIORITY_MAX, .priority_most = KEY_PRIORITY_MAX};
    if (read_digest(word, entry->digest) < 0)
        return error_set(err, -EINVAL, "the line must start with the SHA-256 of a key, %d hexadecimal digits",
                         SHA256_HEX_LEN);
    word = strtok_r(NULL, blanks, &rest);
    if (!word || !key_name_valid(str_of(word)))
        return error_set(err, -EINVAL, "after the SHA-256 comes a name, 1 to %d characters of [A-Za-z0-9._-]",
                         KEY_NAME_MAX);
    snprintf(entry->grant.name, sizeof entry->grant.name, "%s", word);
    while (r == 0 && (word = strtok_r(NULL, blanks, &rest)))
        r = read_option(entry, word, err);
    if (entry->grant.burst == 0)
        entry->grant.burst = MAX(entry->grant.rate, 1.0);
    return r < 0 ? r : 1;
}

static int add(struct key_file *file, const struct key_entry *entry, struct error *err)
{
    for (size_t i = 0; i < file->count; i++)
        if (memcmp(file->entries[i].digest, entry->digest, SHA256_SIZE) == 0)
            return error_set(err, -EINVAL, "the same key stands in an earlier line");
    file->entries = xrealloc(file->entries, (file->count + 1) * sizeof *file->entries);
    file->entries[file->count++] = *entry;
    return 0;
}

int key_file_parse(const char *label, struct str text, struct key_file *ret, struct error *err)
{
    _cleanup_(freep) char *copy = str_dup(text);
    char *rest = copy;
    int number = 0;

    *ret = (struct key_file){0};
    for (char *line; (line = strsep(&rest, "\n"));) {
        struct key_entry entry = {0};
        number++;
        int r = read_line(line, &entry, err);
        if (r == 1)
            r = add(ret, &entry, err);
        if (r < 0) {
            free(entry.webhook_secret);
            return error_wrap(err, r, "%s:%d", label, number);
        }
    }
    return 0;
}

int key_file_read(const char *path, struct key_file *ret, struct error *err)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;

    *ret = (struct key_file){0};
    int r = fd_read_file(AT_FDCWD, path, KEY_FILE_MAX, &text);
    if (r < 0)
        return error_errno(err, r, "auth.keys: reading %s", path);
    if (text.len > 0 && memchr(text.data, '\0', text.len))
        return error_set(err, -EINVAL, "auth.keys: %s is not a text", path);
    r = key_file_parse(path, buf_view(&text), ret, err);
    return r < 0 ? error_wrap(err, r, "auth.keys") : 0;
}
