/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.c: see program.h.
 *
 * An artifact holds what the compiler left and, beside it, the submitted files, which are data at run time. The artifact of an
 * interpreted program is its sources. A compile step that leaves nothing was a check; then the sources are what runs, too.
 */
#include "worker/program.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "worker/outcome.h"
#include "worker/tree.h"

int program_run(struct box *box, const struct box_spec *spec, struct box_report *ret, struct error *err)
{
    int r = 0;

    for (int attempt = 0; attempt < 2; attempt++) {
        if (spec->stdin_fd >= 0 && attempt > 0 && lseek(spec->stdin_fd, 0, SEEK_SET) < 0)
            return error_errno(err, -errno, "rewinding the input");
        struct error why = ERROR_INIT;
        r = box_run(box, spec, ret, &why);
        if (r >= 0)
            return 0;
        log_error("box.failed", LOG_INT("code", -r), LOG_STR("message", why.message));
        if (err)
            *err = why;
    }
    return r;
}

/* ---- files ---- */

/* Writes the main source, unless it is among the files. */
static int write_code(const struct program_request *request, int folder)
{
    struct str code = buf_view(&request->sub->code);
    if (language_main_file(request->language, request->sub, NULL) != -ENODATA)
        return 0;
    _cleanup_(freep) char *name = language_source_name(request->language, code);
    return tree_write(folder, name, code);
}

/* Writes the submitted files; -EINVAL names in *ret_clash the one whose place is taken (owned by the submission). */
static int write_files(const struct program_request *request, int folder, const char **ret_clash)
{
    for (size_t i = 0; i < request->sub->file_count; i++) {
        const struct source_file *file = &request->sub->files[i];
        int r = tree_write(folder, file->name, buf_view(&file->content));
        if (r == -EEXIST || r == -ENOTDIR) {
            *ret_clash = file->name;
            return -EINVAL;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int refuse(struct compile_result *compile, const char *name, const char *by)
{
    compile_result_release(compile);
    *compile = (struct compile_result){
        .state = COMPILE_FAILED,
        .verdict = VERDICT_COMPILATION_ERROR,
        .exit_code = -1,
        .message = xasprintf("files: the name \"%s\" is taken by %s", name, by),
    };
    return -EINVAL;
}

int program_lay_out(const struct program_request *request, int folder, struct compile_result *compile,
                    struct error *err)
{
    const char *clash = NULL;
    int r = write_code(request, folder);
    if (r == 0)
        r = write_files(request, folder, &clash);
    if (clash)
        return refuse(compile, clash, "the main source or another file");
    return r < 0 ? error_errno(err, r, "writing the sources") : 0;
}

/* ---- compiling ---- */

static int compile(const struct program_request *request, struct box *box, int sources, int files,
                   struct compile_result *ret, struct error *err)
{
    const struct language *language = request->language;
    struct language_command command;
    struct box_report report = {0};

    language_command(language, request->sanitized ? LANGUAGE_COMPILE_SANITIZED : LANGUAGE_COMPILE, request->sub,
                     &request->sub->args, &language->compile_limits, &command);
    struct box_spec spec = {
        .argv = (const char *const *)command.argv,
        .envp = (const char *const *)command.envp,
        .stdin_fd = -1,
        .artifact_fd = sources,
        .link_artifact = true,
        .limits = language->compile_limits,
        .tmpfs_kb = language->compile_tmpfs_kb,
        .collect_fd = files,
    };
    int r = program_run(box, &spec, &report, err);
    language_command_release(&command);
    if (r < 0)
        return error_wrap(err, r, "compiling");
    if (report.cause == BOX_CANCELLED) {
        box_report_release(&report);
        return -ECANCELED;
    }
    outcome_of_compile(&language->compile_limits, request->output_keep, &report, ret);
    box_report_release(&report);
    if (ret->state == COMPILE_OK)
        return 0;
    return ret->verdict == VERDICT_COMPILATION_ERROR ? -EINVAL : error_set(err, -EIO, "%s", buf_str(&ret->err));
}

/* Compiled: the submitted files go beside what the compiler made, or all sources when it made nothing. */
static int complete_files(const struct program_request *request, int files, struct compile_result *compile,
                          struct error *err)
{
    struct tree_summary made;
    const char *clash = NULL;
    int r = tree_measure(files, &made);

    if (r == 0 && made.files == 0)
        return program_lay_out(request, files, compile, err);
    if (r == 0)
        r = write_files(request, files, &clash);
    if (clash)
        return refuse(compile, clash, "a file that the compiler made");
    return r < 0 ? error_errno(err, r, "keeping the submitted files") : 0;
}

static int make(const struct program_request *request, struct box *box, const char *key, struct artifact **ret,
                struct compile_result *compile_result, struct error *err)
{
    int files, sources;
    int r = artifact_begin(request->cache, key, &files, &sources, err);

    if (r < 0)
        return r;
    if (request->language->compiled) {
        r = program_lay_out(request, sources, compile_result, err);
        if (r == 0)
            r = compile(request, box, sources, files, compile_result, err);
        if (r == 0)
            r = complete_files(request, files, compile_result, err);
    } else {
        r = program_lay_out(request, files, compile_result, err);
    }
    return r < 0 ? r : artifact_commit(request->cache, key, compile_result, ret, err);
}

static void copy_compile(const struct compile_result *from, struct compile_result *to)
{
    *to = *from;
    to->out = to->err = BUF_INIT;
    buf_set(&to->out, from->out.data, from->out.len);
    buf_set(&to->err, from->err.data, from->err.len);
    to->message = from->message ? xstrdup(from->message) : NULL;
    to->cached = from->state != COMPILE_NONE;
}

int program_prepare(const struct program_request *request, struct box *box, struct artifact **ret,
                    struct compile_result *ret_compile, struct error *err)
{
    struct compile_result compile_result = {.state = COMPILE_NONE};
    char key[SHA256_HEX_LEN + 1];

    artifact_key(request->language, request->sub, request->sanitized, key);
    int r = artifact_acquire(request->cache, key, ret);
    if (r == 0) {
        copy_compile(artifact_compile(*ret), ret_compile);
        return 0;
    }
    if (r != -ENOENT)
        return r;
    r = make(request, box, key, ret, &compile_result, err);
    if (r < 0)
        artifact_abandon(request->cache, key);
    if (r == -EINVAL && compile_result.state != COMPILE_FAILED)
        r = -EIO; /* only the author's mistakes are -EINVAL here */
    if (r == 0 || r == -EINVAL)
        *ret_compile = compile_result;
    else
        compile_result_release(&compile_result);
    return r;
}
