/* SPDX-License-Identifier: Apache-2.0 */
/* posture.c: what a running program of a box looks like from outside, compared line by line with posture.expect. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "view.h"

enum { FILE_MAX = 1 << 20, LINE_LENGTH_MAX = 1024 };

/* ---- what is there ---- */

void read_file(const char *path, struct buf *out)
{
    buf_truncate(out, 0);
    if (fd_read_file(AT_FDCWD, path, FILE_MAX, out) < 0)
        buf_append_str(out, "(unreadable)");
}

pid_t child_of(pid_t parent)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    _cleanup_(buf_release) struct buf list = BUF_INIT;
    read_file(path, &list);
    return (pid_t)strtol(buf_str(&list), NULL, 10);
}

static void section(struct buf *out, const char *name)
{
    buf_printf(out, "[%s]\n", name);
}

/* The lines of a "key:\tvalue" file that have one of these keys, in this order. */
static void add_keys(struct buf *out, pid_t pid, const char *const *keys)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    read_file(path, &text);
    for (; *keys; keys++)
        for (const char *line = buf_str(&text); line; line = strchr(line, '\n')) {
            line += *line == '\n';
            size_t len = strlen(*keys);
            if (strncmp(line, *keys, len) == 0 && line[len] == ':')
                buf_printf(out, "%.*s\n", (int)strcspn(line, "\n"), line);
        }
}

/* A whole file, blanks and NULs as one blank each. */
static void add_file(struct buf *out, pid_t pid, const char *file)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    read_file(path, &text);
    bool blank = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i] == '\0' ? '\n' : text.data[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\n';
        if (c == '\n' && out->len > 0 && out->data[out->len - 1] == ' ')
            buf_truncate(out, out->len - 1);
        if (!is_blank || (!blank && c != '\n') || c == '\n')
            buf_append(out, c == '\t' ? " " : &c, 1);
        blank = is_blank;
    }
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        buf_append_str(out, "\n");
}

static void add_link(struct buf *out, pid_t pid, const char *file)
{
    char path[64], target[512] = "(none)";
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n >= 0)
        target[n] = '\0';
    buf_printf(out, "%s %s\n", file, target);
}

static void add_descriptors(struct buf *out, pid_t pid)
{
    for (int fd = 0; fd < 64; fd++) {
        char path[64], file[16];
        struct stat st;
        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
        snprintf(file, sizeof file, "fd/%d", fd);
        if (lstat(path, &st) == 0)
            add_link(out, pid, file);
    }
}

/* Which namespaces are not this process's own. */
static void add_namespaces(struct buf *out, pid_t pid)
{
    static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[64];
        struct stat theirs = {0}, ours = {0};
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
        int r = stat(path, &theirs);
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        if (r == 0 && stat(path, &ours) == 0)
            buf_printf(out, "%s %s\n", names[i], theirs.st_ino == ours.st_ino ? "the host's" : "its own");
    }
}

/* The leaf's path in a hierarchy: "" names version 2. */
static void leaf_path(pid_t pid, const char *controller, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    read_file(path, &text);
    snprintf(out, size, "(none)");
    for (char *save = NULL, *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;
        if (!at)
            continue;
        *at = '\0';
        bool found = *controller == '\0' && list[1] == '\0';
        for (char *save2 = NULL, *word = strtok_r(list + 1, ",", &save2); word; word = strtok_r(NULL, ",", &save2))
            found = found || strcmp(word, controller) == 0;
        if (found)
            snprintf(out, size, "%s", at + 1);
    }
}

