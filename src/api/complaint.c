/* SPDX-License-Identifier: Apache-2.0 */
/* complaint.c: see complaint.h. */
#include "api/complaint.h"

#include "api/view.h"

#include <errno.h>
#include <stdarg.h>

void complaint_release(struct complaint *c)
{
    field_errors_release(&c->fields);
}

int complain(struct complaint *c, int status, const char *format, ...)
{
    c->status = status;
    va_list args;
    va_start(args, format);
    vsnprintf(c->detail.message, sizeof c->detail.message, format, args);
    va_end(args);
    return -1;
}

int complain_field(struct complaint *c, const char *field, const char *format, ...)
{
    char message[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    c->status = 422;
    field_errors_add(&c->fields, field, "%s", message);
    return -1;
}

int complain_store(struct complaint *c, int code)
{
    switch (code) {
    case -ENOENT:
        return complain(c, 404, "there is no submission with this token");
    case -EAGAIN:
        c->retry_s = RETRY_DRAINED;
        return complain(c, 503, "the queue is full; try again later");
    case -EDQUOT:
        c->retry_s = RETRY_DRAINED;
        return complain(c, 429, "this API key has as many submissions waiting as it may have; try again later");
    case -ENOSPC:
        return complain(c, 507, "there is no room left to keep submissions");
    default:
        return complain(c, 503, "the store cannot be reached; try again later");
    }
}

int complain_record(struct complaint *c, const struct store_record *record)
{
    if (view_is_newer(record))
        return complain(c, 503, "the submission was written by a newer evalx than this one; try again later");
    return complain(c, 500, "the submission's record cannot be read");
}

/* "test_cases[3].stdin must be a string (and 2 more)": enough for somebody who reads nothing but the detail. */
static void summarize(const struct field_errors *fields, struct error *ret)
{
    const struct field_error *first = &fields->items[0];
    size_t len = (size_t)snprintf(ret->message, sizeof ret->message, "%s%s%s", first->field, *first->field ? ": " : "",
                                  first->message);
    if (fields->count > 1 && len < sizeof ret->message)
        snprintf(ret->message + len, sizeof ret->message - len, " (and %zu more)", fields->count - 1);
}

static void add_retry_after(struct api *api, struct http_exchange *x, const struct complaint *c)
{
    char text[24];
    int64_t seconds = c->retry_s;
    if (seconds == RETRY_DRAINED)
        seconds = drain_seconds(&api->drain, api->config.retry_after_s);
    else if (seconds == RETRY_DEFAULT && c->status == 503)
        seconds = api->config.retry_after_s;
    if (seconds <= 0)
        return;
    snprintf(text, sizeof text, "%lld", (long long)seconds);
    http_add_header(x, "Retry-After", text);
}

void complaint_answer(struct api *api, struct http_exchange *x, const struct complaint *c)
{
    struct http_field_error errors[FIELD_ERRORS_MAX];
    size_t count = MIN(c->fields.count, ARRAY_LEN(errors));
    for (size_t i = 0; i < count; i++)
        errors[i] = (struct http_field_error){.field = c->fields.items[i].field, .message = c->fields.items[i].message};
    struct error detail = c->detail;
    if (!*detail.message && count > 0)
        summarize(&c->fields, &detail);
    add_retry_after(api, x, c);
    if (c->status == 401)
        http_add_header(x, "WWW-Authenticate", "Bearer realm=\"evalx\"");
    http_problem(x, c->status, *detail.message ? detail.message : NULL, errors, count);
}
