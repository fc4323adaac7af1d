/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.h: the signatures of Standard Webhooks: HMAC-SHA256 over "id.timestamp.body", base64, behind "v1,".
 *
 * A secret is written "whsec_" + base64 of 24 to 64 bytes; those bytes are the key. While secrets are changed over, two are in force
 * and a delivery carries a signature of each, separated by a blank.
 */
#ifndef EVALX_WEBHOOK_SIGN_H
#define EVALX_WEBHOOK_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { SECRET_BYTES_MIN = 24, SECRET_BYTES_MAX = 64, SECRETS_MAX = 2 };

struct secret {
    unsigned char key[SECRET_BYTES_MAX];
    size_t len;
};

struct secrets {
    struct secret items[SECRETS_MAX]; /* the first is the newest */
    size_t count;
};

/* -EINVAL with a message that never quotes the text. */
int secret_parse(const char *text, struct secret *ret, struct error *err);
/* One, or several separated by commas, the newest first. As secret_parse; ret holds none then. */
int secrets_parse(const char *text, struct secrets *ret, struct error *err);
void secret_new(struct buf *out); /* appends a fresh one, as text */

/* Appends "v1,…" for every secret. */
void sign(const struct secrets *secrets, const char *id, int64_t timestamp, struct str body, struct buf *out);

/* True when one of the signatures in header is of one of the secrets. Takes the same time wherever they differ. */
bool sign_verify(const struct secrets *secrets, const char *id, int64_t timestamp, struct str body, struct str header);

#endif
