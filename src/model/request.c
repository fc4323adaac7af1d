/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c: a client's JSON becomes a submission.
 *
 * There are three forms of body: the object of /execute-batch, its array form, and the object of /execute. They are put together
 * from the same few tables of fields:
 *
 *   batch object         batch_fields, test_cases (of each: case_fields and own_fields)
 *   array, first item    batch_fields, case_fields
 *   array, later items   case_fields, own_fields
 *   single object        single_fields, io_fields
 *
 * args and limits are in batch_fields (for every test case) and in own_fields (for one); in the array's first item they are the
 * common ones. A field that stands in no table of its place is unknown and refused.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/choices.h"
#include "model/names.h"
#include "model/parse.h"
#include "model/strings.h"

enum { WORD_MAX = 64 }; /* bytes of language and version */

/* ---- limits ---- */

static void read_limit(struct parse *p, const json_t *value, int64_t least, int64_t *limit)
{
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number <= 0)
        parse_mistake(p, "must be a positive integer");
    else if (number < least)
        parse_mistake(p, "must be at least %lld", (long long)least);
    else
        *limit = number;
}

#define LIMIT_READER(member, field, fallback, least, cap)                   \
    static void read_##member(struct parse *p, json_t *value, void *limits) \
    {                                                                       \
        read_limit(p, value, least, &((struct limits *)limits)->member);    \
    }
LIMITS(LIMIT_READER)

#define LIMIT_ROW(member, field, fallback, least, cap) {field, read_##member, false},
static const struct field limits_fields[] = {LIMITS(LIMIT_ROW)};

static void read_limits(struct parse *p, const json_t *value, struct limits *limits)
{
    parse_object(p, value, &SECTION(limits_fields, limits), 1);
}

/* ---- files ---- */

/* False, and a mistake, unless value is fit to be a file's path. */
static bool check_path(struct parse *p, const json_t *value)
{
    if (!json_is_string(value)) {
        parse_mistake(p, "must be a string");
        return false;
    }
    const char *mistake = source_name_mistake((struct str){json_string_value(value), json_string_length(value)});
    if (mistake)
        parse_mistake(p, "%s", mistake);
    return !mistake;
}

static void read_file_name(struct parse *p, json_t *value, void *file)
{
    if (check_path(p, value))
        ((struct source_file *)file)->name = xstrdup(json_string_value(value));
}

static void read_file_content(struct parse *p, json_t *value, void *file)
{
    parse_bytes(p, value, &((struct source_file *)file)->content);
}

static const struct field file_fields[] = {
    {"name", read_file_name, true},
    {"content", read_file_content, true},
};

/* The file at index against all before it; names that had a mistake are NULL. */
static void check_collision(struct parse *p, const struct source_file *files, size_t index)
{
    const char *name = files[index].name;
    for (size_t i = 0; name && i < index; i++) {
        if (!files[i].name || !source_names_collide(files[i].name, name))
            continue;
        size_t mark = parse_enter(p, "name");
        if (strcmp(files[i].name, name) == 0)
            parse_mistake(p, "is the name of files[%zu] already", i);
        else
            parse_mistake(p, "cannot go with the name of files[%zu]: one is a file, the other a folder", i);
        parse_leave(p, mark);
        return;
    }
}

static void read_files(struct parse *p, json_t *value, void *target)
{
    struct submission *sub = target;
    if (!parse_array(p, value, 0, SUBMISSION_FILES_MAX))
        return;
    sub->file_count = json_array_size(value);
    sub->files = xcalloc(sub->file_count, sizeof *sub->files);
    for (size_t i = 0; i < sub->file_count; i++) {
        size_t mark = parse_enter_item(p, i);
        parse_object(p, json_array_get(value, i), &SECTION(file_fields, &sub->files[i]), 1);
        check_collision(p, sub->files, i);
        parse_leave(p, mark);
    }
}

/* ---- collect ---- */

static bool is_listed(const struct string_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static void read_collect(struct parse *p, json_t *value, void *target)
{
    struct string_list *names = &((struct submission *)target)->collect;
    if (!parse_array(p, value, 0, SUBMISSION_COLLECT_MAX))
        return;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        size_t mark = parse_enter_item(p, i);
        if (check_path(p, item) && is_listed(names, json_string_value(item)))
            parse_mistake(p, "is in the list already");
        else if (json_is_string(item))
            strings_add(names, str_of(json_string_value(item)));
        parse_leave(p, mark);
    }
}

/* ---- what is common to all test cases ---- */

