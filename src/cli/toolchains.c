/* SPDX-License-Identifier: Apache-2.0 */
/* toolchains.c: see toolchains.h. The memory is one JSON file; when it cannot be read or written, the commands are run. */
#include "cli/toolchains.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/fd.h"
#include "base/json.h"

enum { CACHE_FILE_MAX = 1 << 20, OUTPUT_MAX = 1 << 20 };

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

/* Generous: a version command that needs more is broken. */
static const struct limits version_limits = {
    .cpu_time_ms = 20000,
    .wall_time_ms = 30000,
    .memory_kb = 1048576,
    .processes = 256,
    .output_kb = OUTPUT_MAX / 1024,
    .stack_kb = 65536,
    .file_kb = 65536,
};

struct discovery {
    struct box *box;
    json_t *known; /* key → {"output": base64, "exit_code": n} */
    bool changed;
};

static const char *search_path(const char *const *envp)
{
    for (; *envp != NULL; envp++)
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    return default_path;
}

/* The executable that argv[0] means; NULL when there is none. */
static char *find_executable(const char *name, const char *const *envp)
{
    if (strchr(name, '/') != NULL)
        return access(name, X_OK) == 0 ? xstrdup(name) : NULL;

    _cleanup_(freep) char *path = xstrdup(search_path(envp));
    char *rest = path;
    for (char *folder; (folder = strsep(&rest, ":")) != NULL;) {
        char *file = xasprintf("%s/%s", folder, name);
        if (access(file, X_OK) == 0)
            return file;
        free(file);
    }
    return NULL;
}

/* What an answer depends on, as far as it can be told without running anything. -ENOENT: there is no such executable. */
static int cache_key(const char *executable, const char *const *argv, const char *const *envp,
                     char out[SHA256_HEX_LEN + 1])
{
    struct stat st;
    if (stat(executable, &st) != 0)
        return -errno;

    struct sha256 *hash = sha256_new();
    int64_t facts[] = {st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (int64_t)st.st_ino};
    sha256_update_field(hash, facts, sizeof(facts));
    for (; *argv != NULL; argv++)
        sha256_update_field(hash, *argv, strlen(*argv));
    sha256_update_field(hash, "", 0);
    for (; *envp != NULL; envp++)
        sha256_update_field(hash, *envp, strlen(*envp));
    sha256_finish_hex(hash, out);
    return 0;
}

static int run_in_box(struct box *box, const char *const *argv, const char *const *envp, struct buf *output,
                      int *exit_code)
{
    struct box_spec spec = {
        .argv = argv, .envp = envp, .stdin_fd = -1, .artifact_fd = -1, .collect_fd = -1, .limits = version_limits};
    struct box_report report = {0};
    int r = box_run(box, &spec, &report, NULL);

    if (r < 0)
        return r;
    if (report.cause == BOX_EXEC_FAILED) {
        r = report.exec_errno > 0 ? -report.exec_errno : -ENOEXEC;
    } else {
        buf_append(output, report.out.data, report.out.len);
        buf_append(output, report.err.data, report.err.len);
        *exit_code = report.cause == BOX_EXITED ? report.exit_code : 128 + report.signal;
    }
    box_report_release(&report);
    return r;
}

static int spawn_into(const char *executable, const char *const *argv, const char *const *envp, int out, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);

    union { /* posix_spawn takes char *const * but changes nothing */
        const char *const *in;
        char *const *out;
    } arguments = {argv}, environment = {envp};
    int r = posix_spawn(ret, executable, &actions, NULL, arguments.out, environment.out);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

static int run_plainly(const char *executable, const char *const *argv, const char *const *envp, struct buf *output,
                       int *exit_code)
{
    int ends[2], status = 0;
    pid_t child = -1;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    _cleanup_(fd_closep) int in = ends[0], out = ends[1];
    int r = spawn_into(executable, argv, envp, out, &child);
    if (r < 0)
        return r;
    fd_closep(&out);
    r = fd_read_all(in, OUTPUT_MAX, output);
    fd_closep(&in);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return r < 0 ? r : 0;
}

static bool recall(const struct discovery *discovery, const char *key, struct buf *output, int *exit_code)
{
    const json_t *entry = json_object_get(discovery->known, key);
    const char *text = json_string_value(json_object_get(entry, "output"));

    if (text == NULL || base64_decode(text, strlen(text), output) < 0)
        return false;
    *exit_code = (int)json_integer_value(json_object_get(entry, "exit_code"));
    return true;
}

/* A language_run_fn. */
static int run_version(void *context, const char *const *argv, const char *const *envp, struct buf *output,
                       int *exit_code)
{
    struct discovery *discovery = context;
    char key[SHA256_HEX_LEN + 1];
    _cleanup_(freep) char *executable = find_executable(argv[0], envp);

    if (executable == NULL)
        return -ENOENT;
    int r = cache_key(executable, argv, envp, key);
    if (r < 0)
        return r;
    if (recall(discovery, key, output, exit_code))
        return 0;

    size_t before = output->len;
    r = discovery->box != NULL ? run_in_box(discovery->box, argv, envp, output, exit_code)
                               : run_plainly(executable, argv, envp, output, exit_code);
    if (r == 0 && *exit_code == 0) {
        json_object_set_new(discovery->known, key,
                            json_pack("{s:o, s:i}", "output",
                                      json_base64(buf_str(output) + before, output->len - before), "exit_code",
                                      *exit_code));
        discovery->changed = true;
    }
    return r;
}

static json_t *cache_read(const char *file)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    json_t *known = NULL;

    if (file != NULL && fd_read_file(AT_FDCWD, file, CACHE_FILE_MAX, &text) >= 0 &&
        json_parse(buf_str(&text), text.len, &known, NULL) == 0 && json_is_object(known))
        return known;
    json_decref(known);
    return json_object();
}

/* Written aside and renamed into place: a reader sees the old file or the new one. */
static void cache_write(const char *file, const json_t *known)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    _cleanup_(freep) char *aside = xasprintf("%s.%d", file, getpid());
    _cleanup_(fd_closep) int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    json_write(known, &text);
    if (fd >= 0 && (fd_write_full(fd, text.data, text.len) < 0 || rename(aside, file) != 0))
        unlink(aside);
}

void toolchains_discover(struct registry *registry, struct box *box, const char *cache_file)
{
    struct discovery discovery = {.box = box, .known = cache_read(cache_file)};

    registry_discover(registry, run_version, &discovery);
    if (discovery.changed && cache_file != NULL)
        cache_write(cache_file, discovery.known);
    json_decref(discovery.known);
}
