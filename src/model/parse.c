/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c: see parse.h. */
#include "model/parse.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "model/strings.h"

enum { KEY_SHOWN_MAX = 100 }; /* bytes of a client's own field name that a mistake repeats */

void parse_mistake(struct parse *p, const char *format, ...)
{
    char message[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    field_errors_add(p->errors, buf_str(&p->path), "%s", message);
}

void parse_mistake_in(struct parse *p, const char *name, const char *message)
{
    size_t mark = parse_enter(p, name);
    parse_mistake(p, "%s", message);
    parse_leave(p, mark);
}

size_t parse_enter(struct parse *p, const char *name)
{
    size_t mark = p->path.len;
    if (mark > 0)
        buf_append_char(&p->path, '.');
    buf_append(&p->path, name, utf8_cut(name, strlen(name), KEY_SHOWN_MAX));
    return mark;
}

size_t parse_enter_item(struct parse *p, size_t index)
{
    size_t mark = p->path.len;
    buf_printf(&p->path, "[%zu]", index);
    return mark;
}

void parse_leave(struct parse *p, size_t mark)
{
    buf_truncate(&p->path, mark);
}

static void read_section(struct parse *p, const json_t *object, const struct section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct field *field = &section->fields[i];
        json_t *value = json_object_get(object, field->name);
        bool given = value && !json_is_null(value);
        if (!given && !field->required)
            continue;
        size_t mark = parse_enter(p, field->name);
        if (given)
            field->read(p, value, section->target);
        else
            parse_mistake(p, "is required");
        parse_leave(p, mark);
    }
}

static bool section_has(const struct section *section, const char *name)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->fields[i].name, name) == 0)
            return true;
    return false;
}

static void refuse_unknown(struct parse *p, const char *key, const struct section *sections, size_t count)
{
    _cleanup_(buf_release) struct buf known = BUF_INIT;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < sections[s].count; i++)
            buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", sections[s].fields[i].name);
    size_t mark = parse_enter(p, key);
    parse_mistake(p, "unknown field; known here: %s", buf_str(&known));
    parse_leave(p, mark);
}

static void check_keys(struct parse *p, const json_t *object, const struct section *sections, size_t count,
                       const struct section *misplaced, const char *why_misplaced)
{
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) /* the macro takes no const */
    {
        bool known = false;
        for (size_t s = 0; s < count && !known; s++)
            known = section_has(&sections[s], key);
        if (known)
            continue;
        if (section_has(misplaced, key))
            parse_mistake_in(p, key, why_misplaced);
        else
            refuse_unknown(p, key, sections, count);
    }
}

void parse_object(struct parse *p, const json_t *value, const struct section *sections, size_t count)
{
    parse_object_except(p, value, sections, count, (struct section){0}, "");
}

void parse_object_except(struct parse *p, const json_t *value, const struct section *sections, size_t count,
                         struct section misplaced, const char *why_misplaced)
{
    if (!json_is_object(value)) {
        parse_mistake(p, "must be an object");
        return;
    }
    for (size_t s = 0; s < count; s++)
        read_section(p, value, &sections[s]);
    check_keys(p, value, sections, count, &misplaced, why_misplaced);
}

bool parse_array(struct parse *p, const json_t *value, size_t least, size_t most)
{
    if (!json_is_array(value)) {
        parse_mistake(p, "must be an array");
        return false;
    }
    size_t count = json_array_size(value);
    if (count < least) {
        parse_mistake(p, "must not be empty");
        return false;
    }
    if (count > most) {
        parse_mistake(p, "must have at most %zu entries, not %zu", most, count);
        return false;
    }
    return true;
}

/* False, and a mistake, unless value is a string without NUL. */
static bool check_text(struct parse *p, const json_t *value)
{
    if (!json_is_string(value)) {
        parse_mistake(p, "must be a string");
        return false;
    }
    if (memchr(json_string_value(value), '\0', json_string_length(value))) {
        parse_mistake(p, "must not hold a NUL character");
        return false;
    }
    return true;
}

bool parse_text(struct parse *p, const json_t *value, size_t most, char **ret)
{
    if (!check_text(p, value))
        return false;
    size_t len = json_string_length(value);
    if (len == 0) {
        parse_mistake(p, "must not be empty");
        return false;
    }
    if (len > most) {
        parse_mistake(p, "must be at most %zu bytes long", most);
        return false;
    }
    *ret = xstrdup(json_string_value(value));
    return true;
}

bool parse_bytes(struct parse *p, const json_t *value, struct buf *ret)
{
    if (!json_is_string(value)) {
        parse_mistake(p, "must be a string");
        return false;
    }
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (p->encoding == ENCODING_UTF8) {
        buf_set(ret, text, len);
    } else if (base64_decode(text, len, ret) < 0) {
        parse_mistake(p, "is not valid base64");
        return false;
    }
    return true;
}

bool parse_integer(struct parse *p, const json_t *value, int64_t least, int64_t most, int64_t *ret)
{
    if (!json_is_integer(value)) {
        parse_mistake(p, "must be an integer");
        return false;
    }
    int64_t number = json_integer_value(value);
    if (number < least || number > most) {
        parse_mistake(p, "must be between %" PRId64 " and %" PRId64, least, most);
        return false;
    }
    *ret = number;
    return true;
}

bool parse_bool(struct parse *p, const json_t *value, bool *ret)
{
    if (!json_is_boolean(value)) {
        parse_mistake(p, "must be true or false");
        return false;
    }
    *ret = json_is_true(value);
    return true;
}

bool parse_choice(struct parse *p, const json_t *value, const char *const *names, size_t count, size_t *ret)
{
    struct str text = {json_is_string(value) ? json_string_value(value) : "", json_string_length(value)};
    _cleanup_(buf_release) struct buf known = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        if (str_is(text, names[i])) {
            *ret = i;
            return true;
        }
        buf_printf(&known, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
    }
    parse_mistake(p, "must be one of %s", buf_str(&known));
    return false;
}

bool parse_args(struct parse *p, const json_t *value, struct string_list *ret)
{
    if (!parse_array(p, value, 0, SUBMISSION_ARGS_MAX))
        return false;
    struct string_list list = {0};
    bool good = true;
    size_t total = 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        size_t mark = parse_enter_item(p, i);
        if (check_text(p, item))
            strings_add(&list, (struct str){json_string_value(item), json_string_length(item)});
        else
            good = false;
        parse_leave(p, mark);
        total += json_string_length(item);
    }
    if (total > SUBMISSION_ARGS_BYTES_MAX) {
        parse_mistake(p, "must be at most %d bytes together, not %zu", SUBMISSION_ARGS_BYTES_MAX, total);
        good = false;
    }
    if (!good) {
        strings_release(&list);
        return false;
    }
    *ret = list;
    return true;
}