static void read_encoding(struct parse *p, json_t *value, void *sub)
{
    size_t choice;
    if (parse_choice(p, value, encoding_names, ENCODINGS, &choice))
        p->encoding = ((struct submission *)sub)->encoding = (enum encoding)choice;
}

static void read_language(struct parse *p, json_t *value, void *sub)
{
    parse_text(p, value, WORD_MAX, &((struct submission *)sub)->language);
}

static void read_version(struct parse *p, json_t *value, void *sub)
{
    parse_text(p, value, WORD_MAX, &((struct submission *)sub)->version);
}

static void read_code(struct parse *p, json_t *value, void *sub)
{
    parse_bytes(p, value, &((struct submission *)sub)->code);
}

static void read_compiler_options(struct parse *p, json_t *value, void *sub)
{
    parse_args(p, value, &((struct submission *)sub)->compiler_options);
}

static void read_args(struct parse *p, json_t *value, void *sub)
{
    parse_args(p, value, &((struct submission *)sub)->args);
}

static void read_common_limits(struct parse *p, json_t *value, void *sub)
{
    read_limits(p, value, &((struct submission *)sub)->limits);
}

static void read_webhook_url(struct parse *p, json_t *value, void *target)
{
    struct submission *sub = target;
    if (!parse_text(p, value, SUBMISSION_WEBHOOK_URL_MAX, &sub->webhook_url))
        return;
    const char *mistake = webhook_url_mistake(str_of(sub->webhook_url));
    if (mistake)
        parse_mistake(p, "%s", mistake);
}

static void read_webhook_event(struct parse *p, const json_t *value, unsigned *events)
{
    size_t choice;
    if (!parse_choice(p, value, webhook_event_names, WEBHOOK_EVENTS, &choice))
        return;
    if (*events & 1u << choice)
        parse_mistake(p, "is there twice");
    *events |= 1u << choice;
}

static void read_webhook_events(struct parse *p, json_t *value, void *target)
{
    struct submission *sub = target;
    unsigned events = 0;
    if (!parse_array(p, value, 1, WEBHOOK_EVENTS))
        return;
    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t mark = parse_enter_item(p, i);
        read_webhook_event(p, json_array_get(value, i), &events);
        parse_leave(p, mark);
    }
    if (!sub->webhook_url)
        parse_mistake(p, "goes only with webhook_url");
    sub->webhook_events = events;
}

static void read_priority(struct parse *p, json_t *value, void *sub)
{
    int64_t priority = 0;
    if (parse_integer(p, value, -SUBMISSION_PRIORITY_MAX, SUBMISSION_PRIORITY_MAX, &priority))
        ((struct submission *)sub)->priority = (int)priority;
}

static void read_metadata(struct parse *p, json_t *value, void *target)
{
    struct submission *sub = target;
    if (!json_is_object(value)) {
        parse_mistake(p, "must be an object");
        return;
    }
    if (json_dumpb(value, NULL, 0, JSON_COMPACT) > SUBMISSION_METADATA_MAX) {
        parse_mistake(p, "must be at most %d bytes long as compact JSON", SUBMISSION_METADATA_MAX);
        return;
    }
    json_decref(sub->metadata);
    sub->metadata = json_incref(value);
}

static void read_hints(struct parse *p, json_t *value, void *sub)
{
    bool wanted = true;
    if (parse_bool(p, value, &wanted))
        ((struct submission *)sub)->no_hints = !wanted;
}

/* A language tag: "en", "pt-BR". One that no rule has a text for falls back to English. */
static void read_hint_language(struct parse *p, json_t *value, void *target)
{
    struct submission *sub = target;
    if (!parse_text(p, value, SUBMISSION_HINT_LANGUAGE_MAX, &sub->hint_language))
        return;
    for (const char *at = sub->hint_language; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-') {
            parse_mistake(p, "must be a language tag, such as en");
            return;
        }
}

static void read_stop(struct parse *p, json_t *value, void *sub)
{
    parse_bool(p, value, &((struct submission *)sub)->stop_on_first_failure);
}

/* ---- the program, and the checker, which may be one too ---- */

static bool holds_something(const json_t *value)
{
    return value && !json_is_null(value) && !(json_is_string(value) && json_string_length(value) == 0) &&
           !(json_is_array(value) && json_array_size(value) == 0);
}

