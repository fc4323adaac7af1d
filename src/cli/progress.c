/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: see progress.h. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_COLUMNS = 30 };

bool progress_wanted(void)
{
    return isatty(STDERR_FILENO);
}

void progress_show(const char *what, size_t done, size_t total)
{
    size_t filled = total > 0 ? done * BAR_COLUMNS / total : 0;
    char bar[BAR_COLUMNS + 1];

    if (!progress_wanted())
        return;
    for (size_t i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
    fprintf(stderr, "\r\033[K[%s] %zu/%zu %s", bar, done, total, what);
    fflush(stderr);
}

void progress_clear(void)
{
    if (progress_wanted())
        fputs("\r\033[K", stderr);
}
