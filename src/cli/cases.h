/* SPDX-License-Identifier: Apache-2.0 */
/* cases.h: test cases in files: a folder of NAME.in with NAME.out or NAME.ans. */
#ifndef EVALX_CLI_CASES_H
#define EVALX_CLI_CASES_H

#include <stddef.h>

#include "base/defs.h"
#include "base/error.h"

struct case_files {
    char *name;     /* "01-small" */
    char *in;       /* paths */
    char *expected; /* NULL: there is neither .out nor .ans */
};

struct case_list {
    struct case_files *items;
    size_t count;
    char **warnings; /* for people: the files that are left out, the inputs without an answer */
    size_t warning_count;
};

/*
 * Pairs the files of folder, in natural order (2 before 10). An .out or .ans without its .in is left out, with a
 * warning; both of them for one name are an error (-EINVAL), as is a folder without any test case (-ENOENT). Inputs
 * without an answer have one warning together. Release it.
 */
int cases_list(const char *folder, struct case_list *ret, struct error *err);
void cases_release(struct case_list *list);

#endif
