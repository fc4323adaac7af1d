/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_request.c: any bytes as the body of a request; what is accepted must survive being stored. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/submission.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void survive(const struct submission *sub)
{
    _cleanup_(submission_freep) struct submission *back = NULL;
    _cleanup_(buf_release) struct buf first = BUF_INIT, second = BUF_INIT;
    submission_store(sub, &first);
    must(submission_load(first.data, first.len, &back, NULL) == 0);
    submission_store(back, &second);
    must(str_eq(buf_view(&first), buf_view(&second)));
}

static void read_as(int (*parse)(const json_t *, struct submission **, struct field_errors *), const json_t *body)
{
    _cleanup_(submission_freep) struct submission *sub = NULL;
    struct field_errors errors = {0};
    int r = parse(body, &sub, &errors);
    must((r == 0) == (sub != NULL) && (r == 0) == (errors.count == 0));
    if (r == 0) {
        survive(sub);
        const struct limits defaults = limits_default(), caps = limits_cap();
        r = submission_resolve_limits(sub, &defaults, &caps, &errors);
        must((r == 0) == (errors.count == 0));
    }
    field_errors_release(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *body = NULL;
    if (json_parse((const char *)data, size, &body, NULL) < 0)
        return 0;
    read_as(submission_parse_batch, body);
    read_as(submission_parse_single, body);
    return 0;
}
