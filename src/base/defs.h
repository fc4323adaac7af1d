/* SPDX-License-Identifier: Apache-2.0 */
/* defs.h: the handful of compiler idioms every room uses: attributes, clean-up, array length. */
#ifndef EVALX_BASE_DEFS_H
#define EVALX_BASE_DEFS_H

#include <stddef.h>

#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_NONNULL           __attribute__((nonnull))
#define ATTR_CHECKED           __attribute__((warn_unused_result))
#define ATTR_UNUSED            __attribute__((unused))
#define ATTR_NORETURN          __attribute__((noreturn))

/* _cleanup_(fn): call fn(&variable) when the variable leaves its scope. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* STEAL(p): hand over a pointer held by a _cleanup_ variable; the variable is NULL afterwards. */
#define STEAL(p)                   \
    __extension__({                \
        __auto_type stolen_ = (p); \
        (p) = NULL;                \
        stolen_;                   \
    })

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

/* DEFINE_CLEANUP(type, fn): defines fn##p(type **), for _cleanup_(fn##p), calling fn on a non-NULL pointer. */
#define DEFINE_CLEANUP(type, fn)                   \
    static inline ATTR_UNUSED void fn##p(type **p) \
    {                                              \
        if (*p)                                    \
            fn(*p);                                \
    }

/* Heap pointers: _cleanup_(freep) char *name = …; */
void freep(void *pointer_to_pointer);

#endif
