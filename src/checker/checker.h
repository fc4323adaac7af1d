/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checker.h: does the output equal the expected one? Pure functions over bytes; linear in the input.
 *
 *   exact   byte for byte
 *   lines   trailing white space of each line and trailing blank lines are ignored (the default)
 *   tokens  the same sequence of white-space separated tokens
 *   float   tokens; two numbers are equal within abs or rel tolerance; nan equals nan, inf equals inf of the same sign
 *
 * White space is that of the C locale; every other byte is data, NUL too. A number is decimal ("0x10" is text), fits a
 * double and is at most 1,000 bytes long; two tokens that are not both numbers must be the same bytes.
 */
#ifndef EVALX_CHECKER_CHECKER_H
#define EVALX_CHECKER_CHECKER_H

#include <stdbool.h>

#include "base/buf.h"
#include "model/submission.h"

enum { CHECKER_QUOTE_MAX = 80 }; /* characters of a line quoted in a message */

/*
 * True when got passes. Otherwise *ret_message (the caller frees) says where the two first differ, for people: line and
 * column from 1 and both sides cut to CHECKER_QUOTE_MAX characters, e.g. "line 2, column 5: expected \"7\", got \"8\"";
 * control bytes are shown escaped, invalid UTF-8 as U+FFFD. Quotes begin with the word that differs (tokens, float: are the
 * token that differs). Line and column are got's; when got ended early, those of what is missing.
 */
bool checker_compare(const struct checker_spec *checker, struct str expected, struct str got, char **ret_message);

#endif
