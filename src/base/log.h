/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h: structured log lines on standard error, one JSON object a line ({"time":…,"level":…,"event":…, fields…}), or text for
 * people. Used by mains and by long-running loops, which have nobody to give an error to; no other code of libraries. Thread-safe; a line is
 * one write(2).
 * Values are escaped and cut at LOG_VALUE_MAX bytes; source code, keys and whole tokens of other people never go in.
 *
 *   log_info("submission.completed", LOG_STR("token", token), LOG_INT("tests", n));
 */
#ifndef EVALX_BASE_LOG_H
#define EVALX_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };
enum { LOG_VALUE_MAX = 1024 };

struct log_field {
    const char *name;
    enum { LOG_FIELD_STR, LOG_FIELD_INT } kind;
    const char *text;
    int64_t number;
};

#define LOG_STR(n, v) ((struct log_field){.name = (n), .kind = LOG_FIELD_STR, .text = (v)})
#define LOG_INT(n, v) ((struct log_field){.name = (n), .kind = LOG_FIELD_INT, .number = (v)})

/* Call once from main, before threads. */
void log_setup(enum log_format format, enum log_level least);

void log_write(enum log_level level, const char *file, int line, const char *event, const struct log_field *fields,
               size_t count);

/* The field list is an array that starts with a blank so that it may be empty. */
#define LOG_AT(level, event, ...)                                                                        \
    log_write(level, __FILE_NAME__, __LINE__, event, (const struct log_field[]){{0}, ##__VA_ARGS__} + 1, \
              sizeof((const struct log_field[]){{0}, ##__VA_ARGS__}) / sizeof(struct log_field) - 1)
#define log_debug(event, ...) LOG_AT(LOG_DEBUG, event, ##__VA_ARGS__)
#define log_info(event, ...)  LOG_AT(LOG_INFO, event, ##__VA_ARGS__)
#define log_warn(event, ...)  LOG_AT(LOG_WARN, event, ##__VA_ARGS__)
#define log_error(event, ...) LOG_AT(LOG_ERROR, event, ##__VA_ARGS__)

#endif
