/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hints.c: any output and source (a 0xff separates them; the first two bytes pick language and verdict) under the rules of
 * EVALX_HINTS, or ./hints. Every hint must be clean text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "hints/hints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hint_rules *loaded(void)
{
    static struct hint_rules *rules;
    const char *folder = getenv("EVALX_HINTS");
    if (!rules && hint_rules_load(folder ? folder : "hints", &rules, NULL) < 0)
        abort();
    return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const languages[] = {"c",    "cpp",  "java", "python", "javascript", "typescript", "go",
                                            "rust", "ruby", "php",  "bash",   "csharp",     "kotlin",     "other"};
    static const enum verdict verdicts[] = {VERDICT_COMPILATION_ERROR, VERDICT_RUNTIME_ERROR, VERDICT_WRONG_ANSWER,
                                            VERDICT_TIME_LIMIT,        VERDICT_MEMORY_LIMIT,  VERDICT_OUTPUT_LIMIT};
    static const int codes[] = {1, 2, 101, 255, 0, -1}, signals[] = {0, 6, 8, 11};
    if (size < 2)
        return 0;
    enum verdict verdict = verdicts[data[1] % ARRAY_LEN(verdicts)];
    const char *text = (const char *)data + 2, *split = memchr(text, 0xff, size - 2);
    struct str said = {text, split ? (size_t)(split - text) : size - 2}, source = {0};
    if (split)
        source = (struct str){split + 1, size - 3 - said.len};
    const struct hint_file file = {.name = "main.c", .text = source};
    const struct hint_evidence evidence = {
        .language = languages[data[0] % ARRAY_LEN(languages)],
        .stage = verdict == VERDICT_COMPILATION_ERROR ? HINT_COMPILE : HINT_RUN,
        .verdict = verdict,
        .exit_code = codes[data[1] / 6 % ARRAY_LEN(codes)],
        .signal = signals[data[1] / 36 % ARRAY_LEN(signals)],
        .cpu_ns = data[0] > 127 ? 2000000000 : 0,
        .out = source,
        .err = said,
        .expected = said,
        .has_expected = true,
        .files = &file,
        .file_count = 1,
    };
    struct hint_list hints = {0};
    hints_find(loaded(), &evidence, NULL, &hints);
    if (hints.count > HINTS_MAX)
        abort();
    for (size_t i = 0; i < hints.count; i++)
        if (!utf8_valid(hints.items[i].text, strlen(hints.items[i].text)) ||
            strlen(hints.items[i].text) > HINT_TEXT_MAX)
            abort();
    hint_list_release(&hints);
    return 0;
}
