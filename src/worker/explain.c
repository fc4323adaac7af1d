/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c: see explain.h. This is the one place where hints are made for results: whoever counts them (by language and rule) or
 * what stayed unexplained (a failure with no hint, by language and stage) does it in note().
 */
#include "worker/explain.h"

#include <errno.h>
#include <stdlib.h>

enum { FILES_SHOWN = 4 }; /* to the rules: the main source and the first others */

struct sources {
    char *main_name;
    struct hint_file files[FILES_SHOWN];
    size_t count;
};

static void list_sources(const struct language *language, const struct submission *sub, struct sources *ret)
{
    int main_index = language_main_file(language, sub, NULL);

    *ret = (struct sources){.count = 0};
    if (main_index == -ENODATA) {
        ret->main_name = language_source_name(language, buf_view(&sub->code));
        ret->files[ret->count++] = (struct hint_file){.name = ret->main_name, .text = buf_view(&sub->code)};
    } else if (main_index >= 0) {
        const struct source_file *file = &sub->files[main_index];
        ret->files[ret->count++] = (struct hint_file){.name = file->name, .text = buf_view(&file->content)};
    }
    for (size_t i = 0; i < sub->file_count && ret->count < FILES_SHOWN; i++)
        if ((int)i != main_index)
            ret->files[ret->count++] =
                (struct hint_file){.name = sub->files[i].name, .text = buf_view(&sub->files[i].content)};
}

static void find(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                 struct hint_evidence *evidence, struct hint_list *ret)
{
    struct sources sources;

    list_sources(language, sub, &sources);
    evidence->language = language->name;
    evidence->version = language->version;
    evidence->files = sources.files;
    evidence->file_count = sources.count;
    hints_find(rules, evidence, sub->hint_language, ret);
    evidence->files = NULL; /* they end here */
    evidence->file_count = 0;
    free(sources.main_name);
}

void explain_compile(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                     const struct compile_result *compile, struct str notes, struct hint_list *ret)
{
    if (!rules || sub->no_hints || compile->state != COMPILE_FAILED)
        return;
    struct hint_evidence evidence = {
        .stage = HINT_COMPILE,
        .verdict = compile->verdict,
        .exit_code = compile->exit_code,
        .signal = compile->signal,
        .cpu_ns = compile->time_ns,
        .memory_kb = compile->memory_kb,
        .limits = &language->compile_limits,
        .out = buf_view(&compile->out),
        .err = buf_view(&compile->err),
        .notes = notes,
    };
    find(rules, language, sub, &evidence, ret);
}

void explain_test(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                  size_t index, struct str notes, struct test_result *test)
{
    const struct test_case *given = &sub->tests[index];

    if (!rules || sub->no_hints)
        return;
    struct hint_evidence evidence = {
        .stage = HINT_RUN,
        .verdict = test->verdict,
        .exit_code = test->exit_code,
        .signal = test->signal,
        .cpu_ns = test->cpu_ns,
        .memory_kb = test->memory_kb,
        .limits = &given->limits,
        .out = buf_view(&test->out),
        .err = buf_view(&test->err),
        .notes = notes,
        .stdin_data = buf_view(&given->stdin_data),
        .expected = buf_view(&given->expected),
        .has_expected = given->has_expected && !sub->checker.program, /* otherwise it is not what is printed */
    };
    find(rules, language, sub, &evidence, &test->hints);
}

void explain_crash(const struct hint_rules *rules, const struct language *language, const struct submission *sub,
                   size_t index, struct str report, int exit_code, struct hint_list *ret)
{
    const struct test_case *given = &sub->tests[index];

    if (!rules || sub->no_hints)
        return;
    struct hint_evidence evidence = {
        .stage = HINT_CRASH,
        .verdict = VERDICT_RUNTIME_ERROR,
        .exit_code = exit_code,
        .limits = &given->limits,
        .err = report,
        .stdin_data = buf_view(&given->stdin_data),
    };
    find(rules, language, sub, &evidence, ret);
}

void explain_result(struct result *result)
{
    for (size_t i = 0; i < result->test_count; i++)
        for (size_t k = 0; k < result->tests[i].hints.count; k++)
            hint_list_copy(&result->hints, &result->tests[i].hints.items[k]);
    hint_list_rank(&result->hints, HINTS_MAX);
}
