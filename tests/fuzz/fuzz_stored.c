/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_stored.c: any bytes as what the store gives back; what loads must store to something that loads to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/result.h"
#include "model/submission.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* A loaded thing stores, loads and stores to the same bytes. */
#define STORED_TWICE(type, load, store, free_it)                  \
    do {                                                          \
        type *thing = NULL, *again = NULL;                        \
        if (load(data, size, &thing, NULL) == 0) {                \
            struct buf first = BUF_INIT, second = BUF_INIT;       \
            store(thing, &first);                                 \
            must(load(first.data, first.len, &again, NULL) == 0); \
            store(again, &second);                                \
            must(str_eq(buf_view(&first), buf_view(&second)));    \
            buf_release(&first);                                  \
            buf_release(&second);                                 \
            free_it(again);                                       \
        }                                                         \
        free_it(thing);                                           \
    } while (0)

static void render(const uint8_t *data, size_t size)
{
    _cleanup_(submission_freep) struct submission *sub = submission_new();
    struct test_result test = {0};
    struct compile_result compile = {0};
    if (test_result_load(data, size, &test, NULL) == 0)
        json_decref(test_result_json(sub, 0, &test, ENCODING_UTF8));
    if (compile_result_load(data, size, &compile, NULL) == 0)
        json_decref(compile_result_json(&compile, ENCODING_BASE64));
    test_result_release(&test);
    compile_result_release(&compile);
    _cleanup_(result_freep) struct result *result = NULL;
    if (result_load(data, size, &result, NULL) == 0)
        json_decref(result_document(sub, result->status, result, ENCODING_UTF8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    STORED_TWICE(struct submission, submission_load, submission_store, submission_free);
    STORED_TWICE(struct result, result_load, result_store, result_free);
    render(data, size);
    return 0;
}
