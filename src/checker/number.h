/* SPDX-License-Identifier: Apache-2.0 */
/* number.h: decimal numbers in a program's output. */
#ifndef EVALX_CHECKER_NUMBER_H
#define EVALX_CHECKER_NUMBER_H

#include <locale.h>
#include <stdbool.h>

#include "base/buf.h"

enum { NUMBER_DIGITS_MAX = 1000 }; /* bytes of a token that is still read as a number */

/*
 * Reads a whole token as a decimal number: [+-]digits[.digits][e[+-]digits], nan, inf or infinity (any case, signed). False when
 * it is anything else: hexadecimal, beyond the range of a double, longer than NUMBER_DIGITS_MAX.
 */
bool number_parse(struct str token, locale_t c_locale, double *ret);

/* Equal within either tolerance; relative to expected. nan is only close to nan, an infinity only to itself. */
bool number_close(double expected, double got, double abs, double rel);

#endif
