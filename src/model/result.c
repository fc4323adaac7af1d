/* SPDX-License-Identifier: Apache-2.0 */
/* result.c: the life of a result, and the verdict of the whole. See result.h. */
#include "model/result.h"

#include <stdlib.h>

struct result *result_new(size_t test_count)
{
    struct result *result = xcalloc(1, sizeof *result);
    result->compile.exit_code = -1;
    result->crashed = -1;
    result->test_count = test_count;
    result->tests = xcalloc(test_count, sizeof *result->tests);
    result->order = xcalloc(test_count, sizeof *result->order);
    for (size_t i = 0; i < test_count; i++) {
        result->tests[i].exit_code = -1;
        result->order[i] = (uint16_t)i;
    }
    return result;
}

void test_result_release(struct test_result *test)
{
    buf_release(&test->out);
    buf_release(&test->err);
    free(test->message);
    hint_list_release(&test->hints);
    for (size_t i = 0; i < test->file_count; i++) {
        free(test->files[i].name);
        buf_release(&test->files[i].content);
    }
    free(test->files);
    *test = (struct test_result){.exit_code = -1};
}

void compile_result_release(struct compile_result *compile)
{
    buf_release(&compile->out);
    buf_release(&compile->err);
    free(compile->message);
    *compile = (struct compile_result){.exit_code = -1};
}

void result_free(struct result *result)
{
    if (!result)
        return;
    for (size_t i = 0; i < result->test_count; i++)
        test_result_release(&result->tests[i]);
    compile_result_release(&result->compile);
    hint_list_release(&result->hints);
    free(result->tests);
    free(result->order);
    free(result->message);
    free(result->language);
    free(result->version);
    free(result);
}

static enum verdict test_verdict(const struct test_result *test)
{
    return test->done ? test->verdict : VERDICT_INTERNAL_ERROR; /* the engine owes this one */
}

void result_conclude(struct result *result)
{
    result->status = STATUS_COMPLETED;
    result->verdict = VERDICT_ACCEPTED;
    if (result->compile.state == COMPILE_FAILED) {
        result->verdict = result->compile.verdict;
        return;
    }
    for (size_t i = 0; i < result->test_count; i++) {
        enum verdict verdict = test_verdict(&result->tests[i]);
        if (verdict == VERDICT_SKIPPED)
            result->verdict = VERDICT_SKIPPED; /* stands only when nothing failed */
        if (verdict == VERDICT_ACCEPTED || verdict == VERDICT_SKIPPED)
            continue;
        result->verdict = verdict;
        return;
    }
}
