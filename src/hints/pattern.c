/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.c: see pattern.h. The limits are low: rules look at lines, and a match that needs more is a mistake or an attack. */
#include "hints/pattern.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { MATCH_LIMIT = 5000, DEPTH_LIMIT = 500, HEAP_LIMIT_KB = 256 };

int hint_pattern_compile(struct pattern *ret, const char *text, bool anchored, bool jit, struct error *err)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    uint32_t options = PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES | (anchored ? PCRE2_ANCHORED : 0);

    ret->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
    if (!ret->code) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(code, message, sizeof message);
        return error_set(err, -EINVAL, "%s, at character %zu", (const char *)message, at + 1);
    }
    ret->literal_len = anchored ? 0 : pattern_literal(text, ret->literal, sizeof ret->literal);
    uint32_t groups = 0;
    pcre2_pattern_info(ret->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (groups >= PATTERN_GROUPS_MAX) {
        hint_pattern_release(ret);
        return error_set(err, -EINVAL, "more than %d groups", PATTERN_GROUPS_MAX - 1);
    }
    atomic_init(&ret->translated, !jit);
    return 0;
}

/* Once for each pattern, whichever thread needs it first. Where it fails the interpreter does the work, under the same limits. */
static void translate(const struct pattern *pattern)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    struct pattern *own = (struct pattern *)(uintptr_t)pattern;

    if (atomic_load_explicit(&own->translated, memory_order_acquire))
        return;
    pthread_mutex_lock(&turn);
    if (!atomic_load_explicit(&own->translated, memory_order_relaxed)) {
        pcre2_jit_compile(own->code, PCRE2_JIT_COMPLETE);
        atomic_store_explicit(&own->translated, true, memory_order_release);
    }
    pthread_mutex_unlock(&turn);
}

void hint_pattern_release(struct pattern *pattern)
{
    pcre2_code_free(pattern->code);
    pattern->code = NULL;
}

void matcher_init(struct matcher *matcher)
{
    matcher->data = pcre2_match_data_create(PATTERN_GROUPS_MAX, NULL);
    matcher->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(matcher->context, MATCH_LIMIT);
    pcre2_set_depth_limit(matcher->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(matcher->context, HEAP_LIMIT_KB);
}

void matcher_release(struct matcher *matcher)
{
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->context);
}

bool hint_pattern_match(const struct pattern *pattern, struct matcher *matcher, struct str text, size_t at)
{
    if (!text.data)
        text.data = "";
    if (pattern->literal_len > 0 &&
        (at > text.len || !memmem(text.data + at, text.len - at, pattern->literal, pattern->literal_len)))
        return false;
    translate(pattern);
    return pcre2_match(pattern->code, (PCRE2_SPTR)text.data, text.len, at, 0, matcher->data, matcher->context) > 0;
}

struct str matcher_group(const struct matcher *matcher, struct str text, unsigned group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(matcher->data);
    if (group >= pcre2_get_ovector_count(matcher->data) || at[2 * group] == PCRE2_UNSET ||
        at[2 * group + 1] < at[2 * group])
        return (struct str){0};
    return (struct str){.data = text.data + at[2 * group], .len = at[2 * group + 1] - at[2 * group]};
}

void hint_pattern_names(const struct pattern *pattern, void (*each)(void *context, const char *name, unsigned group),
                        void *context)
{
    PCRE2_SPTR table = NULL;
    uint32_t count = 0, size = 0;

    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &table);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    for (uint32_t i = 0; i < count; i++) {
        PCRE2_SPTR entry = table + (size_t)i * size;
        each(context, (const char *)entry + 2, (unsigned)(entry[0] << 8 | entry[1]));
    }
}
