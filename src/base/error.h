/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h: the one error grammar.
 *
 * A function that can fail returns 0 or a negative errno value, leaves its ret_* outputs untouched on failure, and, where a
 * person will have to read it, takes an optional struct error * for the message. The message is wrapped on its way up:
 * "reading languages/cpp.yaml: line 3: unknown key \"sauce\"".
 */
#ifndef EVALX_BASE_ERROR_H
#define EVALX_BASE_ERROR_H

#include <stdarg.h>

#include "base/defs.h"

enum { ERROR_MESSAGE_MAX = 512 };

struct error {
    int code;                        /* negative errno, 0 when unset */
    char message[ERROR_MESSAGE_MAX]; /* always terminated; cut when longer */
};

#define ERROR_INIT ((struct error){0})

/* Sets code and message (err may be NULL) and returns code, so that a caller can `return error_set(err, -EINVAL, …)`. */
int error_set(struct error *err, int code, const char *format, ...) ATTR_PRINTF(3, 4);

/* Like error_set, with ": " and strerror(-code) appended. */
int error_errno(struct error *err, int code, const char *format, ...) ATTR_PRINTF(3, 4);

/* Puts "context: " in front of the message and returns err->code (or code when err is NULL). */
int error_wrap(struct error *err, int code, const char *format, ...) ATTR_PRINTF(3, 4);

#endif
