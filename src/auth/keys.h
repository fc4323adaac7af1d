/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h: API keys from a file (setting auth.keys), which holds only their SHA-256. One line a key:
 *
 *   SHA256-IN-HEX NAME [rate=N[/s|/m|/h]] [burst=N] [share=N] [max_waiting=N] [priority=LEAST..MOST] [webhook_secret=WHSEC[,WHSEC]]
 *
 * "#" at the start of a line is a comment. Several lines may have one name: keys of one owner, as while a key is being replaced.
 *   rate         submissions a second (minute, hour); without it as many as come
 *   burst        submissions that may come at once after a pause; without it what one second of the rate allows, at least 1
 *   share        1 to 1000, weight against other owners when all want the slots; without it 1
 *   max_waiting  submissions that may wait in the queue; without it as many as the queue takes
 *   priority     what a submission may ask for; without it -10..10
 *   webhook_secret  signs the owner's webhooks instead of the setting webhook.secret: whsec_ and base64 of 24 to 64 bytes; two, the
 *                new one first, while they are changed over
 *
 * Thread-safe. The file may be read again at any time; what its owners have spent is kept.
 */
#ifndef EVALX_AUTH_KEYS_H
#define EVALX_AUTH_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { KEY_NAME_MAX = 64, KEY_TEXT_LEN = 48, KEY_SHARE_MAX = 1000, KEY_PRIORITY_MAX = 10 };

struct keys;

/* What one key allows. */
struct key_grant {
    char name[KEY_NAME_MAX + 1]; /* the owner */
    unsigned share;
    int64_t max_waiting; /* 0: no limit of its own */
    int priority_least, priority_most;
    double rate, burst; /* a second; rate 0: no limit */
};

/* -errno with a message that names file and line. */
int keys_open(const char *path, struct keys **ret, struct error *err);
void keys_free(struct keys *keys); /* NULL is fine */
DEFINE_CLEANUP(struct keys, keys_free)

/* Reads the file again. When that fails everything stays as it was. */
int keys_reload(struct keys *keys, struct error *err);
size_t keys_count(struct keys *keys);

/* Whether the file has this key; the time it takes does not depend on which, nor on how much of it is right. */
bool keys_check(struct keys *keys, struct str key, struct key_grant *ret);

/* One submission of the grant's owner, by its rate: 0 it may come, otherwise the milliseconds until it may. now_ms: monotonic. */
int64_t keys_spend(struct keys *keys, const struct key_grant *grant, int64_t now_ms);

/* The owner's webhook_secret, of the first line that has one; NULL: none. The caller frees. */
char *keys_webhook_secret(struct keys *keys, const char *name);

/* Whether text, called label in messages, could be such a file. */
int keys_check_text(const char *label, struct str text, struct error *err);

/* A fresh key, and the beginning of its line in the file: "SHA256 NAME". */
void key_new(char out[KEY_TEXT_LEN + 1]);
char *key_line(const char *key, const char *name); /* the caller frees */
bool key_name_valid(struct str name);              /* 1 to KEY_NAME_MAX of [A-Za-z0-9._-] */

#endif
