/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h: reading a client's JSON object by tables of fields, noting every mistake with the JSON path of its field.
 *
 * A table names the fields an object may have and the function that reads each. What no table names is a mistake; so is a
 * required field that is missing. Reading goes on after a mistake, so that a client learns of all of them at once; whatever had a
 * mistake is left as it was.
 */
#ifndef EVALX_MODEL_PARSE_H
#define EVALX_MODEL_PARSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/submission.h"

struct parse {
    struct field_errors *errors;
    struct buf path;        /* of the value being read: "test_cases[3].stdin" */
    enum encoding encoding; /* of every parse_bytes */
};

struct field {
    const char *name;
    void (*read)(struct parse *p, json_t *value, void *target); /* value is not null; target is the section's */
    bool required;
};

/* One table and what its functions fill. An object is read by one or more sections, in their order. */
struct section {
    const struct field *fields;
    size_t count;
    void *target;
};
#define SECTION(table, into) ((struct section){.fields = (table), .count = ARRAY_LEN(table), .target = (into)})

/* Notes a mistake of the value at the current path, or of the field called name in it. */
void parse_mistake(struct parse *p, const char *format, ...) ATTR_PRINTF(2, 3);
void parse_mistake_in(struct parse *p, const char *name, const char *message);

/* Steps into a field or an array's item; returns what parse_leave needs. */
size_t parse_enter(struct parse *p, const char *name);
size_t parse_enter_item(struct parse *p, size_t index);
void parse_leave(struct parse *p, size_t mark);

/*
 * Reads value, which must be an object. misplaced (count may be 0) are fields known elsewhere: they are refused with why_misplaced
 * instead of "unknown field".
 */
void parse_object(struct parse *p, const json_t *value, const struct section *sections, size_t count);
void parse_object_except(struct parse *p, const json_t *value, const struct section *sections, size_t count,
                         struct section misplaced, const char *why_misplaced);

/* False, and a mistake, when value is not an array of least..most items. */
bool parse_array(struct parse *p, const json_t *value, size_t least, size_t most);

/* The values. Each returns false, and notes a mistake, when value is not what it should be. */
bool parse_text(struct parse *p, const json_t *value, size_t most,
                char **ret);                                             /* not empty, no NUL, at most so many bytes */
bool parse_bytes(struct parse *p, const json_t *value, struct buf *ret); /* any string, decoded by p->encoding */
bool parse_integer(struct parse *p, const json_t *value, int64_t least, int64_t most, int64_t *ret);
bool parse_bool(struct parse *p, const json_t *value, bool *ret);
bool parse_choice(struct parse *p, const json_t *value, const char *const *names, size_t count, size_t *ret);
bool parse_args(struct parse *p, const json_t *value, struct string_list *ret); /* SUBMISSION_ARGS_MAX, _BYTES_MAX */

#endif