/* A program must be there; when code or files had a mistake of its own, that one was noted. */
static void check_program(struct parse *p, const json_t *body, const struct submission *sub)
{
    if (!json_is_object(body) || sub->code.len > 0 || sub->file_count > 0)
        return;
    bool tried = holds_something(json_object_get(body, "code")) || holds_something(json_object_get(body, "files"));
    if (!tried || p->errors->count == 0)
        parse_mistake_in(p, "code",
                         json_is_string(json_object_get(body, "code"))
                             ? "must not be empty, unless files has the program"
                             : "is required, unless files has the program");
}

static void read_checker_type(struct parse *p, json_t *value, void *checker)
{
    size_t type;
    if (parse_choice(p, value, checker_names, CHECKER_TYPES, &type))
        ((struct checker_spec *)checker)->type = (enum checker_type)type;
}

/* Comes after the type: only float has tolerances. */
static void read_tolerance(struct parse *p, const json_t *value, enum checker_type type, double *tolerance)
{
    double number = json_number_value(value);
    if (type != CHECKER_FLOAT)
        parse_mistake(p, "goes only with the type \"float\"");
    else if (!json_is_number(value) || !isfinite(number) || number < 0)
        parse_mistake(p, "must be a number, 0 or more");
    else
        *tolerance = number;
}

static void read_abs(struct parse *p, json_t *value, void *target)
{
    struct checker_spec *checker = target;
    read_tolerance(p, value, checker->type, &checker->abs);
}

static void read_rel(struct parse *p, json_t *value, void *target)
{
    struct checker_spec *checker = target;
    read_tolerance(p, value, checker->type, &checker->rel);
}

static const struct field checker_fields[] = {
    {"type", read_checker_type, true},
    {"abs", read_abs},
    {"rel", read_rel},
};

/* Likewise: only a program has these. */
static const struct field program_fields[] = {
    {"language", read_language, true},           {"version", read_version}, {"code", read_code}, {"files", read_files},
    {"compiler_options", read_compiler_options},
};

static void read_program(struct parse *p, const json_t *value, struct checker_spec *checker)
{
    checker->program = submission_new();
    const struct section sections[] = {SECTION(checker_fields, checker), SECTION(program_fields, checker->program)};
    parse_object(p, value, sections, ARRAY_LEN(sections));
    check_program(p, value, checker->program);
}

static bool is_program(const json_t *checker)
{
    const char *type = json_string_value(json_object_get(checker, "type"));
    return type &&
           (strcmp(type, checker_names[CHECKER_PROGRAM]) == 0 || strcmp(type, checker_names[CHECKER_INTERACTOR]) == 0);
}

static void read_checker(struct parse *p, json_t *value, void *sub)
{
    struct checker_spec checker = {.abs = -1, .rel = -1}; /* negative: not given */
    if (is_program(value))
        read_program(p, value, &checker);
    else
        parse_object_except(p, value, &SECTION(checker_fields, &checker), 1, SECTION(program_fields, NULL),
                            "goes only with the types \"program\" and \"interactor\"");
    double other = checker.abs < 0 && checker.rel < 0 ? CHECKER_TOLERANCE : 0;
    checker.abs = checker.abs < 0 ? other : checker.abs;
    checker.rel = checker.rel < 0 ? other : checker.rel;
    ((struct submission *)sub)->checker = checker;
}

/* encoding comes first: the rest is read by it. */
#define COMMON_FIELDS                                                                                               \
    {"encoding", read_encoding}, {"language", read_language, true}, {"version", read_version}, {"code", read_code}, \
        {"files", read_files}, {"compiler_options", read_compiler_options}, {"args", read_args},                    \
        {"limits", read_common_limits}, {"checker", read_checker}, {"webhook_url", read_webhook_url},               \
        {"webhook_events", read_webhook_events}, {"priority", read_priority}, {"collect", read_collect},            \
        {"hints", read_hints}, {"hint_language", read_hint_language},                                               \
    {                                                                                                               \
        "metadata", read_metadata                                                                                   \
    }
static const struct field single_fields[] = {COMMON_FIELDS};
static const struct field batch_fields[] = {COMMON_FIELDS, {"stop_on_first_failure", read_stop}};

/* ---- test cases ---- */

static void read_stdin(struct parse *p, json_t *value, void *test)
{
    parse_bytes(p, value, &((struct test_case *)test)->stdin_data);
}

static void read_expected(struct parse *p, json_t *value, void *target)
{
    struct test_case *test = target;
    test->has_expected = parse_bytes(p, value, &test->expected);
}

static void read_case_name(struct parse *p, json_t *value, void *test)
{
    parse_text(p, value, SUBMISSION_NAME_MAX, &((struct test_case *)test)->name);
}

