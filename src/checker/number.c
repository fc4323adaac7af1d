/* SPDX-License-Identifier: Apache-2.0 */
/* number.c: see number.h. */
#include "checker/number.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t skip_digits(struct str token, size_t at)
{
    while (at < token.len && token.data[at] >= '0' && token.data[at] <= '9')
        at++;
    return at;
}

static size_t skip_sign(struct str token, size_t at)
{
    return at < token.len && (token.data[at] == '+' || token.data[at] == '-') ? at + 1 : at;
}

static bool is_decimal(struct str token)
{
    size_t start = skip_sign(token, 0);
    size_t at = skip_digits(token, start);
    size_t digits = at - start;
    if (at < token.len && token.data[at] == '.') {
        start = at + 1;
        at = skip_digits(token, start);
        digits += at - start;
    }
    if (digits == 0)
        return false;
    if (at < token.len && (token.data[at] == 'e' || token.data[at] == 'E')) {
        start = skip_sign(token, at + 1);
        at = skip_digits(token, start);
        if (at == start)
            return false;
    }
    return at == token.len;
}

static bool is_special(struct str token)
{
    static const char *const names[] = {"nan", "inf", "infinity"};
    size_t sign = skip_sign(token, 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (token.len - sign == strlen(names[i]) && strncasecmp(token.data + sign, names[i], token.len - sign) == 0)
            return true;
    return false;
}

bool number_parse(struct str token, locale_t c_locale, double *ret)
{
    if (token.len == 0 || token.len > NUMBER_DIGITS_MAX)
        return false;
    bool special = is_special(token);
    if (!special && !is_decimal(token))
        return false;
    char text[NUMBER_DIGITS_MAX + 1];
    memcpy(text, token.data, token.len);
    text[token.len] = '\0';
    double number = strtod_l(text, NULL, c_locale);
    if (!special && isinf(number))
        return false;
    *ret = number;
    return true;
}

/*
 * Tolerances and tokens are written in decimal but kept in binary: 1.01 and 1.00 differ by a hair more than the double 0.01. What
 * rounding can add, and a billionth of the tolerance, is forgiven; a tolerance of 0 forgives nothing.
 */
static bool within(double difference, double tolerance, double largest)
{
    if (tolerance == 0)
        return difference == 0;
    return difference <= tolerance * (1 + 1e-9) + largest * DBL_EPSILON;
}

bool number_close(double expected, double got, double abs, double rel)
{
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got);
    if (isinf(expected) || isinf(got))
        return expected == got;
    double difference = fabs(expected - got), largest = MAX(fabs(expected), fabs(got));
    return within(difference, abs, largest) || within(difference, rel * fabs(expected), largest);
}