static void add_leaf_file(struct buf *out, const char *mount, const char *leaf, const char *file)
{
    char path[1400];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s%s/%s", mount, leaf, file);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    if (access(path, F_OK) < 0)
        return;
    read_file(path, &text);
    buf_printf(out, "%s %.*s\n", file, (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
}

static void add_cgroup(struct buf *out, const struct ids *ids)
{
    static const char *const v1[] = {"memory", "cpuacct", "pids", "cpu"}, *const v2[] = {""};
    bool two = ids->cgroup_version == 2;
    pid_t pid = ids->program;
    for (size_t i = 0; i < (two ? ARRAY_LEN(v2) : ARRAY_LEN(v1)); i++) {
        const char *name = two ? v2[i] : v1[i];
        char leaf[1024];
        leaf_path(pid, name, leaf, sizeof leaf);
        buf_printf(out, "%s:%s\n", two ? "unified" : name, leaf);
        static const char *const files[] = {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
                                            "memory.swappiness",     "memory.max",
                                            "memory.swap.max",       "pids.max"};
        char mount[32] = "";
        if (!two)
            snprintf(mount, sizeof mount, "/%s", name);
        for (size_t f = 0; f < ARRAY_LEN(files); f++)
            add_leaf_file(out, mount, leaf, files[f]);
    }
}

static void add_scheduling(struct buf *out, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    read_file(path, &text);
    const char *at = strrchr(buf_str(&text), ')');
    long nice = 99, policy = 99;
    for (int field = 3; at && (at = strchr(at + 1, ' ')); field++) {
        nice = field == 19 ? strtol(at, NULL, 10) : nice;
        policy = field == 41 ? strtol(at, NULL, 10) : policy;
    }
    buf_printf(out, "nice %ld\npolicy %ld\n", nice, policy);
}

static void look(const struct ids *ids, struct buf *out)
{
    static const char *const keys[] = {"Umask",   "Tgid",       "PPid",    "TracerPid",       "Uid",
                                       "Gid",     "Groups",     "NSpid",   "NSpgid",          "NSsid",
                                       "Threads", "SigPnd",     "ShdPnd",  "SigBlk",          "SigIgn",
                                       "SigCgt",  "CapInh",     "CapPrm",  "CapEff",          "CapBnd",
                                       "CapAmb",  "NoNewPrivs", "Seccomp", "Seccomp_filters", NULL};
    static const char *const files[] = {"limits",    "uid_map", "gid_map",       "projid_map",  "setgroups",
                                        "mountinfo", "environ", "oom_score_adj", "personality", "coredump_filter"};
    pid_t pid = ids->program;
    section(out, "status");
    add_keys(out, pid, keys);
    section(out, "launcher status");
    add_keys(out, ids->launcher, keys);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        section(out, files[i]);
        add_file(out, pid, files[i]);
    }
    section(out, "ns");
    add_namespaces(out, pid);
    section(out, "links");
    add_link(out, pid, "root");
    add_link(out, pid, "cwd");
    add_link(out, pid, "exe");
    section(out, "fd");
    add_descriptors(out, pid);
    section(out, "launcher fd");
    add_descriptors(out, ids->launcher);
    section(out, "scheduling");
    add_scheduling(out, pid);
    section(out, ids->cgroup_version == 2 ? "cgroup v2" : ids->cgroup_version == 1 ? "cgroup v1" : "no cgroup");
    if (ids->cgroup_version > 0)
        add_cgroup(out, ids);
    else
        buf_append_str(out, "none\n");
}

/* ---- what should be there ---- */

/* {n}: digits. {*}: anything. Everything else is itself. */
static bool matches(const char *pattern, const char *text)
{
    for (; *pattern; pattern++, text++) {
        if (strncmp(pattern, "{n}", 3) == 0) {
            size_t digits = strspn(text, "0123456789");
            return digits > 0 && matches(pattern + 3, text + digits);
        }
        if (strncmp(pattern, "{*}", 3) == 0) {
            for (;; text++) {
                if (matches(pattern + 3, text))
                    return true;
                if (!*text)
                    return false;
            }
        }
        if (*pattern != *text)
            return false;
    }
    return !*text;
}

/* {owner}, {program}, {launcher}, {slot}, {jail} become this run's numbers. */
static void fill_in(const char *line, const struct ids *ids, char *out, size_t size)
{
    const struct {
        const char *name;
        unsigned value;
    } names[] = {{"{owner}", ids->owner},
                 {"{program}", (unsigned)ids->program},
                 {"{launcher}", (unsigned)ids->launcher},
                 {"{slot}", (unsigned)ids->slot},
                 {"{jail}", (unsigned)ids->jail}};
    size_t len = 0;
    while (*line && len + 16 < size) {
        size_t i = 0;
        while (i < ARRAY_LEN(names) && strncmp(line, names[i].name, strlen(names[i].name)) != 0)
            i++;
        if (i < ARRAY_LEN(names)) {
            len += (size_t)snprintf(out + len, size - len, "%u", names[i].value);
            line += strlen(names[i].name);
        } else {
            out[len++] = *line++;
        }
    }
    out[len] = '\0';
}

/* The next line of a section; NULL at its end. */
static char *next_line(char **at)
{
    if (!*at || !**at || **at == '[')
        return NULL;
    char *line = *at, *end = strchr(line, '\n');
    *at = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

static char *find_section(char *text, const char *header)
{
    size_t len = strlen(header);
    for (char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, header, len) == 0 && at[len] == '\n')
            return at + len + 1;
    }
    return NULL;
}

