/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c: how commands speak to people and to programs. Every complaint goes to standard error as it arises and is remembered, so that
 * with --json the end of main can say the same on standard output. Only the main thread speaks.
 */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static struct {
    struct buf message; /* every complaint, separated by "; " */
    json_t *details;    /* what print_problem added */
    bool answered;      /* there is a JSON document on standard output already */
} told = {.message = BUF_INIT};

void escape_controls(const char *bytes, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        bool c1 = byte == 0xc2 && i + 1 < len && ((unsigned char)bytes[i + 1] & 0xe0) == 0x80; /* U+0080 to U+009F */
        if (c1)
            buf_printf(out, "\\u00%02x", (unsigned char)bytes[++i]);
        else if ((byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f)
            buf_printf(out, "\\x%02x", byte);
        else
            buf_append_char(out, (char)byte);
    }
}

static void say(const char *text)
{
    _cleanup_(buf_release) struct buf clean = BUF_INIT;

    escape_controls(text, strlen(text), &clean);
    fprintf(stderr, "evalx: %s\n", buf_str(&clean));
}

void print_error(const char *format, ...)
{
    _cleanup_(freep) char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = xstrdup("out of memory");
    va_end(args);
    say(text);
    buf_append_str(&told.message, told.message.len > 0 ? "; " : "");
    buf_append_str(&told.message, text);
}

void print_warning(const char *text)
{
    _cleanup_(freep) char *line = xasprintf("warning: %s", text);
    say(line);
}

void print_problem(const char *message, long status, json_t *errors)
{
    print_error("%s", message);
    json_decref(told.details);
    told.details = json_object();
    if (status != 0)
        json_object_set_new(told.details, "status", json_integer(status));
    if (errors != NULL)
        json_object_set_new(told.details, "errors", errors);
}

void print_json(json_t *json)
{
    json_auto_t *owned = json;

    told.answered = true;
    json_dumpf(owned, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    fputc('\n', stdout);
}

void finish_errors(bool as_json)
{
    json_t *error = json_object();

    if (told.message.len > 0)
        json_object_set_new(error, "message", json_text(buf_str(&told.message), told.message.len, NULL));
    if (told.details != NULL)
        json_object_update(error, told.details);
    if (as_json && !told.answered && told.message.len > 0)
        print_json(json_pack("{s:O}", "error", error));
    json_decref(error);
    json_decref(STEAL(told.details));
    buf_release(&told.message);
}
