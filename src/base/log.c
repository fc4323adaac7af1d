/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: see log.h. */
#include "base/log.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"

static enum log_format chosen_format = LOG_FORMAT_JSON;
static enum log_level least_level = LOG_INFO;
static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

void log_setup(enum log_format format, enum log_level least)
{
    chosen_format = format;
    least_level = least;
}

static void append_escaped(struct buf *out, const char *text)
{
    size_t len = strnlen(text, LOG_VALUE_MAX);
    _cleanup_(buf_release) struct buf repaired = BUF_INIT;
    utf8_repair(text, len, &repaired);
    for (size_t i = 0; i < repaired.len; i++) {
        unsigned char c = (unsigned char)repaired.data[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_append_str(out, "\\n");
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04x", c);
        else
            buf_append_char(out, (char)c);
    }
}

static void append_field(struct buf *out, const struct log_field *f)
{
    bool json = chosen_format == LOG_FORMAT_JSON;
    buf_printf(out, json ? ",\"%s\":" : " %s=", f->name);
    if (f->kind == LOG_FIELD_INT) {
        buf_printf(out, "%lld", (long long)f->number);
        return;
    }
    const char *text = f->text ? f->text : "";
    bool quote = json || text[0] == '\0' || strpbrk(text, " \t\n\"=") != NULL;
    buf_append_str(out, quote ? "\"" : "");
    append_escaped(out, text);
    buf_append_str(out, quote ? "\"" : "");
}

void log_write(enum log_level level, const char *file, int line, const char *event, const struct log_field *fields,
               size_t count)
{
    if (level < least_level)
        return;
    _cleanup_(buf_release) struct buf out = BUF_INIT;
    char when[RFC3339_SIZE];
    clock_rfc3339(clock_realtime_ms(), when);
    if (chosen_format == LOG_FORMAT_JSON)
        buf_printf(&out, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", when, level_names[level], event);
    else
        buf_printf(&out, "%s %-5s %s", when, level_names[level], event);
    for (size_t i = 0; i < count; i++)
        append_field(&out, &fields[i]);
    if (chosen_format == LOG_FORMAT_JSON)
        buf_printf(&out, ",\"source\":\"%s:%d\"}\n", file, line);
    else
        buf_append_char(&out, '\n');
    /* A log line that cannot be written has nowhere to complain to. */
    ssize_t ignored = write(STDERR_FILENO, out.data, out.len);
    (void)ignored;
}
