/* SPDX-License-Identifier: Apache-2.0 */
/* error.c: see error.h. */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void freep(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

int error_set(struct error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->code = code;
    return code;
}

int error_errno(struct error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    char context[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    char reason[128];
    return error_set(err, code, "%s: %s", context, strerror_r(-code, reason, sizeof reason));
}

int error_wrap(struct error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    char context[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    char inner[ERROR_MESSAGE_MAX];
    memcpy(inner, err->message, sizeof inner);
    return error_set(err, code, "%s: %s", context, inner);
}
