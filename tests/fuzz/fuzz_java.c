/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_java.c: any bytes as a Java source: the names found are short, never empty and never an option of java. */
#include <stdint.h>

#include "language/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(char *name)
{
    if (!*name || *name == '-' || *name == '@' || strchr(name, '/') || strlen(name) > 1300)
        abort();
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str code = {.data = (const char *)data, .len = size};
    check(java_file_class(code));
    check(java_start_class(code));
    return 0;
}
