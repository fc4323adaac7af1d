/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c: see limits.h. */
#include "model/limits.h"

#include "base/defs.h"

#define LIMIT_FIELD(member_, field_, fallback_, least_, cap_) \
    {.name = field_, .offset = offsetof(struct limits, member_), .fallback = fallback_, .least = least_, .cap = cap_},
const struct limit_field limit_fields[] = {LIMITS(LIMIT_FIELD)};
const size_t limit_field_count = ARRAY_LEN(limit_fields);

int64_t *limits_at(struct limits *limits, const struct limit_field *field)
{
    return (int64_t *)(void *)((char *)limits + field->offset);
}

int64_t limits_get(const struct limits *limits, const struct limit_field *field)
{
    return *(const int64_t *)(const void *)((const char *)limits + field->offset);
}

struct limits limits_default(void)
{
#define LIMIT_DEFAULT(member_, field_, fallback_, least_, cap_) .member_ = fallback_,
    return (struct limits){LIMITS(LIMIT_DEFAULT)};
}

struct limits limits_cap(void)
{
#define LIMIT_CAP(member_, field_, fallback_, least_, cap_) .member_ = cap_,
    return (struct limits){LIMITS(LIMIT_CAP)};
}

void limits_fill(struct limits *limits, const struct limits *fallback)
{
    for (size_t i = 0; i < limit_field_count; i++) {
        int64_t *limit = limits_at(limits, &limit_fields[i]);
        if (*limit == 0)
            *limit = limits_get(fallback, &limit_fields[i]);
    }
}
