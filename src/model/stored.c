/* SPDX-License-Identifier: Apache-2.0 */
/* stored.c: see stored.h. */
#include "model/stored.h"

#include <errno.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "model/strings.h"

enum { STORED_VERSION = 1 };

json_t *stored_bytes(struct str bytes)
{
    if (bytes.len == 0)
        return json_string("");
    json_t *text = memchr(bytes.data, '\0', bytes.len) ? NULL : json_stringn(bytes.data, bytes.len);
    if (text)
        return text;
    json_t *wrapped = json_object();
    json_object_set_new(wrapped, "b64", json_base64(bytes.data, bytes.len));
    return wrapped;
}

void stored_set_bytes(json_t *object, const char *key, const struct buf *bytes)
{
    json_object_set_new(object, key, stored_bytes(buf_view(bytes)));
}

void stored_set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text ? stored_bytes(str_of(text)) : json_null());
}

void stored_set_int(json_t *object, const char *key, int64_t number)
{
    json_object_set_new(object, key, json_integer(number));
}

void stored_set_bool(json_t *object, const char *key, bool value)
{
    json_object_set_new(object, key, json_boolean(value));
}

void stored_set_strings(json_t *object, const char *key, const struct string_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, stored_bytes(str_of(list->items[i])));
    json_object_set_new(object, key, array);
}

json_t *stored_new(void)
{
    json_t *root = json_object();
    stored_set_int(root, "v", STORED_VERSION);
    return root;
}

void stored_write(json_t *root, struct buf *out)
{
    json_write(root, out);
    json_decref(root);
}

void stored_damaged(struct stored_load *load, const char *key)
{
    if (load->code == 0)
        load->code = error_set(load->err, -EINVAL, "damaged: \"%s\" is missing or wrong", key);
}

json_t *stored_parse(struct stored_load *load, const void *data, size_t len)
{
    /* Not json_parse: its bounds are for clients, and the wrapping of bytes may exceed them. */
    json_error_t why;
    json_t *root = json_loadb(len > 0 ? data : "", len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (!root) {
        load->code = error_set(load->err, -EINVAL, "damaged: line %d, column %d: %s", why.line, why.column, why.text);
        return NULL;
    }
    int64_t version = stored_get_int(load, root, "v", 0, INT64_MAX);
    if (load->code == 0 && version > STORED_VERSION)
        load->code =
            error_set(load->err, -EPROTONOSUPPORT, "written by a newer evalx, in form %lld", (long long)version);
    else if (version != STORED_VERSION)
        stored_damaged(load, "v");
    if (load->code == 0)
        return root;
    json_decref(root);
    return NULL;
}

/* The bytes of a JSON string or {"b64": …}; false when value is neither. */
static bool unwrap(const json_t *value, struct buf *ret)
{
    if (json_is_string(value)) {
        buf_set(ret, json_string_value(value), json_string_length(value));
        return true;
    }
    const json_t *coded = json_object_get(value, "b64");
    if (!json_is_string(coded))
        return false;
    _cleanup_(buf_release) struct buf bytes = BUF_INIT;
    if (base64_decode(json_string_value(coded), json_string_length(coded), &bytes) < 0)
        return false;
    buf_release(ret);
    *ret = bytes;
    bytes = BUF_INIT;
    return true;
}

static char *unwrap_text(const json_t *value)
{
    _cleanup_(buf_release) struct buf bytes = BUF_INIT;
    if (!unwrap(value, &bytes) || memchr(buf_str(&bytes), '\0', bytes.len))
        return NULL;
    return buf_steal(&bytes, NULL);
}

void stored_get_bytes(struct stored_load *load, const json_t *object, const char *key, struct buf *ret)
{
    if (load->code == 0 && !unwrap(json_object_get(object, key), ret))
        stored_damaged(load, key);
}

void stored_get_text(struct stored_load *load, const json_t *object, const char *key, char **ret)
{
    if (load->code < 0)
        return;
    char *text = unwrap_text(json_object_get(object, key));
    if (text)
        *ret = text;
    else
        stored_damaged(load, key);
}

void stored_get_optional_text(struct stored_load *load, const json_t *object, const char *key, char **ret)
{
    if (!json_is_null(json_object_get(object, key)))
        stored_get_text(load, object, key, ret);
}

int64_t stored_get_int(struct stored_load *load, const json_t *object, const char *key, int64_t least, int64_t most)
{
    const json_t *value = json_object_get(object, key);
    int64_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= least && number <= most)
        return number;
    stored_damaged(load, key);
    return least;
}

bool stored_get_bool(struct stored_load *load, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        stored_damaged(load, key);
    return json_is_true(value);
}

void stored_get_strings(struct stored_load *load, const json_t *object, const char *key, struct string_list *ret)
{
    const json_t *array = stored_get_array(load, object, key, 0, SIZE_MAX);
    struct string_list list = {0};
    for (size_t i = 0; i < json_array_size(array); i++) {
        _cleanup_(freep) char *item = unwrap_text(json_array_get(array, i));
        if (item)
            strings_add(&list, str_of(item));
        else
            stored_damaged(load, key);
    }
    if (load->code == 0)
        *ret = list;
    else
        strings_release(&list);
}

json_t *stored_get_object(struct stored_load *load, const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_object(value))
        stored_damaged(load, key);
    return load->code == 0 ? value : NULL;
}

json_t *stored_get_array(struct stored_load *load, const json_t *object, const char *key, size_t least, size_t most)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_array(value) || json_array_size(value) < least || json_array_size(value) > most)
        stored_damaged(load, key);
    return load->code == 0 ? value : NULL;
}
