/* SPDX-License-Identifier: Apache-2.0 */
/* strings.h: making and freeing a struct string_list. A zeroed list is valid and empty. */
#ifndef EVALX_MODEL_STRINGS_H
#define EVALX_MODEL_STRINGS_H

#include "base/buf.h"
#include "model/submission.h"

void strings_add(struct string_list *list, struct str item); /* copies item, which holds no NUL */
void strings_release(struct string_list *list);

#endif