static void read_own_args(struct parse *p, json_t *value, void *target)
{
    struct test_case *test = target;
    test->has_args = parse_args(p, value, &test->args);
}

static void read_own_limits(struct parse *p, json_t *value, void *test)
{
    read_limits(p, value, &((struct test_case *)test)->limits);
}

#define IO_FIELDS                        \
    {"stdin", read_stdin},               \
    {                                    \
        "expected_output", read_expected \
    }
static const struct field io_fields[] = {IO_FIELDS};
static const struct field case_fields[] = {{"name", read_case_name}, IO_FIELDS};
static const struct field own_fields[] = {{"args", read_own_args}, {"limits", read_own_limits}};

static void make_tests(struct submission *sub, size_t count)
{
    sub->test_count = count;
    sub->tests = xcalloc(count, sizeof *sub->tests);
}

static void read_test_cases(struct parse *p, json_t *value, void *target)
{
    struct submission *sub = target;
    if (!parse_array(p, value, 1, SUBMISSION_TESTS_MAX))
        return;
    make_tests(sub, json_array_size(value));
    for (size_t i = 0; i < sub->test_count; i++) {
        const struct section sections[] = {SECTION(case_fields, &sub->tests[i]), SECTION(own_fields, &sub->tests[i])};
        size_t mark = parse_enter_item(p, i);
        parse_object(p, json_array_get(value, i), sections, ARRAY_LEN(sections));
        parse_leave(p, mark);
    }
}

static const struct field test_cases_field[] = {{"test_cases", read_test_cases}};

/* ---- the three bodies ---- */

static void read_batch(struct parse *p, const json_t *body, struct submission *sub)
{
    const struct section sections[] = {SECTION(batch_fields, sub), SECTION(test_cases_field, sub)};
    if (!json_is_object(body)) {
        parse_mistake(p, "must be an object or an array");
        return;
    }
    parse_object(p, body, sections, ARRAY_LEN(sections));
    check_program(p, body, sub);
    if (sub->test_count == 0)
        make_tests(sub, 1);
}

static void read_later_item(struct parse *p, const json_t *item, struct test_case *test)
{
    const struct section sections[] = {SECTION(case_fields, test), SECTION(own_fields, test)};
    parse_object_except(p, item, sections, ARRAY_LEN(sections), SECTION(batch_fields, NULL),
                        "belongs to the first item, which carries what is common to all");
}

static void read_array(struct parse *p, const json_t *body, struct submission *sub)
{
    if (!parse_array(p, body, 1, SUBMISSION_TESTS_MAX))
        return;
    sub->array_form = true;
    make_tests(sub, json_array_size(body));
    const struct section first[] = {SECTION(batch_fields, sub), SECTION(case_fields, &sub->tests[0])};
    for (size_t i = 0; i < sub->test_count; i++) {
        const json_t *item = json_array_get(body, i);
        size_t mark = parse_enter_item(p, i);
        if (i > 0) {
            read_later_item(p, item, &sub->tests[i]);
        } else {
            parse_object(p, item, first, ARRAY_LEN(first));
            check_program(p, item, sub);
        }
        parse_leave(p, mark);
    }
}

static void read_single(struct parse *p, const json_t *body, struct submission *sub)
{
    make_tests(sub, 1);
    const struct section sections[] = {SECTION(single_fields, sub), SECTION(io_fields, &sub->tests[0])};
    parse_object(p, body, sections, ARRAY_LEN(sections));
    check_program(p, body, sub);
}

static int read_body(const json_t *body, void (*read)(struct parse *, const json_t *, struct submission *),
                     struct submission **ret, struct field_errors *errors)
{
    struct field_errors found = {0};
    struct parse p = {.errors = &found};
    _cleanup_(submission_freep) struct submission *sub = submission_new();
    read(&p, body, sub);
    buf_release(&p.path);
    if (found.count == 0) {
        *ret = STEAL(sub);
        return 0;
    }
    for (size_t i = 0; i < found.count; i++)
        field_errors_add(errors, found.items[i].field, "%s", found.items[i].message);
    field_errors_release(&found);
    return -EINVAL;
}

int submission_parse_batch(const json_t *body, struct submission **ret, struct field_errors *errors)
{
    return read_body(body, json_is_array(body) ? read_array : read_batch, ret, errors);
}

int submission_parse_single(const json_t *body, struct submission **ret, struct field_errors *errors)
{
    return read_body(body, read_single, ret, errors);
}
