/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c: see sign.h. */
#include "webhook/sign.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/random.h"

#define SECRET_PREFIX "whsec_"

int secret_parse(const char *text, struct secret *ret, struct error *err)
{
    if (strncmp(text, SECRET_PREFIX, strlen(SECRET_PREFIX)) != 0)
        return error_set(err, -EINVAL, "must start with \"" SECRET_PREFIX "\"");
    _cleanup_(buf_release) struct buf key = BUF_INIT;
    const char *encoded = text + strlen(SECRET_PREFIX);
    if (base64_decode(encoded, strlen(encoded), &key) < 0)
        return error_set(err, -EINVAL, "must be base64 after \"" SECRET_PREFIX "\"");
    int r = 0;
    if (key.len < SECRET_BYTES_MIN || key.len > SECRET_BYTES_MAX) {
        r = error_set(err, -EINVAL, "must be %d to %d bytes long when decoded, not %zu", SECRET_BYTES_MIN,
                      SECRET_BYTES_MAX, key.len);
    } else {
        memcpy(ret->key, key.data, key.len);
        ret->len = key.len;
    }
    if (key.data)
        OPENSSL_cleanse(key.data, key.len);
    return r;
}

int secrets_parse(const char *text, struct secrets *ret, struct error *err)
{
    char *copy = xstrdup(text), *rest = copy;
    struct secrets secrets = {0};
    int r = 0;
    for (char *one; r == 0 && (one = strsep(&rest, ","));) {
        if (secrets.count == SECRETS_MAX)
            r = error_set(err, -EINVAL, "at most %d secrets can be in force", SECRETS_MAX);
        else
            r = secret_parse(one, &secrets.items[secrets.count++], err);
    }
    *ret = r == 0 ? secrets : (struct secrets){0};
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    OPENSSL_cleanse(copy, strlen(text));
    free(copy);
    return r;
}

void secret_new(struct buf *out)
{
    unsigned char key[32];
    random_bytes(key, sizeof(key));
    buf_append_str(out, SECRET_PREFIX);
    base64_encode(key, sizeof(key), out);
    OPENSSL_cleanse(key, sizeof(key));
}

/* The body is not copied: it may be many MiB. */
static void digest(const struct secret *secret, const char *head, struct str body, unsigned char out[SHA256_SIZE])
{
    char name[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    size_t len = 0;
    if (!context || !EVP_MAC_init(context, secret->key, secret->len, parameters) ||
        !EVP_MAC_update(context, (const unsigned char *)head, strlen(head)) ||
        !EVP_MAC_update(context, (const unsigned char *)(body.data ? body.data : ""), body.len) ||
        !EVP_MAC_final(context, out, &len, SHA256_SIZE))
        memset(
            out, 0,
            SHA256_SIZE); /* no memory: a signature that verifies nowhere; the receiver refuses, and it is tried again */
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(hmac);
}

static void sign_one(const struct secret *secret, const char *id, int64_t timestamp, struct str body, struct buf *out)
{
    _cleanup_(freep) char *head = xasprintf("%s.%" PRId64 ".", id, timestamp);
    unsigned char mac[SHA256_SIZE];
    digest(secret, head, body, mac);
    buf_append_str(out, "v1,");
    base64_encode(mac, sizeof(mac), out);
}

void sign(const struct secrets *secrets, const char *id, int64_t timestamp, struct str body, struct buf *out)
{
    for (size_t i = 0; i < secrets->count; i++) {
        if (i > 0)
            buf_append_char(out, ' ');
        sign_one(&secrets->items[i], id, timestamp, body, out);
    }
}

/* Is one of the blank-separated words of header this signature? */
static bool holds(struct str header, const struct buf *signature)
{
    bool found = false;
    for (size_t start = 0; start < header.len;) {
        const char *blank = memchr(header.data + start, ' ', header.len - start);
        size_t end = blank ? (size_t)(blank - header.data) : header.len;
        if (end - start == signature->len && CRYPTO_memcmp(header.data + start, signature->data, signature->len) == 0)
            found = true;
        start = end + 1;
    }
    return found;
}

bool sign_verify(const struct secrets *secrets, const char *id, int64_t timestamp, struct str body, struct str header)
{
    bool valid = false;
    for (size_t i = 0; i < secrets->count; i++) {
        _cleanup_(buf_release) struct buf expected = BUF_INIT;
        sign_one(&secrets->items[i], id, timestamp, body, &expected);
        valid |= holds(header, &expected);
    }
    return valid;
}
