/* SPDX-License-Identifier: Apache-2.0 */
/* found.h: what crashes came from, by the key of program and input; a bounded number, in memory. Not thread-safe. Private to worker/. */
#ifndef EVALX_WORKER_FOUND_H
#define EVALX_WORKER_FOUND_H

#include "base/encode.h"
#include "model/hint.h"

enum { FOUND_MAX = 512 };

struct found;
struct found *found_new(void);
void found_free(struct found *found);

/* True, and copies of the hints (there may be none), when the key is known. */
bool found_get(struct found *found, const char key[SHA256_HEX_LEN + 1], struct hint_list *ret);

/* Copies. Past FOUND_MAX the one that was asked for the longest time ago goes. */
void found_put(struct found *found, const char key[SHA256_HEX_LEN + 1], const struct hint_list *hints);

#endif
