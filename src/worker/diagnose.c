/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diagnose.c: see diagnose.h. The second compiler run makes no program: it only speaks. It has the limits of compiling, but little time:
 * a result waits for it. What it said becomes an artifact without files, whose compile result holds the text.
 */
#include "worker/diagnose.h"

#include <errno.h>

#include "base/log.h"

enum { CPU_MS = 2000, WALL_MS = 4000, NOTES_MAX = 65536 };

static void diagnose_key(const struct program_request *request, char out[SHA256_HEX_LEN + 1])
{
    const struct string_list *command = &request->language->diagnose_argv;
    char program[SHA256_HEX_LEN + 1];
    struct sha256 *hash = sha256_new();

    artifact_key(request->language, request->sub, false, program);
    sha256_update_field(hash, "diagnose", sizeof "diagnose");
    sha256_update_field(hash, program, sizeof program);
    for (size_t i = 0; i < command->count; i++)
        sha256_update_field(hash, command->items[i], strlen(command->items[i]));
    sha256_finish_hex(hash, out);
}

static int run(const struct program_request *request, struct box *box, int sources, struct compile_result *ret)
{
    const struct language *language = request->language;
    struct limits limits = language->compile_limits;
    struct language_command command;
    struct box_report report = {0};

    limits.cpu_time_ms = MIN(limits.cpu_time_ms, CPU_MS);
    limits.wall_time_ms = MIN(limits.wall_time_ms, WALL_MS);
    language_command(language, LANGUAGE_DIAGNOSE, request->sub, &request->sub->args, &limits, &command);
    const struct box_spec spec = {
        .argv = (const char *const *)command.argv,
        .envp = (const char *const *)command.envp,
        .stdin_fd = -1,
        .artifact_fd = sources,
        .link_artifact = true,
        .limits = limits,
        .tmpfs_kb = language->compile_tmpfs_kb,
        .collect_fd = -1,
    };
    int r = program_run(box, &spec, &report, NULL);
    language_command_release(&command);
    if (r < 0)
        return r;
    if (report.cause == BOX_CANCELLED)
        r = -ECANCELED;
    else
        buf_append(&ret->err, report.err.data, MIN(report.err.len, (size_t)NOTES_MAX));
    box_report_release(&report);
    return r;
}

static int make(const struct program_request *request, struct box *box, const char *key, struct artifact **ret)
{
    struct compile_result said = {.state = COMPILE_OK, .verdict = VERDICT_ACCEPTED};
    int files, sources;
    int r = artifact_begin(request->cache, key, &files, &sources, NULL);

    if (r == 0)
        r = program_lay_out(request, sources, &said, NULL);
    if (r == 0)
        r = run(request, box, sources, &said);
    if (r == 0)
        r = artifact_commit(request->cache, key, &said, ret, NULL);
    if (r < 0)
        artifact_abandon(request->cache, key);
    compile_result_release(&said);
    return r;
}

void diagnose(const struct program_request *request, struct box *box, struct buf *notes)
{
    struct artifact *artifact = NULL;
    char key[SHA256_HEX_LEN + 1];

    if (request->language->diagnose_argv.count == 0)
        return;
    diagnose_key(request, key);
    int r = artifact_acquire(request->cache, key, &artifact);
    if (r == -ENOENT)
        r = make(request, box, key, &artifact);
    if (r < 0)
        return; /* also -EAGAIN: another slot is looking at the same program; the result does not wait for it */
    const struct buf *said = &artifact_compile(artifact)->err;
    buf_append(notes, said->data, said->len);
    artifact_release(request->cache, artifact);
}