/* Line by line; an expected line that begins with "? " may be missing. */
static void compare_section(const char *header, char *actual, const char *expectation, const struct ids *ids)
{
    char name[LINE_LENGTH_MAX], wanted[LINE_LENGTH_MAX] = "";
    _cleanup_(buf_release) struct buf copy = BUF_INIT;
    buf_append_str(&copy, expectation);
    char *expected = find_section(copy.data, header);
    snprintf(name, sizeof name, "outside: %s", header);
    if (!expected) {
        ok(false, name, "posture.expect has no such section");
        return;
    }
    char *got = next_line(&actual);
    for (char *line; (line = next_line(&expected));) {
        bool optional = strncmp(line, "? ", 2) == 0;
        if (*line == '\0')
            continue;
        fill_in(line + (optional ? 2 : 0), ids, wanted, sizeof wanted);
        if (got && matches(wanted, got)) {
            got = next_line(&actual);
        } else if (!optional) {
            ok(false, name, "found    \"%s\"\n# expected \"%s\"", got ? got : "(nothing more)", wanted);
            return;
        }
    }
    ok(!got, name, "not expected: \"%s\"", got);
}

static void compare(const struct buf *actual, const char *expectation, const struct ids *ids)
{
    unsigned sections = 0;
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    buf_append(&text, actual->data, actual->len);
    for (char *at = text.data; at && *at;) {
        char header[64];
        snprintf(header, sizeof header, "%.*s", (int)strcspn(at, "\n"), at);
        char *body = strchr(at, '\n') + 1, *next = *body == '[' ? body : strstr(body, "\n[");
        next = next && *next == '\n' ? next + 1 : next;
        _cleanup_(buf_release) struct buf one = BUF_INIT;
        buf_append(&one, body, next ? (size_t)(next - body) : strlen(body));
        compare_section(header, one.len > 0 ? one.data : NULL, expectation, ids);
        sections++;
        at = next;
    }
    ok(sections == 18, "outside: everything was looked at", "%u sections", sections);
}

/* The launcher lets go of the program's descriptors a moment after the program runs. */
static void await_launcher(pid_t launcher)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/fd/4", launcher);
    for (int i = 0; i < 2000 && lstat(path, &st) == 0; i++)
        poll(NULL, 0, 1);
}

void posture_check(const struct ids *ids, const char *expectation_path)
{
    _cleanup_(buf_release) struct buf expectation = BUF_INIT, actual = BUF_INIT;
    await_launcher(ids->launcher);
    if (strcmp(expectation_path, "-") == 0) {
        look(ids, &actual);
        puts(buf_str(&actual));
        return;
    }
    if (fd_read_file(AT_FDCWD, expectation_path, FILE_MAX, &expectation) < 0) {
        ok(false, "outside: preparations", "%s: %s", expectation_path, strerror(errno));
        return;
    }
    look(ids, &actual);
    compare(&actual, buf_str(&expectation), ids);
}
