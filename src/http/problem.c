/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c: application/problem+json, see answer.h. */
#include <http_parser.h>

#include "base/json.h"
#include "http/answer.h"

static json_t *text(const char *s)
{
    return json_text(s ? s : "", s ? strlen(s) : 0, NULL);
}

void problem_format(struct buf *out, int status, const char *detail, const struct http_field_error *errors,
                    size_t count)
{
    json_auto_t *problem = json_object();
    json_object_set_new(problem, "type", json_string("about:blank"));
    json_object_set_new(problem, "title", json_string(http_status_str((enum http_status)status)));
    json_object_set_new(problem, "status", json_integer(status));
    if (detail)
        json_object_set_new(problem, "detail", text(detail));
    if (count > 0) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++) {
            json_t *one = json_object();
            json_object_set_new(one, "field", text(errors[i].field));
            json_object_set_new(one, "message", text(errors[i].message));
            json_array_append_new(list, one);
        }
        json_object_set_new(problem, "errors", list);
    }
    json_write(problem, out);
}
