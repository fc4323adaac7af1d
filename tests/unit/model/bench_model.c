/* SPDX-License-Identifier: Apache-2.0 */
/* bench_model.c: what a batch of 1,000 test cases costs on its way through the model, in microseconds of CPU time (median of many). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "model/result.h"

enum { TESTS = 1000, ROUNDS = 101 };

enum step { PARSE_JSON, PARSE, STORE, LOAD, RESULT_STORE, RESULT_LOAD, DOCUMENT, WRITE, STEPS };
static const char *const step_names[STEPS] = {
    "json_parse",  "submission_parse_batch", "submission_store", "submission_load", "result_store",
    "result_load", "result_document",        "json_write"};
static int64_t spent[STEPS][ROUNDS];

/* CPU time, so that a busy machine does not disturb the figures. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct result *some_result(void)
{
    struct result *result = result_new(TESTS);
    for (size_t i = 0; i < TESTS; i++) {
        result->tests[i].done = true;
        result->tests[i].exit_code = 0;
        result->tests[i].cpu_ns = 1234567;
        buf_printf(&result->tests[i].out, "%zu\n", i * 3);
    }
    result_conclude(result);
    return result;
}

static void run(const struct buf *text, int round)
{
    json_auto_t *body = NULL, *document = NULL;
    _cleanup_(submission_freep) struct submission *sub = NULL, *back = NULL;
    _cleanup_(result_freep) struct result *result = some_result(), *result_back = NULL;
    _cleanup_(buf_release) struct buf stored = BUF_INIT, stored_result = BUF_INIT, out = BUF_INIT;
    struct field_errors errors = {0};
    int64_t at[STEPS + 1];
    at[PARSE_JSON] = cpu_ns();
    int failed = json_parse(text->data, text->len, &body, NULL);
    at[PARSE] = cpu_ns();
    failed |= submission_parse_batch(body, &sub, &errors);
    at[STORE] = cpu_ns();
    submission_store(sub, &stored);
    at[LOAD] = cpu_ns();
    failed |= submission_load(stored.data, stored.len, &back, NULL);
    at[RESULT_STORE] = cpu_ns();
    result_store(result, &stored_result);
    at[RESULT_LOAD] = cpu_ns();
    failed |= result_load(stored_result.data, stored_result.len, &result_back, NULL);
    at[DOCUMENT] = cpu_ns();
    document = result_document(back, STATUS_COMPLETED, result_back, ENCODING_UTF8);
    at[WRITE] = cpu_ns();
    json_write(document, &out);
    at[STEPS] = cpu_ns();
    if (failed)
        abort();
    for (int step = 0; step < STEPS; step++)
        spent[step][round] = at[step + 1] - at[step];
}

int main(void)
{
    _cleanup_(buf_release) struct buf text = BUF_INIT;
    buf_append_str(&text, "{\"language\":\"c\",\"code\":\"int main(void){}\",\"test_cases\":[");
    for (int i = 0; i < TESTS; i++)
        buf_printf(&text, "%s{\"name\":\"case %d\",\"stdin\":\"%d %d\\n\",\"expected_output\":\"%d\\n\"}",
                   i > 0 ? "," : "", i, i, 2 * i, 3 * i);
    buf_append_str(&text, "]}");
    for (int round = 0; round < ROUNDS; round++)
        run(&text, round);
    for (int step = 0; step < STEPS; step++) {
        qsort(spent[step], ROUNDS, sizeof spent[step][0], compare);
        printf("%-24s %8.1f us\n", step_names[step], (double)spent[step][ROUNDS / 2] / 1000.0);
    }
    return 0;
}
