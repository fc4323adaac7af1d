/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_checker.c: any two outputs (the first byte picks the checker, a 0xff separates them) and what is said about them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "checker/checker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct checker_spec checker = {(enum checker_type)(data[0] % (CHECKER_FLOAT + 1)), 1e-3, 1e-3};
    const char *text = (const char *)data + 1, *split = memchr(text, 0xff, size - 1);
    struct str expected = {text, split ? (size_t)(split - text) : size - 1}, got = {0};
    if (split)
        got = (struct str){split + 1, size - 2 - expected.len};
    char *message = NULL;
    bool passes = checker_compare(&checker, expected, got, &message);
    if (passes != (message == NULL) || (checker.type == CHECKER_EXACT && passes != str_eq(expected, got)))
        abort();
    if (message && !utf8_valid(message, strlen(message)))
        abort();
    free(message);
    return 0;
}
