/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h: strict JSON over jansson.
 *
 * jansson can build 75 times as much memory as the text it reads ("[{},{},…]"), so the text is scanned first and refused
 * when it nests deeper than JSON_DEPTH_MAX or holds more than JSON_NODES_MAX values and keys. Repeated keys are refused.
 */
#ifndef EVALX_BASE_JSON_H
#define EVALX_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    JSON_DEPTH_MAX = 32,     /* nesting that the API accepts */
    JSON_NODES_MAX = 100000, /* values and keys; 1,000 test cases with all their fields need about 20,000 */
};

/* jansson itself brings json_auto_t, a json_t that is released when it leaves its scope. */

/*
 * Parses one JSON text of len bytes into *ret (new reference; the caller decrefs). Any type is accepted at the top.
 * -EINVAL with a message that says what and where (line, column) on anything that is not JSON, repeats a key or is too deep;
 * -E2BIG when it is too large in structure; -ERANGE for a number that no machine number can hold.
 */
int json_parse(const char *text, size_t len, json_t **ret, struct error *err);

/* Likewise; *ret_position (may be NULL) is the byte at which reading stopped. */
int json_parse_at(const char *text, size_t len, json_t **ret, size_t *ret_position, struct error *err);

/* Appends the path of the value that the byte at position belongs to, e.g. "test_cases[3].stdin"; nothing at the top. */
void json_path_at(const char *text, size_t len, size_t position, struct buf *out);

/* Appends the compact form, reals with the fewest digits that read back as the same number. Non-finite reals cannot occur in jansson values. */
void json_write(const json_t *json, struct buf *out);

/*
 * A JSON string for arbitrary bytes: the bytes themselves when they are UTF-8 (NUL becomes \u0000), otherwise with U+FFFD
 * for each bad byte, and *lossy (may be NULL) set to true. New reference.
 */
json_t *json_text(const void *data, size_t len, bool *lossy);

/* A JSON string holding the base64 of the bytes. New reference. */
json_t *json_base64(const void *data, size_t len);

/* A number rounded to a microsecond's worth of digits: ns as milliseconds with at most three decimals. New reference. */
json_t *json_ms(int64_t ns);

#endif
