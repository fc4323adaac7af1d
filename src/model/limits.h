/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h: what one run of a program may use. Every limit is positive; zero never means "unlimited".
 * One table (LIMITS) names each limit, its API field, its default, the least value that makes sense and the default cap;
 * configuration, request parsing and documentation are generated from it.
 */
#ifndef EVALX_MODEL_LIMITS_H
#define EVALX_MODEL_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/*    member        API field        default  least  cap (limits.max_<field>) */
#define LIMITS(X)                                                     \
    X(cpu_time_ms,  "cpu_time_ms",   2000,    1,     15000)           \
    X(wall_time_ms, "wall_time_ms",  10000,   1,     60000)           \
    X(memory_kb,    "memory_kb",     262144,  1024,  1048576)         \
    X(processes,    "processes",     64,      1,     512)             \
    X(output_kb,    "output_kb",     1024,    1,     65536)           \
    X(stack_kb,     "stack_kb",      65536,   64,    1048576)         \
    X(file_kb,      "file_kb",       16384,   1,     262144)
/* clang-format on */

/* A member that is 0 is "not given"; limits_fill replaces it. */
struct limits {
#define LIMIT_MEMBER(member, field, fallback, least, cap) int64_t member;
    LIMITS(LIMIT_MEMBER)
#undef LIMIT_MEMBER
};

struct limit_field {
    const char *name; /* the API's field */
    size_t offset;    /* of the int64_t in struct limits */
    int64_t fallback, least, cap;
};

extern const struct limit_field limit_fields[];
extern const size_t limit_field_count;

int64_t *limits_at(struct limits *limits, const struct limit_field *field);
int64_t limits_get(const struct limits *limits, const struct limit_field *field);

struct limits limits_default(void); /* the table's default column */
struct limits limits_cap(void);     /* the table's cap column */

/* Every member of *limits that is 0 takes the value of fallback. */
void limits_fill(struct limits *limits, const struct limits *fallback);

#endif
