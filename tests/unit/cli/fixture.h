/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h: what the tests of src/cli share: a folder of their own with files in it. */
#ifndef EVALX_TESTS_CLI_FIXTURE_H
#define EVALX_TESTS_CLI_FIXTURE_H

/* Before cmocka.h, which wants these and does not say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

/* A new folder below /tmp; remove it with folder_remove, which expects the files that the test names. */
static inline char *folder_new(void)
{
    char path[] = "/tmp/evalx-test-XXXXXX";
    assert_non_null(mkdtemp(path));
    return xstrdup(path);
}

static inline char *file_write(const char *folder, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline void file_remove(const char *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static inline void folder_remove(char *folder)
{
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

#endif
