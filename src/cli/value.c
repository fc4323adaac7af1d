/* SPDX-License-Identifier: Apache-2.0 */
/* value.c: numbers with units. All arithmetic is on integers, so "1.5s" is exactly 1500 ms and nothing overflows silently. */
#include "cli/value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/defs.h"

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000},
};

static const struct unit size_units[] = {
    {"B", 1},       {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"K", 1 << 10},
    {"M", 1 << 20}, {"G", 1 << 30},   {"KB", 1000},     {"MB", 1000000},  {"GB", 1000000000},
};

enum { FRACTION_DIGITS_MAX = 6 };

/* A decimal number split where its unit begins: value = digits / 10^decimals. */
struct decimal {
    int64_t digits;
    int64_t scale;
    const char *rest;
};

static int decimal_read(const char *text, struct decimal *ret)
{
    struct decimal d = {.scale = 1, .rest = text};
    bool any = false, fraction = false;
    int decimals = 0;

    for (;; d.rest++) {
        if (*d.rest == '.' && any && !fraction) {
            fraction = true;
            continue;
        }
        if (*d.rest < '0' || *d.rest > '9')
            break;
        if (__builtin_mul_overflow(d.digits, 10, &d.digits) ||
            __builtin_add_overflow(d.digits, *d.rest - '0', &d.digits))
            return -ERANGE;
        any = true;
        if (fraction) {
            d.scale *= 10;
            if (++decimals > FRACTION_DIGITS_MAX)
                return -ERANGE;
        }
    }
    if (!any || (fraction && decimals == 0))
        return -EINVAL;
    *ret = d;
    return 0;
}

/* bare: the factor of a number without unit; 0 refuses it unless the number is 0. */
static int quantity_read(const char *text, const struct unit *units, size_t count, int64_t bare, int64_t *ret)
{
    struct decimal d = {0};
    int64_t factor = bare;

    if (decimal_read(text, &d) < 0)
        return -EINVAL;
    if (*d.rest != '\0') {
        factor = 0;
        for (size_t i = 0; i < count; i++)
            if (strcasecmp(d.rest, units[i].name) == 0)
                factor = units[i].factor;
        if (factor == 0)
            return -EINVAL;
    }
    if (factor == 0 && d.digits != 0)
        return -EINVAL;
    int64_t scaled;
    if (__builtin_mul_overflow(d.digits, factor, &scaled))
        return -EINVAL;
    *ret = scaled / d.scale + (scaled % d.scale != 0);
    return 0;
}

int value_integer(const char *text, int64_t *ret, struct error *err)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0' || strchr("-0123456789", text[0]) == NULL)
        return error_set(err, -EINVAL, "must be a whole number, not \"%s\"", text);
    *ret = value;
    return 0;
}

int value_bool(const char *text, bool *ret, struct error *err)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"}, {"true", "yes", "on", "1"}};

    for (int value = 0; value < 2; value++)
        for (size_t i = 0; i < ARRAY_LEN(words[value]); i++)
            if (strcasecmp(text, words[value][i]) == 0) {
                *ret = value;
                return 0;
            }
    return error_set(err, -EINVAL, "must be true or false, not \"%s\"", text);
}

int value_duration(const char *text, int64_t *ret_ms, struct error *err)
{
    if (quantity_read(text, duration_units, ARRAY_LEN(duration_units), 0, ret_ms) < 0)
        return error_set(err, -EINVAL, "must be a duration such as 250ms, 3s, 5m or 24h, not \"%s\"", text);
    return 0;
}

int value_size(const char *text, int64_t *ret_bytes, struct error *err)
{
    if (quantity_read(text, size_units, ARRAY_LEN(size_units), 1, ret_bytes) < 0)
        return error_set(err, -EINVAL, "must be a size such as 512KiB, 64MiB or 1GiB, not \"%s\"", text);
    return 0;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t len = strlen(text), ending_len = strlen(ending);
    return len >= ending_len && memcmp(text + len - ending_len, ending, ending_len) == 0;
}

int value_limit(const char *field, const char *text, int64_t *ret, struct error *err)
{
    if (ends_with(field, "_ms")) {
        if (quantity_read(text, duration_units, ARRAY_LEN(duration_units), 1, ret) < 0)
            return error_set(err, -EINVAL, "must be milliseconds or a duration such as 500ms or 2s, not \"%s\"", text);
        return 0;
    }
    if (ends_with(field, "_kb")) {
        int64_t bytes;
        if (quantity_read(text, size_units, ARRAY_LEN(size_units), 1024, &bytes) < 0)
            return error_set(err, -EINVAL, "must be KiB or a size such as 512KiB or 64MiB, not \"%s\"", text);
        *ret = bytes / 1024 + (bytes % 1024 != 0);
        return 0;
    }
    return value_integer(text, ret, err);
}

void value_print_duration(int64_t ms, struct buf *out)
{
    static const struct unit order[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if (ms % order[i].factor == 0 && (ms != 0 || order[i].factor == 1000)) {
            buf_printf(out, "%" PRId64 "%s", ms / order[i].factor, order[i].name);
            return;
        }
}

void value_print_size(int64_t bytes, struct buf *out)
{
    static const struct unit order[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}};

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if (bytes != 0 && bytes % order[i].factor == 0) {
            buf_printf(out, "%" PRId64 "%s", bytes / order[i].factor, order[i].name);
            return;
        }
    buf_printf(out, "%" PRId64, bytes);
}
