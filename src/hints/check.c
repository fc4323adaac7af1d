/* SPDX-License-Identifier: Apache-2.0 */
/* check.c: are the rules what they should be? Every capture known, every rule reachable, every example as it says. */
#include <stdlib.h>
#include <string.h>

#include "hints/detect.h"
#include "hints/words.h"

/* What every rule has, as far as it is known of the message. */
#define ALWAYS_CAPTURES                                                                                            \
    "line prev prev_line token type found here exit_code memory_mb cpu_limit_ms stack_mb output_kb process_limit " \
    "source"

struct check {
    const struct hint_rules *rules;
    const struct rule_file *file, *base, *common;
    const struct rule *rule;
    struct buf *report;
    size_t mistakes, examples;
    struct buf captures; /* blank-separated, of the rule at hand */
};

static void mistake(struct check *check, int line, const char *format, const char *what)
{
    buf_printf(check->report, "%s:%d: %s: ", check->file->path, line, check->rule->id);
    for (const char *at = format; *at; at++)
        if (at[0] == '%' && at[1] == 's')
            buf_append_str(check->report, what), at++;
        else
            buf_append_char(check->report, *at);
    buf_append_char(check->report, '\n');
    check->mistakes++;
}

/* ---- captures ---- */

static void note_capture(void *context, const char *name, unsigned group)
{
    struct check *check = context;
    (void)group;
    buf_printf(&check->captures, " %s", name);
}

static void note_captures(struct check *check)
{
    const struct rule *rule = check->rule;

    buf_clear(&check->captures);
    buf_append_str(&check->captures, ALWAYS_CAPTURES);
    if (rule->has_pattern)
        hint_pattern_names(&rule->pattern, note_capture, check);
    if (rule->detector)
        buf_printf(&check->captures, " %s", rule->detector->captures);
    for (size_t i = 0; i < rule->condition_count; i++) {
        struct condition *condition = &rule->conditions[i];
        struct pattern made = {0};
        if (!condition->dynamic) {
            hint_pattern_names(&condition->pattern, note_capture, check);
            continue;
        }
        /* {{name}} stands for a captured word */
        _cleanup_(buf_release) struct buf text = BUF_INIT;
        const char *at = condition->text;
        for (const char *mark; (mark = strstr(at, "{{")); at = strstr(mark, "}}") + 2) {
            buf_append(&text, at, (size_t)(mark - at));
            buf_append_char(&text, 'x');
            const char *end = strstr(mark, "}}");
            if (!end) {
                mistake(check, condition->line, "{{ without }}: %s", condition->text);
                return;
            }
            struct str name = {.data = mark + 2, .len = (size_t)(end - mark - 2)};
            _cleanup_(freep) char *copy = str_dup(name);
            if (!word_listed(name, buf_str(&check->captures)))
                mistake(check, condition->line, "unknown capture {{%s}}", copy);
        }
        buf_append_str(&text, at);
        struct error why = ERROR_INIT;
        if (hint_pattern_compile(&made, buf_str(&text), false, false, &why) < 0) {
            mistake(check, condition->line, "bad pattern: %s", why.message);
            continue;
        }
        hint_pattern_names(&made, note_capture, check);
        hint_pattern_release(&made);
    }
}

static bool is_table(const struct rule_file *file, struct str name)
{
    for (size_t i = 0; file && i < file->table_count; i++)
        if (str_is(name, file->tables[i].name))
            return true;
    return false;
}

static void check_text(struct check *check, const char *text)
{
    struct str before, helper, name;

    while (text_next(&text, &before, &helper, &name)) {
        _cleanup_(freep) char *name_text = str_dup(name);
        _cleanup_(freep) char *helper_text = str_dup(helper);
        if (!word_listed(name, buf_str(&check->captures)))
            mistake(check, check->rule->line, "unknown capture {%s}", name_text);
        if (helper.len > 0 && !text_helper_known(helper) && !is_table(check->file, helper) &&
            !is_table(check->base, helper) && !is_table(check->common, helper))
            mistake(check, check->rule->line, "unknown helper or table {%s:…}", helper_text);
    }
}

static void check_texts(struct check *check)
{
    bool english = false;
    for (size_t i = 0; i < check->rule->text_count; i++) {
        const struct text_set *set = &check->rule->texts[i];
        english |= strcmp(set->language, "en") == 0;
        for (size_t k = 0; k < set->count; k++)
            check_text(check, set->items[k]);
    }
    if (!english)
        mistake(check, check->rule->line, "there is no text in English (en)%s", "");
}

/* ---- reachable ---- */

static bool is_unconditional(const struct rule *rule)
{
    bool always = rule->condition_count == 0 && !rule->detector && !rule->only && !rule->version &&
                  rule->verdicts == 0 && rule->exit_codes.count == 0 && rule->signals.count == 0 && rule->busy < 0 &&
                  rule->text_count > 0;
    const char *last = always && rule->texts[0].count > 0 ? rule->texts[0].items[rule->texts[0].count - 1] : "{";
    return always && !strchr(last, '{');
}

