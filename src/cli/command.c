/* SPDX-License-Identifier: Apache-2.0 */
/* command.c: the two ways in which commands speak to people and to programs. */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>

void print_error(const char *format, ...)
{
    va_list args;

    fputs("evalx: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void print_json(json_t *json)
{
    json_auto_t *owned = json;

    json_dumpf(owned, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
}
