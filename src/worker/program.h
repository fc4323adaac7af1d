/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program.h: from a submission to something that can be run: its sources laid out, compiled in a box when the language wants
 * it, kept as an artifact. Private to worker/.
 */
#ifndef EVALX_WORKER_PROGRAM_H
#define EVALX_WORKER_PROGRAM_H

#include "box/box.h"
#include "language/language.h"
#include "model/result.h"
#include "worker/artifact.h"

struct program_request {
    struct artifact_cache *cache;
    const struct language *language;
    const struct submission *sub;
    int64_t output_keep; /* bytes of each of the compiler's streams */
    bool sanitized;      /* by the language's sanitize_argv, which must not be empty */
};

/*
 * 0: *ret is held, *ret_compile is a copy of its compile result. -EAGAIN: another slot is making the same program.
 * -ECANCELED: box_cancel ended it. -EINVAL: it does not compile, *ret_compile says why. Other -errno: the engine failed, with
 * a message.
 */
int program_prepare(const struct program_request *request, struct box *box, struct artifact **ret,
                    struct compile_result *ret_compile, struct error *err);

/* Writes the program's sources, all of them, into the folder. -EINVAL: two have the same place, *compile says which. */
int program_lay_out(const struct program_request *request, int folder, struct compile_result *compile,
                    struct error *err);

/* box_run, and when the engine failed once more. Failures are logged. */
int program_run(struct box *box, const struct box_spec *spec, struct box_report *ret, struct error *err);

#endif
