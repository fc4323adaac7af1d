/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.c: POSIX patterns of the language files. */
#include <errno.h>

#include "language/internal.h"

int pattern_compile(regex_t *regex, const char *pattern, bool anchored, struct error *err)
{
    /* Anchored by the code, not by the writer of the pattern: "^-a$|-b" must not let "-b-plus-anything" pass. */
    char *whole = anchored ? xasprintf("^(%s)$", pattern) : xstrdup(pattern);
    int code = regcomp(regex, whole, REG_EXTENDED);
    free(whole);
    if (code == 0)
        return 0;
    char message[128];
    regerror(code, regex, message, sizeof message);
    return error_set(err, -EINVAL, "%s", message);
}

/* Whatever the patterns say: an option starts with '-' and is more than that, so it is never a file or an @file of options. */
static bool option_allowed(const regex_t *allowed, const char *option)
{
    return option[0] == '-' && option[1] && regexec(allowed, option, 0, NULL, 0) == 0;
}

/* One pattern for all that are allowed: compiled once for a list of options, however long. */
static int compile_allowed(const struct language *language, regex_t *ret)
{
    _cleanup_(buf_release) struct buf any = BUF_INIT;
    for (size_t i = 0; i < language->option_patterns.count; i++)
        buf_printf(&any, "%s(%s)", i ? "|" : "", language->option_patterns.items[i]);
    return any.len ? pattern_compile(ret, buf_str(&any), true, NULL) : -EINVAL;
}

int language_check_options(const struct language *language, const struct string_list *options, size_t *ret_index)
{
    if (options->count == 0)
        return 0;
    size_t bad = 0;
    regex_t allowed;
    if (compile_allowed(language, &allowed) == 0) {
        while (bad < options->count && option_allowed(&allowed, options->items[bad]))
            bad++;
        regfree(&allowed);
    }
    if (bad == options->count)
        return 0;
    *ret_index = bad;
    return -EINVAL;
}
