/* SPDX-License-Identifier: Apache-2.0 */
/* names.h: which file paths and web addresses a request may hold. Messages complete "files[0].name …". */
#ifndef EVALX_MODEL_NAMES_H
#define EVALX_MODEL_NAMES_H

#include <stdbool.h>

#include "base/buf.h"

/* True when both are the same path, or one would have to be a file and a folder ("a" and "a/b"). */
bool source_names_collide(const char *a, const char *b);

/* NULL when url is fit to be a webhook's address by its form; otherwise what is wrong with it. */
const char *webhook_url_mistake(struct str url);

#endif
