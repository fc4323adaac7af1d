/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h: the values people write in configuration and on the command line, from text and back.
 *
 * Durations are kept in milliseconds ("250ms", "3s", "1.5m", "24h", "7d"; a bare number is refused unless it is 0), sizes in bytes
 * ("64MiB", "16K", "1GB", bare bytes). Readers return 0, or -EINVAL with a message that says what is accepted.
 */
#ifndef EVALX_CLI_VALUE_H
#define EVALX_CLI_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

int value_integer(const char *text, int64_t *ret, struct error *err);
int value_bool(const char *text, bool *ret, struct error *err); /* true, false, yes, no, on, off, 1, 0 */
int value_duration(const char *text, int64_t *ret_ms, struct error *err);
int value_size(const char *text, int64_t *ret_bytes, struct error *err);

/*
 * A limit by its API name: fields that end in _ms take durations and bare milliseconds, those in _kb take sizes (rounded up) and
 * bare KiB, the others whole numbers.
 */
int value_limit(const char *field, const char *text, int64_t *ret, struct error *err);

/* Append the shortest exact form: 90000 ms as "90s", 1048576 bytes as "1MiB". */
void value_print_duration(int64_t ms, struct buf *out);
void value_print_size(int64_t bytes, struct buf *out);

#endif
