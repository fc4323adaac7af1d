/* SPDX-License-Identifier: Apache-2.0 */
/* paths.c: see paths.h. */
#include "cli/paths.h"

#include <limits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/defs.h"

static char *executable_folder(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len <= 0)
        return xstrdup("/usr/bin");
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
    return xstrdup(path);
}

static char *first_existing(const char *const *places, size_t count)
{
    _cleanup_(freep) char *folder = executable_folder();

    for (size_t i = 0;; i++) {
        char *path = xasprintf("%s/%s", folder, places[i]);
        if (i + 1 == count || access(path, R_OK) == 0) {
            char *resolved = realpath(path, NULL);
            if (resolved == NULL)
                return path;
            free(path);
            return resolved;
        }
        free(path);
    }
}

char *path_languages(void)
{
    static const char *const places[] = {"../languages", "../share/evalx/languages"};
    return first_existing(places, ARRAY_LEN(places));
}

char *path_hints(void)
{
    static const char *const places[] = {"../hints", "../share/evalx/hints"};
    return first_existing(places, ARRAY_LEN(places));
}

char *path_jail(void)
{
    static const char *const places[] = {"evalx-jail", "../libexec/evalx/evalx-jail"};
    return first_existing(places, ARRAY_LEN(places));
}
