/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.h: openapi.json with this build's version, embedded by embed.py. */
#ifndef EVALX_API_OPENAPI_H
#define EVALX_API_OPENAPI_H

#include <stddef.h>

extern const char openapi_text[];
extern const size_t openapi_len;

#endif
