/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c: see encode.h. SHA-256 is libcrypto's. */
#include "base/encode.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t len, struct buf *out)
{
    const unsigned char *p = data;
    buf_reserve(out, (len + 2) / 3 * 4);
    for (size_t i = 0; i < len; i += 3) {
        unsigned value = (unsigned)p[i] << 16;
        if (i + 1 < len)
            value |= (unsigned)p[i + 1] << 8;
        if (i + 2 < len)
            value |= p[i + 2];
        char quad[4] = {base64_alphabet[value >> 18], base64_alphabet[value >> 12 & 63],
                        i + 1 < len ? base64_alphabet[value >> 6 & 63] : '=',
                        i + 2 < len ? base64_alphabet[value & 63] : '='};
        buf_append(out, quad, sizeof quad);
    }
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
    size_t start = out->len;
    unsigned bits = 0;
    size_t digits = 0, padding = 0;
    buf_reserve(out, len / 4 * 3 + 3);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        int value = base64_value(c);
        if (value < 0 || padding > 0)
            goto invalid;
        bits = bits << 6 | (unsigned)value;
        if (++digits % 4 == 0) {
            unsigned char three[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8), (unsigned char)bits};
            buf_append(out, three, 3);
            bits = 0;
        }
    }
    size_t rest = digits % 4;
    if ((digits + padding) % 4 != 0 || padding > 2 || rest == 1)
        goto invalid;
    if (rest == 2) {
        if (bits & 15)
            goto invalid;
        buf_append_char(out, (char)(bits >> 4));
    } else if (rest == 3) {
        if (bits & 3)
            goto invalid;
        unsigned char two[2] = {(unsigned char)(bits >> 10), (unsigned char)(bits >> 2)};
        buf_append(out, two, 2);
    } else if (padding > 0) {
        goto invalid;
    }
    return 0;
invalid:
    buf_truncate(out, start);
    return -EINVAL;
}

void hex_encode(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

/* struct sha256 is libcrypto's context under a name of our own. */
static EVP_MD_CTX *context_of(struct sha256 *h)
{
    return (EVP_MD_CTX *)h;
}

static void must(int ok)
{
    if (ok != 1)
        abort(); /* only memory that ran out makes a digest fail */
}

struct sha256 *sha256_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx != NULL);
    must(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
    return (struct sha256 *)ctx;
}

void sha256_update(struct sha256 *h, const void *data, size_t len)
{
    must(EVP_DigestUpdate(context_of(h), data, len));
}

void sha256_update_field(struct sha256 *h, const void *data, size_t len)
{
    uint64_t prefix = len;
    sha256_update(h, &prefix, sizeof prefix);
    sha256_update(h, data, len);
}

void sha256_finish(struct sha256 *h, unsigned char out[SHA256_SIZE])
{
    unsigned size = SHA256_SIZE;
    must(EVP_DigestFinal_ex(context_of(h), out, &size));
    EVP_MD_CTX_free(context_of(h));
}

void sha256_finish_hex(struct sha256 *h, char out[SHA256_HEX_LEN + 1])
{
    unsigned char raw[SHA256_SIZE];
    sha256_finish(h, raw);
    hex_encode(raw, sizeof raw, out);
}

void sha256_of(const void *data, size_t len, unsigned char out[SHA256_SIZE])
{
    struct sha256 *h = sha256_new();
    sha256_update(h, data, len);
    sha256_finish(h, out);
}

/* Length of the valid UTF-8 sequence at text, or 0 (RFC 3629, table 3-7 of the Unicode standard). */
static size_t utf8_sequence(const unsigned char *p, size_t len)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    size_t n = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
        (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

bool utf8_valid(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool utf8_repair(const char *text, size_t len, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text;
    bool replaced = false;
    size_t good = 0; /* start of the run of valid bytes not yet appended */
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence(p + i, len - i);
        if (n > 0) {
            i += n;
            continue;
        }
        buf_append(out, text + good, i - good);
        buf_append_str(out, "\xef\xbf\xbd");
        replaced = true;
        good = ++i;
    }
    if (len > good)
        buf_append(out, text + good, len - good);
    return replaced;
}

size_t utf8_cut(const char *text, size_t len, size_t limit)
{
    if (len <= limit)
        return len;
    size_t cut = limit;
    while (cut > 0 && limit - cut < 3 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    return ((unsigned char)text[cut] & 0xc0) == 0x80 ? limit : cut;
}