static void check_reachable(struct check *check)
{
    for (const struct rule *earlier = check->file->rules; earlier < check->rule; earlier++) {
        if (strcmp(earlier->id, check->rule->id) == 0)
            mistake(check, check->rule->line, "the id is taken already%s", "");
        if (earlier->stage == check->rule->stage && earlier->has_pattern && check->rule->has_pattern &&
            strcmp(earlier->pattern_text, check->rule->pattern_text) == 0 && is_unconditional(earlier))
            mistake(check, check->rule->line, "can never be reached: %s takes all of its messages", earlier->id);
    }
}

/* ---- examples ---- */

static struct str text_or_empty(const char *text)
{
    return str_of(text ? text : "");
}

static enum verdict usual_verdict(const struct rule *rule, const struct example *example)
{
    if (example->verdict != VERDICT_ACCEPTED)
        return example->verdict;
    if (rule->stage == HINT_COMPILE)
        return VERDICT_COMPILATION_ERROR;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        if (rule->verdicts >> verdict & 1)
            return (enum verdict)verdict;
    return example->expected ? VERDICT_WRONG_ANSWER : VERDICT_RUNTIME_ERROR;
}

/* What the language's runtime exits with when it reports a failure. */
static int usual_exit_code(const struct check *check)
{
    const struct rule *rule = check->rule;
    if (rule->exit_codes.count > 0)
        return rule->exit_codes.items[0];
    for (size_t i = 0; i < check->file->form_count; i++)
        if (check->file->forms[i].stage == rule->stage && check->file->forms[i].exit_codes.count > 0)
            return check->file->forms[i].exit_codes.items[0];
    for (size_t i = 0; check->base && i < check->base->form_count; i++)
        if (rule->stage == HINT_CRASH && check->base->forms[i].stage == HINT_CRASH)
            return check->base->forms[i].exit_codes.count > 0 ? check->base->forms[i].exit_codes.items[0] : 1;
    return 1;
}

/* The hints for an example, as the program that it came from would have got them. */
static void run_example(const struct check *check, const struct example *example, struct hint_list *ret)
{
    const struct rule *rule = check->rule;
    const char *language = example->language ? example->language : check->file->language;
    const struct limits limits = limits_default();
    const struct hint_file file = {.name = check->file->source_name ? check->file->source_name : "main",
                                   .text = text_or_empty(example->source)};
    struct hint_evidence evidence = {
        .language = language,
        .stage = rule->stage,
        .verdict = usual_verdict(rule, example),
        .signal = example->signal,
        .exit_code = example->exit_code >= 0 ? example->exit_code
                     : example->signal       ? -1
                                             : usual_exit_code(check),
        .cpu_ns = example->cpu_ms * 1000000,
        .limits = &limits,
        .out = text_or_empty(example->output),
        .err = text_or_empty(example->message),
        .notes = text_or_empty(example->notes),
        .stdin_data = text_or_empty(example->stdin_data),
        .expected = text_or_empty(example->expected),
        .has_expected = example->expected != NULL,
        .files = &file,
        .file_count = 1,
    };
    if (example->signal == 0 && rule->signals.count > 0)
        evidence.signal = rule->signals.items[0];
    hints_find(check->rules, &evidence, "en", ret);
}

static void check_example(struct check *check, const struct example *example)
{
    struct hint_list hints = {0};
    const char *said = NULL, *first = "nothing";

    run_example(check, example, &hints);
    check->examples++;
    for (size_t i = 0; i < hints.count; i++) {
        if (i == 0)
            first = hints.items[0].rule;
        if (strcmp(hints.items[i].rule, check->rule->id) == 0 && !said)
            said = hints.items[i].text;
    }
    if (!example->hint && said)
        mistake(check, example->line, "an example that must not match does: %s", said);
    else if (example->hint && !said)
        mistake(check, example->line, "the example does not match; there was: %s", first);
    else if (example->hint && strcmp(example->hint, said) != 0)
        mistake(check, example->line, "the example says: %s", said);
    hint_list_release(&hints);
}

static void check_examples(struct check *check)
{
    bool matching = false, other = false;

    for (size_t i = 0; i < check->rule->example_count; i++) {
        matching |= check->rule->examples[i].hint != NULL;
        other |= check->rule->examples[i].hint == NULL;
        check_example(check, &check->rule->examples[i]);
    }
    if (!matching)
        mistake(check, check->rule->line, "no example that must match%s", "");
    if (!other)
        mistake(check, check->rule->line, "no example that must not match (hint: none)%s", "");
}

size_t hint_rules_check(const struct hint_rules *rules, struct buf *report, size_t *ret_examples)
{
    struct check check = {.rules = rules, .report = report, .common = hint_rules_file(rules, "common")};

    for (size_t f = 0; f < rules->count; f++) {
        check.file = &rules->files[f];
        check.base = check.file->base ? hint_rules_file(rules, check.file->base) : NULL;
        for (size_t i = 0; i < check.file->rule_count; i++) {
            check.rule = &check.file->rules[i];
            note_captures(&check);
            check_texts(&check);
            check_reachable(&check);
            check_examples(&check);
        }
    }
    buf_release(&check.captures);
    *ret_examples = check.examples;
    return check.mistakes;
}
