/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c: see verdict.h. */
#include "model/verdict.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define NAME_ENTRY(id, name) [id] = name,
static const char *const verdict_names[] = {VERDICTS(NAME_ENTRY)};
static const char *const status_names[] = {STATUSES(NAME_ENTRY)};
#undef NAME_ENTRY

const char *verdict_name(enum verdict verdict)
{
    return verdict_names[verdict];
}

const char *status_name(enum status status)
{
    return status_names[status];
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -EINVAL;
}

int verdict_from_name(const char *name, enum verdict *ret)
{
    int found = find_name(verdict_names, VERDICT_COUNT, name);
    if (found < 0)
        return found;
    *ret = (enum verdict)found;
    return 0;
}

int status_from_name(const char *name, enum status *ret)
{
    int found = find_name(status_names, STATUS_COUNT, name);
    if (found < 0)
        return found;
    *ret = (enum status)found;
    return 0;
}

bool status_final(enum status status)
{
    return status == STATUS_COMPLETED || status == STATUS_FAILED || status == STATUS_CANCELLED;
}
