/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h: PCRE2 as the rules use it: compiled once, translated to machine code (JIT) when it is first needed, because most of a thousand
 * patterns never are and their code would be three megabytes; matched under limits. Private to hints/.
 */
#ifndef EVALX_HINTS_PATTERN_H
#define EVALX_HINTS_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/error.h"

enum { PATTERN_GROUPS_MAX = 24, PATTERN_LITERAL_MAX = 40 };

struct pattern {
    pcre2_code *code;
    char literal[PATTERN_LITERAL_MAX]; /* in each text that it matches; of patterns that are searched for */
    size_t literal_len;                /* 0: none is known */
    atomic_bool translated;            /* with JIT, or not to be */
};

/* literal.c: the longest letters that a text must contain for the pattern to match, in ret; returns how many, 0 when none are certain. */
size_t pattern_literal(const char *text, char *ret, size_t room);

/* anchored: matches only where it is asked to. Multi-line; '.' is no newline; bytes, not characters. -EINVAL says what is wrong. */
int hint_pattern_compile(struct pattern *ret, const char *text, bool anchored, bool jit, struct error *err);
void hint_pattern_release(struct pattern *pattern);

/* One thread's working memory. */
struct matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
};
void matcher_init(struct matcher *matcher);
void matcher_release(struct matcher *matcher);

/* Whether it matches text from the byte at on. Past the limits: no. The groups are in matcher->data until the next call. */
bool hint_pattern_match(const struct pattern *pattern, struct matcher *matcher, struct str text, size_t at);

/* After a match. Group 0 is the whole. The empty view (data NULL) when the group took no part. */
struct str matcher_group(const struct matcher *matcher, struct str text, unsigned group);

/* Calls each(context, name, group) for every named group. */
void hint_pattern_names(const struct pattern *pattern, void (*each)(void *context, const char *name, unsigned group),
                        void *context);

#endif
