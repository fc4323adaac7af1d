/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored.h: the JSON in which the store keeps submissions and results: exact for every byte, versioned ("v").
 *
 * Bytes that are UTF-8 without NUL are a JSON string; all others are {"b64": "…"}. The stored_get_… functions share one struct
 * stored_load: the first thing that is not as it must be sets its code and error, and all later calls do nothing, so that a reader
 * asks once, at its end, whether everything was there.
 */
#ifndef EVALX_MODEL_STORED_H
#define EVALX_MODEL_STORED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/hint.h"
#include "model/submission.h"

json_t *stored_bytes(struct str bytes); /* new reference */
void stored_set_bytes(json_t *object, const char *key, const struct buf *bytes);
void stored_set_text(json_t *object, const char *key, const char *text); /* NULL is stored as null */
void stored_set_int(json_t *object, const char *key, int64_t number);
void stored_set_bool(json_t *object, const char *key, bool value);
void stored_set_hints(json_t *object, const char *key,
                      const struct hint_list *hints); /* in their order, without ranks */
void stored_set_strings(json_t *object, const char *key, const struct string_list *list);

json_t *stored_new(void);                         /* an object with the version in it */
void stored_write(json_t *root, struct buf *out); /* appends the text and drops root */

struct stored_load {
    int code;          /* 0, -EINVAL, or -EPROTONOSUPPORT: written by a newer evalx, nothing is wrong with it */
    struct error *err; /* may be NULL */
};

/* Parses and checks the version. NULL when that fails; the caller decrefs. */
json_t *stored_parse(struct stored_load *load, const void *data, size_t len);

void stored_damaged(struct stored_load *load, const char *key); /* notes that key is missing or wrong */

/* Outputs are untouched on failure. Texts never hold NUL. */
void stored_get_bytes(struct stored_load *load, const json_t *object, const char *key, struct buf *ret);
void stored_get_text(struct stored_load *load, const json_t *object, const char *key, char **ret);
void stored_get_optional_text(struct stored_load *load, const json_t *object, const char *key, char **ret);
int64_t stored_get_int(struct stored_load *load, const json_t *object, const char *key, int64_t least, int64_t most);
bool stored_get_bool(struct stored_load *load, const json_t *object, const char *key);
void stored_get_hints(struct stored_load *load, const json_t *object, const char *key, struct hint_list *ret);
void stored_get_strings(struct stored_load *load, const json_t *object, const char *key, struct string_list *ret);
json_t *stored_get_object(struct stored_load *load, const json_t *object,
                          const char *key); /* borrowed; NULL on failure */
json_t *stored_get_array(struct stored_load *load, const json_t *object, const char *key, size_t least, size_t most);

#endif
