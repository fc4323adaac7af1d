/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_language.c: any bytes as a language file: refused with a message that names the file, or a language that expands into commands. */
#include <stdint.h>

#include "language/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct language *language)
{
    const struct submission sub = {0};
    const struct limits limits = {.memory_kb = 262144, .stack_kb = 65536};
    for (enum language_stage stage = LANGUAGE_COMPILE; stage <= LANGUAGE_RUN; stage++) {
        struct language_command command;
        language_command(language, stage, &sub, NULL, &limits, &command);
        if (stage == LANGUAGE_RUN && (!command.argv[0] || command.argv[0][0] != '/'))
            abort();
        language_command_release(&command);
    }
    char option[] = "-O2", *options[] = {option};
    size_t index = 1;
    if (language_check_options(language, &(struct string_list){.items = options, .count = 1}, &index) < 0 && index != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LANGUAGE_FILE_MAX)
        return 0;
    struct language language;
    struct error err = ERROR_INIT;
    if (definition_parse("fuzz.yaml", (struct str){.data = (const char *)data, .len = size}, &language, &err) < 0) {
        if (strncmp(err.message, "fuzz.yaml:", strlen("fuzz.yaml:")) != 0)
            abort();
        return 0;
    }
    use(&language);
    language_release(&language);
    return 0;
}
