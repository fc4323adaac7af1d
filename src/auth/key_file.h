/* SPDX-License-Identifier: Apache-2.0 */
/* key_file.h: the file of keys, read. Private to auth/. */
#ifndef EVALX_AUTH_KEY_FILE_H
#define EVALX_AUTH_KEY_FILE_H

#include "auth/keys.h"
#include "base/encode.h"

enum { KEY_FILE_MAX = 1 << 20 };

struct key_entry {
    unsigned char digest[SHA256_SIZE];
    struct key_grant grant;
    char *webhook_secret; /* NULL: none */
};

struct key_file {
    struct key_entry *entries;
    size_t count;
};

int key_file_read(const char *path, struct key_file *ret, struct error *err);

/* The text of a file called label. -EINVAL with label and line. Release it, also after a failure. */
int key_file_parse(const char *label, struct str text, struct key_file *ret, struct error *err);
void key_file_release(struct key_file *file);

#endif
